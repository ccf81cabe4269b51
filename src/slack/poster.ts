import { createHash } from "node:crypto";
import type { Clock, Instant } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Db } from "../store/store.ts";
import { type Called, listOf, nextCursor, type SlackApi, stringOf } from "./api.ts";
import type { Message } from "./blocks/parts.ts";
import { isBefore, nextEditAt, type Storm } from "./edit-pace.ts";
import {
  CHANNEL_EVERY_MS,
  channelLane,
  holdLane,
  lanesTakenUntil,
  methodLane,
  SLACK_LANE,
  slackAnswered,
  slackFailed,
  takeLane,
} from "./lanes.store.ts";
import { isMine, marked, metadataOf } from "./post-marks.ts";
import {
  newestTsBefore,
  noteDoubt,
  noteEdited,
  noteGone,
  notePosted,
  noteRefused,
  noteSending,
  type PostRow,
  readPost,
} from "./posts.store.ts";
import { BAD_DRAWING, MESSAGE_GONE, NO_THREAD, UNUSABLE } from "./refusals.ts";

/** A dropped answer: Slack has finished with the call. After a timeout or a crash it may still be at it. */
const SETTLE_AFTER_DROP_MS = 500;
const SETTLE_AFTER_SILENCE_MS = 5_000;
/** How far back a lost message is looked for: pages of 200. */
const LOOK_BACK_PAGES = 5;
const PAGE = 200;
/** Nothing of ours helps against a bad token or a missing scope; a person has to mend it. */
const HELPLESS_MS = 30_000;

export type { Storm } from "./edit-pace.ts";

export interface Wanted {
  /** Ours, and unique for ever: what is posted under one key is posted once. */
  readonly key: string;
  readonly channelId: string;
  readonly threadTs: string | null;
  /** `first`: nobody has seen anything under this key yet. Only then may the message call people. */
  readonly draw: (first: boolean) => Message;
  /** Of what is worth an edit at once; absent: everything is. */
  readonly gist?: string;
  readonly storm?: Storm;
  /** A message that is never edited once it is there. */
  readonly final?: boolean;
}

export type Posted =
  | { readonly kind: "there"; readonly ts: string }
  /** Nothing is wrong, or it will pass: come back then (machine time). */
  | { readonly kind: "later"; readonly notBefore: Instant; readonly error?: string }
  /** It was there and somebody deleted it. It is known as gone; asking again posts it anew. */
  | { readonly kind: "gone" }
  /** The thread it belongs to has no first message any more. */
  | { readonly kind: "no_thread" }
  /** Nothing can be posted in this channel; `error` is Slack's code. */
  | { readonly kind: "unusable"; readonly error: string };

/** Makes one message be there as drawn: posts it, edits it, or leaves it; one call at most, and never a second copy. */
export type Poster = (wanted: Wanted) => Promise<Posted>;

export function createPoster(parts: { db: Db; api: SlackApi; clock: Clock; log: Logger }): Poster {
  const { db, api, clock, log } = parts;

  return async (wanted) => {
    const known = await readPost(db, wanted.key);
    if (known === null || known.state === "gone") return send(wanted, known);
    if (known.state === "sending") return settle(wanted, known);
    return keepCurrent(wanted, known);
  };

  async function send(wanted: Wanted, known: PostRow | null): Promise<Posted> {
    const now = clock.machineNow();
    const closed = await lanesTakenUntil(db, [SLACK_LANE], now);
    if (closed !== null) return { kind: "later", notBefore: closed };
    const lane = await takeLane(db, { name: channelLane(wanted.channelId), forMs: CHANNEL_EVERY_MS }, now);
    if (!lane.taken) return { kind: "later", notBefore: lane.until };

    const message = wanted.draw(known === null || known.ts === null);
    const sending = {
      key: wanted.key,
      channelId: wanted.channelId,
      threadTs: wanted.threadTs,
      ...hashes(wanted),
      at: now,
      settleAt: now.add({ milliseconds: SETTLE_AFTER_SILENCE_MS }),
    };
    if (!(await noteSending(db, sending, known))) return { kind: "later", notBefore: sending.settleAt };
    const called = await postMessage(wanted, message);
    return sent(wanted, called);
  }

  async function postMessage(wanted: Wanted, message: Message): Promise<Called> {
    const args = {
      channel: wanted.channelId,
      text: message.text,
      ...(wanted.threadTs === null ? {} : { thread_ts: wanted.threadTs }),
      metadata: metadataOf(wanted.key),
      unfurl_links: false,
      unfurl_media: false,
    };
    const called = await api.call("chat.postMessage", { ...args, blocks: marked(message.blocks, wanted.key) });
    if (called.kind !== "refused" || !BAD_DRAWING.has(called.error)) return called;
    // A drawing that Slack does not take is our fault; the words must arrive all the same.
    log.error({ key: wanted.key, error: called.error, detail: called.detail }, "Slack refused the blocks of a message");
    return api.call("chat.postMessage", args);
  }

  async function sent(wanted: Wanted, called: Called): Promise<Posted> {
    const now = clock.machineNow();
    if (called.kind === "ok") {
      const ts = stringOf(called.data, "ts");
      if (ts === undefined) throw new Error("chat.postMessage answered without a ts");
      await notePosted(db, wanted.key, ts);
      await slackAnswered(db);
      return { kind: "there", ts };
    }
    if (called.kind === "unavailable" && called.sent) {
      const waitMs = called.timedOut ? SETTLE_AFTER_SILENCE_MS : SETTLE_AFTER_DROP_MS;
      const settleAt = now.add({ milliseconds: waitMs });
      await noteDoubt(db, wanted.key, settleAt);
      await slackFailed(db, now);
      return { kind: "later", notBefore: settleAt, error: called.detail };
    }
    await noteRefused(db, wanted.key);
    return failed(called, "chat.postMessage", channelLane(wanted.channelId));
  }

  /** A send of which nobody knows whether it arrived: look before sending again. */
  async function settle(wanted: Wanted, known: PostRow): Promise<Posted> {
    const now = clock.machineNow();
    if (known.settleAt !== null && isBefore(now, known.settleAt)) return { kind: "later", notBefore: known.settleAt };
    const method = known.threadTs === null ? "conversations.history" : "conversations.replies";
    const closed = await lanesTakenUntil(db, [SLACK_LANE, methodLane(method)], now);
    if (closed !== null) return { kind: "later", notBefore: closed };
    const found = await find(known, method);
    if (found.kind === "failed") return found.posted;
    if (found.ts === null) return send(wanted, known);
    await notePosted(db, wanted.key, found.ts);
    return keepCurrent(wanted, { ...known, state: "posted", ts: found.ts });
  }

  async function find(
    known: PostRow,
    method: "conversations.history" | "conversations.replies",
  ): Promise<{ kind: "found"; ts: string | null } | { kind: "failed"; posted: Posted }> {
    const place = { channelId: known.channelId, threadTs: known.threadTs };
    const oldest = await newestTsBefore(db, place, known.sentAt);
    let cursor: string | undefined;
    for (let page = 0; page < LOOK_BACK_PAGES; page += 1) {
      const called = await api.call(method, {
        channel: known.channelId,
        ...(known.threadTs === null ? {} : { ts: known.threadTs }),
        ...(oldest === null ? {} : { oldest }),
        ...(cursor === undefined ? {} : { cursor }),
        include_all_metadata: true,
        limit: PAGE,
      });
      if (called.kind === "refused" && called.error === "thread_not_found") return { kind: "found", ts: null };
      if (called.kind !== "ok") return { kind: "failed", posted: await failed(called, method) };
      const mine = listOf(called.data, "messages").find((message) => isMine(message, known.key));
      if (mine !== undefined) return { kind: "found", ts: stringOf(mine, "ts") ?? null };
      cursor = nextCursor(called.data);
      if (cursor === undefined) break;
    }
    return { kind: "found", ts: null };
  }

  async function keepCurrent(wanted: Wanted, known: PostRow): Promise<Posted> {
    const ts = known.ts ?? "";
    const hash = hashes(wanted);
    if (wanted.final === true || hash.contentHash === known.contentHash) return { kind: "there", ts };
    const now = clock.machineNow();
    const due = nextEditAt(known, { gistHash: hash.gistHash, storm: wanted.storm }, now);
    if (isBefore(now, due)) return { kind: "later", notBefore: due };
    const closed = await lanesTakenUntil(db, [SLACK_LANE, methodLane("chat.update")], now);
    if (closed !== null) return { kind: "later", notBefore: closed };
    const message = wanted.draw(false);
    const args = { channel: known.channelId, ts, text: message.text };
    let called = await api.call("chat.update", { ...args, blocks: marked(message.blocks, wanted.key) });
    if (called.kind === "refused" && BAD_DRAWING.has(called.error)) {
      log.error({ key: wanted.key, error: called.error, detail: called.detail }, "Slack refused the blocks of an edit");
      called = await api.call("chat.update", { ...args, blocks: [] });
    }
    if (called.kind === "ok") {
      await noteEdited(db, wanted.key, { ...hash, at: clock.machineNow() });
      await slackAnswered(db);
      return { kind: "there", ts };
    }
    if (called.kind === "refused" && MESSAGE_GONE.has(called.error)) {
      await noteGone(db, wanted.key);
      return { kind: "gone" };
    }
    return failed(called, "chat.update");
  }

  async function failed(
    called: Exclude<Called, { kind: "ok" }>,
    method: string,
    lane: string = methodLane(method),
  ): Promise<Posted> {
    const now = clock.machineNow();
    switch (called.kind) {
      case "limited": {
        const until = now.add({ milliseconds: called.retryAfterMs });
        await holdLane(db, lane, until);
        return { kind: "later", notBefore: until };
      }
      case "unavailable":
        return { kind: "later", notBefore: await slackFailed(db, now), error: called.detail };
      case "refused":
        if (NO_THREAD.has(called.error)) return { kind: "no_thread" };
        if (UNUSABLE.has(called.error)) return { kind: "unusable", error: called.error };
        log.error(
          { method, error: called.error, detail: called.detail },
          "Slack refused a call; a person has to mend it",
        );
        return { kind: "later", notBefore: now.add({ milliseconds: HELPLESS_MS }), error: called.error };
    }
  }
}

/** Drawn as an edit would draw it, so that a call to people in the first post does not look like a change. */
function hashes(wanted: Wanted): { contentHash: string; gistHash: string | null } {
  const sha = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 32);
  return {
    contentHash: sha(JSON.stringify(wanted.draw(false))),
    gistHash: wanted.gist === undefined ? null : sha(wanted.gist),
  };
}
