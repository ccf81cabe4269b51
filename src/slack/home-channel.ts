import type { Clock, Instant } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Db } from "../store/store.ts";
import type { Channels } from "./channels.ts";
import { slackFailed } from "./lanes.store.ts";
import type { Posted, Poster, Wanted } from "./poster.ts";
import { noteThreadGone } from "./posts.store.ts";
import { keepThread, readThread, type Subject, type Thread } from "./threads.store.ts";

/** The first message of a thread of our own: an incident's header, or the card of a run outside an incident. */
export interface RootWanted {
  readonly subject: { readonly kind: Subject; readonly id: number };
  /** Name or id of the channel where it belongs. */
  readonly channel: string;
  /** `displaced`: why it is not where it belongs, to be told in it. */
  readonly want: (displaced: string | null) => Pick<Wanted, "key" | "draw" | "gist" | "storm">;
}

export type Rooted =
  | { readonly kind: "there"; readonly thread: Thread; readonly moved: boolean }
  | { readonly kind: "later"; readonly thread: Thread | null; readonly notBefore: Instant; readonly error?: string };

/** Nobody can be told in Slack: try again, seldom. */
const NOWHERE_MS = 30_000;

/**
 * Keeps the first message of a thread there and current: in its channel, or, where Nightdesk cannot post, in the
 * catalogue's fallback channel, saying so. One that was deleted is posted anew and becomes the thread's new root.
 */
export type KeepRoot = (root: RootWanted) => Promise<Rooted>;

export function createKeepRoot(parts: {
  db: Db;
  poster: Poster;
  channels: Channels;
  catalogue: Catalogue;
  clock: Clock;
  log: Logger;
}): KeepRoot {
  const { db, poster, channels, catalogue, clock, log } = parts;

  return async (root) => {
    const thread = await readThread(db, root.subject.kind, root.subject.id);
    const routed = await channels.find(root.channel);
    if (routed.kind === "failed") {
      const { called } = routed;
      const now = clock.machineNow();
      if (called.kind === "limited") {
        return { kind: "later", thread, notBefore: now.add({ milliseconds: called.retryAfterMs }) };
      }
      const error = called.kind === "refused" ? called.error : called.detail;
      return { kind: "later", thread, notBefore: await slackFailed(db, now), error };
    }
    const home = routed.kind === "found" ? routed.channel.id : null;
    if (thread !== null) {
      const displaced = thread.channelId === home ? null : displacement(root.channel);
      const kept = await keep(root, thread.channelId, displaced, thread);
      if (kept !== "unusable") return kept;
    }
    if (home !== null && thread?.channelId !== home) {
      const posted = await keep(root, home, null, thread);
      if (posted !== "unusable") return posted;
    }
    return fallBack(root, thread);
  };

  async function fallBack(root: RootWanted, thread: Thread | null): Promise<Rooted> {
    const refuge = catalogue.fallback === undefined ? null : await channels.find(catalogue.fallback);
    if (refuge?.kind === "found" && refuge.channel.id !== thread?.channelId) {
      const posted = await keep(root, refuge.channel.id, displacement(root.channel), thread);
      if (posted !== "unusable") return posted;
    }
    log.error(
      { subject: root.subject.kind, id: root.subject.id, channel: root.channel },
      "no channel can be posted to",
    );
    const notBefore = clock.machineNow().add({ milliseconds: NOWHERE_MS });
    return { kind: "later", thread: null, notBefore, error: `cannot post to ${root.channel}, nor to the fallback` };
  }

  async function keep(
    root: RootWanted,
    channelId: string,
    displaced: string | null,
    thread: Thread | null,
  ): Promise<Rooted | "unusable"> {
    const wanted = { ...root.want(displaced), channelId, threadTs: null };
    let posted = await poster(wanted);
    if (posted.kind === "gone") {
      // Under a new first message everything is new: what was said under the old one is said again.
      if (thread !== null) await noteThreadGone(db, thread.channelId, thread.rootTs);
      posted = await poster(wanted);
    }
    return rooted(root, channelId, thread, posted);
  }

  async function rooted(
    root: RootWanted,
    channelId: string,
    thread: Thread | null,
    posted: Posted,
  ): Promise<Rooted | "unusable"> {
    switch (posted.kind) {
      case "there": {
        const now = { channelId, rootTs: posted.ts };
        const moved = thread !== null && (thread.rootTs !== now.rootTs || thread.channelId !== now.channelId);
        if (moved) await noteThreadGone(db, thread.channelId, thread.rootTs);
        if (moved || thread === null) await keepThread(db, root.subject, now);
        return { kind: "there", thread: now, moved };
      }
      case "later":
        return { ...posted, thread };
      case "gone":
      case "no_thread":
        return { kind: "later", thread: null, notBefore: clock.machineNow().add({ milliseconds: 1_000 }) };
      case "unusable":
        return "unusable";
    }
  }
}

const displacement = (channel: string): string =>
  `This belongs in #${channel.replace(/^#/, "")}, but Nightdesk could not post there. Invite it there, or mend the route.`;
