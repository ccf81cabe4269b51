import type { DrawnBlock } from "./blocks/model.ts";

// What the page draws, in its own words. `twin.ts` and `read.ts` alone know how the workspace says it.

export interface Person {
  id: string;
  /** As in @asha. */
  name: string;
  realName: string;
  /** An IANA zone name. */
  zone: string;
  /** "guest", "other workspace", or nothing. */
  kind: string | null;
}

export interface Channel {
  /** The channel's id, or `@key` for this reader's direct messages with the app. */
  id: string;
  name: string;
  direct: boolean;
  private: boolean;
  archived: boolean;
  /** Whether the app's bot is in it. */
  hasApp: boolean;
  /** Ids of people. */
  members: string[];
}

export interface Reaction {
  name: string;
  users: string[];
}

export interface FileCard {
  id: string;
  name: string;
  /** Bytes. */
  size: number;
  /** Where this page can read it. */
  url: string;
}

export interface Attachment {
  color: string | null;
  title: string | null;
  text: string | null;
  blocks: DrawnBlock[];
}

/** "app": the app that this workspace is for; "bot": any other. */
export interface Author {
  id: string;
  name: string;
  kind: "person" | "app" | "bot";
}

export interface Message {
  channel: string;
  ts: string;
  /** The thread's first message; null for a message in the channel itself. */
  threadTs: string | null;
  author: Author;
  text: string;
  blocks: DrawnBlock[];
  attachments: Attachment[];
  files: FileCard[];
  reactions: Reaction[];
  edited: boolean;
  pinned: boolean;
  /** A reply that was also sent to the channel. */
  broadcast: boolean;
  replies: Message[];
  /** The id of an ephemeral; null for what everybody sees. */
  ephemeral: string | null;
}

export interface View {
  id: string;
  /** Changes when the app replaces the view. */
  hash: string;
  title: string;
  submit: string | null;
  close: string;
  blocks: DrawnBlock[];
}

export interface SlashCommand {
  command: string;
  description: string;
  usage: string;
}

export interface Shortcut {
  callbackId: string;
  name: string;
  description: string;
  kind: "message" | "global";
}

/** The frame: what changes seldom. */
export interface Frame {
  team: string;
  app: { id: string; name: string; botUserId: string; botId: string };
  people: Person[];
  /** Names of other bots by bot id. */
  bots: Record<string, string>;
  groups: { id: string; name: string }[];
  channels: Channel[];
  commands: SlashCommand[];
  shortcuts: Shortcut[];
}

/** What stands in a channel for its reader: messages and what only he sees, oldest first. */
export function channelLines(messages: Message[], ephemerals: Message[]): Message[] {
  const broadcasts = messages.flatMap((root) => root.replies.filter((reply) => reply.broadcast));
  return [...messages, ...broadcasts, ...ephemerals.filter((one) => one.threadTs === null)].sort(byTime);
}

/** A thread's first message, its replies, and what only this reader sees there. Empty when the message is gone. */
export function threadLines(messages: Message[], ephemerals: Message[], ts: string): Message[] {
  const root = messages.find((message) => message.ts === ts);
  if (root === undefined) return [];
  return [root, ...[...root.replies, ...ephemerals.filter((one) => one.threadTs === ts)].sort(byTime)];
}

function byTime(one: Message, other: Message): number {
  return one.ts < other.ts ? -1 : one.ts > other.ts ? 1 : 0;
}

/** Epoch seconds of a message. */
export function secondsOf(ts: string): number {
  return Number(ts.split(".", 1)[0] ?? 0);
}
