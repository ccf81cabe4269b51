import type { Clock, Instant } from "../base/clock.ts";
import type { Db } from "../store/store.ts";
import type { Channels } from "./channels.ts";
import { channelLane, lanesTakenUntil, SLACK_LANE } from "./lanes.store.ts";
import { readPost } from "./posts.store.ts";
import { readThread, type Subject } from "./threads.store.ts";

/**
 * Until when (machine time) nothing can be posted about a subject, whatever there is to say; null: it may be tried. Asked
 * before anything is read for it: a hundred incidents that wait for one channel must cost little while they wait.
 */
export type ClosedUntil = (about: {
  readonly subject: { readonly kind: Subject; readonly id: number };
  readonly channel: string;
  /** Of its first message. */
  readonly key: string;
}) => Promise<Instant | null>;

export function createClosedUntil(parts: { db: Db; channels: Channels; clock: Clock }): ClosedUntil {
  const { db, channels, clock } = parts;
  return async ({ subject, channel, key }) => {
    // Edits, and the look for a first message of which nobody knows whether it arrived, take no lane of a channel.
    const begun = (await readThread(db, subject.kind, subject.id)) ?? (await readPost(db, key));
    const home = begun === null ? channels.idOf(channel) : null;
    const lanes = home === null ? [SLACK_LANE] : [SLACK_LANE, channelLane(home)];
    return lanesTakenUntil(db, lanes, clock.machineNow());
  };
}
