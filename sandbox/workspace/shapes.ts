/** Slack's own objects, in Slack's spelling. Types only; `contract.ts` re-exports them. */

/** Epoch seconds with six decimals: `"1702307100.000100"`. Unique in a channel, and the id of a message there. */
export type Ts = string;

/** Any JSON object in Slack's spelling, read by the few keys that matter. */
export type Json = Record<string, unknown>;

/** A Block Kit block as the app sent it, with the `block_id` that Slack adds. */
export interface Block extends Json {
  type: string;
  block_id?: string;
}

/** A file as the API shows it, and its bytes as text. */
export interface FileShown {
  id: string;
  name: string;
  title: string;
  mimetype: string;
  size: number;
  /** Id of who uploaded it. */
  user: string;
  url_private: string;
  permalink: string;
  /** Ids of the channels it was shared in. */
  channels: string[];
}

/** A message in Slack's shape, as `conversations.history` would give it with metadata. */
export interface Message {
  type: "message";
  /** Id of its channel. */
  channel: string;
  ts: Ts;
  subtype?: string;
  user?: string;
  bot_id?: string;
  app_id?: string;
  username?: string;
  text: string;
  blocks?: Block[];
  attachments?: Json[];
  /** Present on replies, and on roots that have replies. */
  thread_ts?: Ts;
  reply_count?: number;
  reply_users?: string[];
  latest_reply?: Ts;
  reactions?: { name: string; users: string[]; count: number }[];
  edited?: { user: string; ts: Ts };
  files?: FileShown[];
  pinned_to?: string[];
  metadata?: { event_type: string; event_payload: Json };
  client_msg_id?: string;
  parent_user_id?: string;
}

/** A message in the channel itself, with its thread. */
export interface Root extends Message {
  replies: Message[];
}

/** What only one person sees in a channel: an ephemeral message, or the answer to a command through its response URL. */
export interface Ephemeral {
  /** Give it to `press` as `{ ephemeral: id }`. */
  id: string;
  ts: Ts;
  /** Id of who sees it. */
  user: string;
  /** Id of the channel. */
  channel: string;
  thread_ts?: Ts;
  text: string;
  blocks?: Block[];
  attachments?: Json[];
  /** `slack`: words of Slack itself ("/sync failed with the error operation_timeout"). */
  from: "app" | "slack";
}

/** A modal or Home tab in Slack's shape (`views.open` returns it). */
export interface View extends Json {
  id: string;
  type: "modal" | "home";
  callback_id: string;
  title?: Json;
  submit?: Json | null;
  close?: Json | null;
  blocks: Block[];
  private_metadata: string;
  hash: string;
  root_view_id: string;
  previous_view_id: string | null;
  state: { values: Record<string, Record<string, Json>> };
}

/** What the person saw last that was meant for him alone, as plain text. */
export interface Seen {
  kind: "ephemeral" | "response" | "modal";
  text: string;
  /** Epoch ms, by `clock`. */
  at: number;
}
