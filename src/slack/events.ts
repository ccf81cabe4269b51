import { listOf, recordOf, stringOf } from "./api.ts";

export interface FileRead {
  readonly id: string;
  readonly name: string;
  readonly url: string | null;
}

interface Said {
  readonly channel: string;
  /** Of the message that it is about. */
  readonly ts: string;
  readonly threadTs: string | null;
  readonly user: string | null;
  readonly botId: string | null;
  readonly botName: string | null;
}

export interface MessageRead extends Said {
  readonly kind: "message";
  readonly text: string;
  readonly files: readonly FileRead[];
}
export interface ChangeRead extends Said {
  readonly kind: "changed";
  readonly text: string;
  readonly files: readonly FileRead[];
  readonly changedTs: string;
  /** What it said before, as Slack tells; null when it does not. */
  readonly previousText: string | null;
}
export interface DeletionRead extends Said {
  readonly kind: "deleted";
  readonly changedTs: string;
}
export interface ReactionRead extends Said {
  readonly kind: "reaction";
  readonly user: string;
  /** Without colons and skin tone. */
  readonly name: string;
  readonly removed: boolean;
  readonly eventTs: string;
}
export type Heard = MessageRead | ChangeRead | DeletionRead | ReactionRead;

type Fields = Readonly<Record<string, unknown>>;

/** New messages that people and bots write; joins, topics and the like are no words of anybody. */
const WORDS = new Set(["", "bot_message", "file_share", "thread_broadcast", "me_message"]);

/** What an event says, or null when it says nothing that a timeline keeps. */
export function readEvent(event: Fields): Heard | null {
  switch (event["type"]) {
    case "message":
      return readMessage(event);
    case "reaction_added":
      return readReaction(event, false);
    case "reaction_removed":
      return readReaction(event, true);
    default:
      return null;
  }
}

function readMessage(event: Fields): Heard | null {
  const channel = stringOf(event, "channel");
  const subtype = stringOf(event, "subtype") ?? "";
  const eventTs = stringOf(event, "event_ts") ?? stringOf(event, "ts");
  if (channel === undefined || eventTs === undefined) return null;
  if (subtype === "message_changed") {
    const message = recordOf(event, "message") ?? {};
    // A root whose replies remain is not deleted but changed into a tombstone.
    if (message["subtype"] === "tombstone") {
      const said = saidIn(channel, recordOf(event, "previous_message") ?? message);
      return said === null ? null : { kind: "deleted", ...said, changedTs: eventTs };
    }
    const said = WORDS.has(stringOf(message, "subtype") ?? "") ? saidIn(channel, message) : null;
    if (said === null) return null;
    const changedTs = stringOf(recordOf(message, "edited") ?? {}, "ts") ?? eventTs;
    const previous = recordOf(event, "previous_message");
    const previousText = previous === undefined ? null : wordsOf(previous);
    return { kind: "changed", ...said, text: wordsOf(message), files: filesOf(message), changedTs, previousText };
  }
  if (subtype === "message_deleted") {
    const previous = recordOf(event, "previous_message") ?? {};
    const ts = stringOf(event, "deleted_ts") ?? stringOf(previous, "ts");
    const said = ts === undefined ? null : saidIn(channel, { ...previous, ts });
    return said === null ? null : { kind: "deleted", ...said, changedTs: eventTs };
  }
  const said = WORDS.has(subtype) ? saidIn(channel, event) : null;
  return said === null ? null : { kind: "message", ...said, text: wordsOf(event), files: filesOf(event) };
}

function readReaction(event: Fields, removed: boolean): Heard | null {
  const item = recordOf(event, "item") ?? {};
  const channel = stringOf(item, "channel");
  const ts = stringOf(item, "ts");
  const user = stringOf(event, "user");
  const reaction = stringOf(event, "reaction");
  const eventTs = stringOf(event, "event_ts");
  if (channel === undefined || ts === undefined || user === undefined || reaction === undefined) return null;
  if (eventTs === undefined || item["type"] !== "message") return null;
  const name = reaction.replace(/::skin-tone-\d$/, "");
  return { kind: "reaction", channel, ts, threadTs: null, user, botId: null, botName: null, name, removed, eventTs };
}

function saidIn(channel: string, message: Fields): Said | null {
  const ts = stringOf(message, "ts");
  if (ts === undefined) return null;
  const profile = recordOf(message, "bot_profile") ?? {};
  return {
    channel,
    ts,
    threadTs: stringOf(message, "thread_ts") ?? null,
    user: stringOf(message, "user") ?? null,
    botId: stringOf(message, "bot_id") ?? null,
    botName: stringOf(message, "username") ?? stringOf(profile, "name") ?? null,
  };
}

/** Bots often say in attachments what they have to say. */
function wordsOf(message: Fields): string {
  const text = stringOf(message, "text") ?? "";
  if (text.trim() !== "") return text;
  return listOf(message, "attachments")
    .flatMap((attachment) => stringOf(attachment, "text") ?? stringOf(attachment, "fallback") ?? [])
    .join("\n");
}

function filesOf(message: Fields): FileRead[] {
  return listOf(message, "files").flatMap((file) => {
    const id = stringOf(file, "id");
    if (id === undefined) return [];
    const name = stringOf(file, "name") ?? stringOf(file, "title") ?? "a file";
    return [{ id, name, url: stringOf(file, "permalink") ?? stringOf(file, "url_private") ?? null }];
  });
}
