import type { Clock, Instant } from "../base/clock.ts";
import type { Db } from "../store/store.ts";
import type { Channels } from "./channels.ts";
import { CHANNEL_EVERY_MS, channelLane, lanesTakenUntil, SLACK_LANE } from "./lanes.store.ts";
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
  const inLine = createLines();
  return async ({ subject, channel, key }) => {
    // Edits, and the look for a first message of which nobody knows whether it arrived, take no lane of a channel.
    const begun = (await readThread(db, subject.kind, subject.id)) ?? (await readPost(db, key));
    const home = begun === null ? channels.idOf(channel) : null;
    const lanes = home === null ? [SLACK_LANE] : [SLACK_LANE, channelLane(home)];
    const freeAt = await lanesTakenUntil(db, lanes, clock.machineNow());
    return freeAt === null || home === null ? freeAt : inLine(home, freeAt);
  };
}

/** So many may come when a channel is free again, so that it never stands idle; those who ask later come a second later. */
const AT_ONCE = 3;
const LONGEST_WAIT_MS = 30_000;

/** Of all who find a channel taken until the same moment, one is next. Were all to come then, they would do nothing else. */
export function createLines(): (channelId: string, freeAt: Instant) => Instant {
  const lines = new Map<string, { readonly freeAtMs: number; length: number }>();
  return (channelId, freeAt) => {
    const known = lines.get(channelId);
    const line =
      known?.freeAtMs === freeAt.epochMilliseconds ? known : { freeAtMs: freeAt.epochMilliseconds, length: 0 };
    lines.set(channelId, line);
    const turn = Math.floor(line.length / AT_ONCE);
    line.length += 1;
    return freeAt.add({ milliseconds: Math.min(turn * CHANNEL_EVERY_MS, LONGEST_WAIT_MS) });
  };
}
