import type * as Twin from "../../workspace/contract.ts";
import type { DrawnBlock } from "./blocks/model.ts";
import type { Attachment, Author, Frame, Message, Person, View } from "./model.ts";

/** The workspace's words -> the page's. */
export function readFrame(shown: Twin.WorkspaceShown): Frame {
  return {
    team: shown.team.name,
    app: shown.app,
    people: shown.people.filter((person) => !person.bot && !person.deleted).map(readPerson),
    bots: shown.bots,
    groups: shown.groups.map(({ id, handle }) => ({ id, name: handle })),
    channels: shown.channels.map((channel) => ({ ...channel, direct: false, hasApp: channel.bot })),
    commands: shown.commands.map(({ command, description, usageHint }) => ({ command, description, usage: usageHint })),
    shortcuts: shown.shortcuts.map(({ type, ...shortcut }) => ({ ...shortcut, kind: type })),
  };
}

function readPerson(shown: Twin.PersonShown): Person {
  const kind = shown.guest ? "guest" : shown.foreign ? "other workspace" : null;
  return { id: shown.id, name: shown.name, realName: shown.realName, zone: shown.timezone, kind };
}

/** `channel` is how the page asked for it: an id, or `@key`. */
export function readRoot(root: Twin.Root, channel: string, frame: Frame): Message {
  const { replies, ...message } = root;
  return { ...readMessage(message, channel, frame), replies: replies.map((one) => readMessage(one, channel, frame)) };
}

function readMessage(shown: Twin.Message, channel: string, frame: Frame): Message {
  const author = authorOf(shown, frame);
  return {
    channel,
    ts: shown.ts,
    threadTs: shown.thread_ts === undefined || shown.thread_ts === shown.ts ? null : shown.thread_ts,
    author,
    text: shown.text,
    // What people type is one rich_text block without formatting; the text beside it still has the marks they typed.
    blocks: author.kind === "person" ? [] : readBlocks(shown.blocks),
    attachments: (shown.attachments ?? []).map(readAttachment),
    files: (shown.files ?? []).map(({ id, name, size }) => ({
      id,
      name,
      size,
      url: `/_twin/file?${new URLSearchParams({ id })}`,
    })),
    reactions: (shown.reactions ?? []).map(({ name, users }) => ({ name, users })),
    edited: shown.edited !== undefined,
    pinned: (shown.pinned_to ?? []).length > 0,
    broadcast: shown.subtype === "thread_broadcast",
    replies: [],
    ephemeral: null,
  };
}

export function readEphemeral(shown: Twin.Ephemeral, channel: string, frame: Frame): Message {
  const app: Author = { id: frame.app.botUserId, name: frame.app.name, kind: "app" };
  return {
    channel,
    ts: shown.ts,
    threadTs: shown.thread_ts ?? null,
    author: shown.from === "app" ? app : { id: "slackbot", name: "Slackbot", kind: "bot" },
    text: shown.text,
    blocks: readBlocks(shown.blocks),
    attachments: (shown.attachments ?? []).map(readAttachment),
    files: [],
    reactions: [],
    edited: false,
    pinned: false,
    broadcast: false,
    replies: [],
    ephemeral: shown.id,
  };
}

function authorOf(shown: Twin.Message, frame: Frame): Author {
  if (shown.subtype === "tombstone") return { id: "slackbot", name: "Slackbot", kind: "bot" };
  if (shown.bot_id === frame.app.botId || shown.user === frame.app.botUserId) {
    return { id: frame.app.botUserId, name: shown.username ?? frame.app.name, kind: "app" };
  }
  if (shown.bot_id !== undefined) {
    return { id: shown.bot_id, name: shown.username ?? frame.bots[shown.bot_id] ?? "A bot", kind: "bot" };
  }
  const person = frame.people.find((one) => one.id === shown.user);
  return { id: shown.user ?? "", name: person?.realName ?? shown.username ?? "Somebody", kind: "person" };
}

function readAttachment(shown: Twin.Json): Attachment {
  const text = (key: string): string | null => {
    const held = shown[key];
    return typeof held === "string" ? held : null;
  };
  const { blocks } = shown;
  const drawn = Array.isArray(blocks) ? blocks.filter(isBlock) : [];
  return { color: text("color"), title: text("title"), text: text("text") ?? text("fallback"), blocks: drawn };
}

export function readView(shown: Twin.View): View {
  return {
    id: shown.id,
    hash: shown.hash,
    title: words(shown.title) ?? "",
    submit: words(shown.submit),
    close: words(shown.close) ?? "Cancel",
    blocks: readBlocks(shown.blocks),
  };
}

function words(text: Twin.Json | null | undefined): string | null {
  const held = text?.["text"];
  return typeof held === "string" ? held : null;
}

function readBlocks(blocks: Twin.Block[] | undefined): DrawnBlock[] {
  return (blocks ?? []).filter(isBlock);
}

// The workspace has refused what is not Block Kit; what is left to know is that it is a block at all.
function isBlock(value: unknown): value is DrawnBlock {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
