import type { Instant } from "../base/clock.ts";
import { NotNow } from "../base/errors.ts";
import type { IncidentId } from "../base/ids.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { redactorOf } from "../incidents/redact.ts";
import { appendEntries, blankEntry, correctEntry, entriesOf, entryBySlackTs } from "../incidents/timeline.store.ts";
import type { EntryDraft, TimelineEntry } from "../incidents/timeline.ts";
import type { Tx } from "../store/store.ts";
import { entryShownBy, holdChannel, incidentOfEvent, keepEarlyReaction, takeEarlyReactions } from "./captured.store.ts";
import type { Directory } from "./directory.ts";
import { type ChangeRead, type DeletionRead, type MessageRead, type ReactionRead, readEvent } from "./events.ts";
import type { WhoAmI } from "./identity.ts";
import { mentionedIn, withNames } from "./people-text.ts";
import { noteDeletedInSlack } from "./posts.store.ts";
import { instantOfTs } from "./text.ts";
import { mayBeComing, subjectOfThread } from "./threads.store.ts";

/** 📌 marks a line as key. */
const PINS = new Set(["pushpin", "round_pushpin"]);

export interface CaptureParts {
  readonly catalogue: Catalogue;
  readonly directory: Pick<Directory, "nameOf">;
  readonly whoAmI: WhoAmI;
}

/**
 * Keeps what people say and do in an incident's thread as entries of its timeline, in the transaction that marks the
 * event as processed. The same event twice is one entry. Throws when Slack has to be asked who somebody is and gives no answer: the event is
 * then processed again later.
 */
export type CaptureSlackEvent = (
  tx: Tx,
  event: Readonly<Record<string, unknown>>,
  receivedAt: Instant,
) => Promise<void>;

export function createCapture(parts: CaptureParts): CaptureSlackEvent {
  const { catalogue, directory, whoAmI } = parts;
  const redact = redactorOf(catalogue);

  const capture: CaptureSlackEvent = async (tx, event, receivedAt) => {
    const heard = readEvent(event);
    if (heard === null) return;
    const ours = await holdChannel(tx, heard.channel);
    // Said within milliseconds of a thread's first message: whose thread it is will be known in a moment.
    const { channel, threadTs } = heard;
    const unknown = threadTs !== null && (await subjectOfThread(tx, channel, threadTs)) === null;
    if (unknown && (await mayBeComing(tx, channel, threadTs))) throw new NotNow("its thread is not known yet");
    if (!ours) return;
    if (heard.kind === "deleted" && (await noteDeletedInSlack(tx, heard.channel, heard.ts))) return;
    const incident = await incidentOfEvent(tx, heard);
    if (incident === null) {
      if (heard.kind === "reaction") await keepEarlyReaction(tx, { ...heard, event, receivedAt });
      return;
    }
    const me = await whoAmI();
    if (me === null) throw new NotNow("Slack could not be asked who Nightdesk is");
    if ((heard.botId !== null && heard.botId === me.botId) || heard.user === me.botUserId) return;
    switch (heard.kind) {
      case "message":
        return message(tx, { incident, learnedAt: receivedAt }, heard);
      case "changed":
        return changed(tx, { incident, learnedAt: receivedAt }, heard);
      case "deleted":
        return deleted(tx, { incident, learnedAt: receivedAt }, heard);
      case "reaction":
        return reaction(tx, { incident, learnedAt: receivedAt }, heard);
    }
  };
  return capture;

  async function message(tx: Tx, to: To, heard: MessageRead): Promise<void> {
    if ((await entryBySlackTs(tx, to.incident, heard.ts)) !== null) return;
    const author = await authorOf(tx, heard);
    const common = { ...author, at: instantOfTs(heard.ts), visible: false, slackTs: heard.ts };
    const text = await readable(tx, heard.text);
    const requestKey = messageKey(heard);
    if (text !== "" || heard.files.length === 0) {
      await appendEntries(tx, { ...to, requestKey }, [{ ...common, kind: "message", text, data: {} }]);
    }
    for (const file of heard.files) {
      const name = redact(file.name);
      const data = { file: file.id, name, url: file.url };
      await appendEntries(tx, { ...to, requestKey: `${requestKey}:${file.id}` }, [
        { ...common, kind: "file", text: name, data },
      ]);
    }
    for (const early of await takeEarlyReactions(tx, heard)) await capture(tx, early.event, early.receivedAt);
  }

  async function changed(tx: Tx, to: To, heard: ChangeRead): Promise<void> {
    // The message itself may come later, or never: what it said before is told with the change.
    await message(tx, to, { ...heard, kind: "message", text: heard.previousText ?? heard.text });
    const entry = await entryBySlackTs(tx, to.incident, heard.ts);
    if (entry === null || entry.blankedAt !== null || entry.kind !== "message") return;
    const text = await readable(tx, heard.text);
    // Slack also says "changed" when it unfurls a link or counts replies.
    const newest = (await entriesOf(tx, to.incident)).findLast(
      ({ corrects, change }) => corrects === entry.id && change === "edit",
    );
    const at = instantOfTs(heard.changedTs);
    if (text === (newest ?? entry).text) return;
    // Events come in any order: an older edit does not undo a newer one.
    if (newest !== undefined && newest.at.epochMilliseconds > at.epochMilliseconds) return;
    const key = `slack-edit:${heard.channel}:${heard.ts}:${heard.changedTs}`;
    await correctEntry(
      tx,
      { ...to, corrects: entry, requestKey: key },
      { ...(await authorOf(tx, heard)), at, change: "edit", text },
    );
  }

  async function deleted(tx: Tx, to: To, heard: DeletionRead): Promise<void> {
    const standing = async () =>
      (await entriesOf(tx, to.incident)).filter(
        ({ slackTs, corrects, blankedAt }) => slackTs === heard.ts && corrects === undefined && blankedAt === null,
      );
    let entries = await standing();
    // Deleted before it was heard: the place is kept as deleted, so that neither the late message nor an edit comes back.
    if (entries.length === 0 && heard.user !== null) {
      await message(tx, to, { ...heard, kind: "message", text: "", files: [] });
      entries = await standing();
    }
    for (const entry of entries) {
      await blankEntry(tx, entry.id, to.learnedAt);
      await correctEntry(
        tx,
        { ...to, corrects: entry, requestKey: `slack-delete:${heard.channel}:${heard.ts}:${entry.id}` },
        {
          actor: entry.actor,
          actorKey: entry.actorKey,
          actorName: entry.actorName,
          at: instantOfTs(heard.changedTs),
          change: "delete",
        },
      );
    }
  }

  async function reaction(tx: Tx, to: To, heard: ReactionRead): Promise<void> {
    const entry = await entryBySlackTs(tx, to.incident, heard.ts);
    const requestKey = `slack-reaction:${heard.channel}:${heard.ts}:${heard.user}:${heard.name}:${heard.eventTs}`;
    const author = await authorOf(tx, heard);
    const at = instantOfTs(heard.eventTs);
    if (PINS.has(heard.name)) {
      const marked = entry ?? (await shownEntry(tx, to.incident, heard));
      if (marked === null) return;
      const change = heard.removed ? "unkey" : "key";
      await correctEntry(tx, { ...to, corrects: marked, requestKey }, { ...author, at, change });
      return;
    }
    const draft: EntryDraft = {
      ...author,
      kind: "reaction",
      at,
      text: `:${heard.name}:${heard.removed ? " taken back" : ""}`,
      data: { emoji: heard.name, removed: heard.removed, ...(entry === null ? {} : { entry: entry.id }) },
      visible: false,
    };
    await appendEntries(tx, { ...to, requestKey }, [draft]);
  }

  /** Text as it is kept: names for ids, plain words, redacted. */
  async function readable(tx: Tx, text: string): Promise<string> {
    const names = new Map<string, string>();
    for (const id of mentionedIn(text)) names.set(id, (await who(tx, id)).name);
    return redact(withNames(text, names)).trim();
  }

  async function authorOf(
    tx: Tx,
    by: { user: string | null; botId: string | null; botName: string | null },
  ): Promise<Pick<EntryDraft, "actor" | "actorKey" | "actorName">> {
    if (by.user === null) {
      const name = by.botName ?? "a bot";
      return { actor: `slack:${by.botId ?? "bot"}`, actorKey: name, actorName: name };
    }
    const known = await who(tx, by.user);
    return { actor: `slack:${by.user}`, actorKey: known.key, actorName: known.name };
  }

  /** The catalogue's people by their Slack id need no asking. */
  async function who(tx: Tx, slackId: string): Promise<{ key: string; name: string }> {
    const byId = Object.entries(catalogue.people).find(([, person]) => person.slack === slackId);
    if (byId !== undefined) return { key: byId[0], name: byId[1].name };
    const known = await directory.nameOf(tx, slackId);
    const byEmail = Object.entries(catalogue.people).find(
      ([, person]) => person.email !== undefined && person.email.toLowerCase() === known.email?.toLowerCase(),
    );
    return byEmail === undefined ? { key: known.handle, name: known.name } : { key: byEmail[0], name: byEmail[1].name };
  }
}

const messageKey = (heard: { channel: string; ts: string }): string => `slack-message:${heard.channel}:${heard.ts}`;

interface To {
  readonly incident: IncidentId;
  readonly learnedAt: Instant;
}

/** A pushpin on one of our replies marks the entry that the reply shows. */
async function shownEntry(tx: Tx, incident: IncidentId, heard: ReactionRead): Promise<TimelineEntry | null> {
  const id = await entryShownBy(tx, heard);
  if (id === null) return null;
  return (await entriesOf(tx, incident)).find((entry) => entry.id === id) ?? null;
}
