/**
 * What the emulated Slack workspace ("the twin") offers to the tests, the drill runner and the page. Types only, so that
 * the page's browser code can import them too.
 *
 * Slack's own objects keep Slack's spelling (`thread_ts`, `bot_id`); everything of the twin is camelCase. A `channel` is
 * always its name (with or without #), its id, or `@key` for the app's direct messages with that person. A `user` is the
 * person's key or id.
 */

import type { Ephemeral, FileShown, Message, Root, Seen, Ts, View } from "./shapes.ts";
import type { Change, ChannelShown, Counters, PersonShown, Switches, WorkspaceShown } from "./shown.ts";

export type * from "./shapes.ts";
export type * from "./shown.ts";

/** The parts of the app's manifest (schema 2.0.0) that decide what the twin allows and sends. */
export interface Manifest {
  display_information?: { name?: string };
  features?: {
    bot_user?: { display_name?: string };
    slash_commands?: { command: string; description?: string; usage_hint?: string; should_escape?: boolean }[];
    shortcuts?: { name: string; type: string; callback_id: string; description?: string }[];
  };
  oauth_config?: { scopes?: { bot?: string[]; bot_optional?: string[] } };
  settings?: { event_subscriptions?: { bot_events?: string[] }; interactivity?: { is_enabled?: boolean } };
}

export interface PersonOptions {
  /** The handle; the person's key unless told. */
  name?: string;
  /** The full name; the key with a capital unless told. */
  realName?: string;
  /** `<name>@example.org` unless told. */
  email?: string;
  /** IANA zone, `Europe/London` unless told. */
  timezone?: string;
  /** A single-channel guest (`is_restricted` and `is_ultra_restricted`). */
  guest?: boolean;
  /** A person of another workspace, in a shared channel (`is_stranger`, another `team_id`). */
  foreign?: boolean;
  bot?: boolean;
  deleted?: boolean;
}

export interface ChannelOptions {
  /** Without #. */
  name: string;
  private?: boolean;
  /** Whether the app's bot is a member; true unless told. */
  bot?: boolean;
  archived?: boolean;
  /** Keys of the people in it; everybody unless told. */
  members?: string[];
}

export interface WorkspaceOptions {
  /** A free one unless told. The twin listens on 127.0.0.1 only. */
  port?: number;
  signingSecret: string;
  /** The only bot token that is accepted, `xoxb-…`. */
  botToken: string;
  /** The app-level token for Socket Mode, `xapp-…`; without it `apps.connections.open` refuses. */
  appToken?: string;
  /** The parsed manifest: scopes, slash commands, shortcuts and bot events come from it. */
  manifest: Manifest;
  /** The scopes the bot was given, instead of all that the manifest asks for (the optional ones included). */
  grantedScopes?: string[];
  /** Base of the app; the twin calls `<appUrl>/slack/events` for events, commands and interactivity alike. */
  appUrl?: string;
  people: Record<string, PersonOptions>;
  /** User groups by handle: the keys of their members. */
  groups?: Record<string, string[]>;
  channels: ChannelOptions[];
  /** Epoch ms for message `ts` and event times. Signatures, triggers, response URLs, rates and retries use machine time. */
  clock?: () => number;
  /** `slack`: the real tiers (default). `off`: only what the `limit` switch says. */
  rates?: "slack" | "off";
  /** Delays before the 1st, 2nd and 3rd retry of an event: 0, 60 000 and 300 000 ms unless told. */
  eventRetryDelaysMs?: readonly number[];
  /** How long the app may take to acknowledge: 3 000 ms unless told. */
  ackTimeoutMs?: number;
  /** How long a trigger lives: 3 000 ms unless told. */
  triggerLifeMs?: number;
  /** How long a response URL lives: 30 minutes unless told. */
  responseUrlLifeMs?: number;
}

/** What Slack's client knows after an act. */
export interface Acted {
  ok: boolean;
  /**
   * Why it did not work: `operation_timeout` (no answer in time), `dispatch_failed` (refused, or a status that is not
   * 2xx), `no_such_command`, `no_such_button`, `no_modal`, `no_submit`, `channel_not_found`, `message_not_found`, …
   */
  error?: string;
  /** The HTTP status of the app's answer; absent when it gave none, or when nothing was asked of it. */
  status?: number;
  /** Machine time until the app acknowledged. */
  ackedMs?: number;
  /** The message that the act made or changed. */
  ts?: Ts;
}

/** The outcome of submitting a modal. */
export interface Submitted extends Acted {
  /** What the app answered; null when it closed the modal without a word. */
  responseAction?: "errors" | "update" | "push" | "clear" | null;
  /** By `block_id`: the app's, or the client's own (`Please complete this required field.`, with error `invalid_input`). */
  errors?: Record<string, string>;
  /** What this person has open now. */
  modal: View | null;
}

/** What a press is made on: a message, an ephemeral, or the modal that the person has open (its view id). */
export type PressedOn = { channel: string; ts: Ts } | { ephemeral: string } | { modal: string };

/** The arguments of the acts. Each is also the JSON body of `POST /_twin/act/<name>`. */
export interface Acts {
  /** `text` with the slash: `/sync run person-sync prod`. */
  slash: { user: string; channel: string; text: string };
  /** `@nightdesk` (the bot's name) and `@key` become mentions. `broadcast`: also send a reply to the channel. */
  say: { user: string; channel: string; text: string; threadTs?: Ts; broadcast?: boolean };
  edit: { user: string; channel: string; ts: Ts; text: string };
  delete: { user: string; channel: string; ts: Ts };
  /** `emoji` without colons. */
  react: { user: string; channel: string; ts: Ts; emoji: string; remove?: boolean };
  upload: { user: string; channel: string; name: string; text: string; threadTs?: Ts; comment?: string };
  pin: { user: string; channel: string; ts: Ts; remove?: boolean };
  /**
   * `button`: the label or the `action_id` of any interactive element there. `value`: of buttons with one label, the one
   * with this value; of a select or overflow, the option chosen (several: separated by commas); of an input, what is typed.
   */
  press: { user: string; on: PressedOn; button: string; value?: string };
  /**
   * `values` by `block_id` or `action_id` (or the input's label): text as typed; a select's option by value or label;
   * several, separated by commas; people by key and channels by name; dates `YYYY-MM-DD`, times `HH:mm`, instants ISO.
   */
  submit: { user: string; values: Record<string, string> };
  /** `all`: the ✕ of a stack, else Cancel on the top view. */
  closeModal: { user: string; all?: boolean };
  /** By its name in the menu or its `callback_id`; a message shortcut needs the message. */
  shortcut: { user: string; name: string; message?: { channel: string; ts: Ts } };
  /** A third party's bot posts plain text; `bot` is its name, made on first use. */
  postAs: { bot: string; channel: string; text: string; threadTs?: Ts };
  /** Brings the app's bot or a person (`who`: key or `@nightdesk`) into a channel, or puts them out. */
  invite: { user: string; channel: string; who: string; remove?: boolean };
  archive: { user: string; channel: string; undo?: boolean };
  openHome: { user: string };
}

/** The acts, one asynchronous function each. They reject only on a mistake of the caller: an unknown person. */
export interface Actor {
  slash(act: Acts["slash"]): Promise<Acted>;
  say(act: Acts["say"]): Promise<Acted>;
  edit(act: Acts["edit"]): Promise<Acted>;
  delete(act: Acts["delete"]): Promise<Acted>;
  react(act: Acts["react"]): Promise<Acted>;
  upload(act: Acts["upload"]): Promise<Acted & { fileId?: string }>;
  pin(act: Acts["pin"]): Promise<Acted>;
  press(act: Acts["press"]): Promise<Acted>;
  submit(act: Acts["submit"]): Promise<Submitted>;
  closeModal(act: Acts["closeModal"]): Promise<Acted>;
  shortcut(act: Acts["shortcut"]): Promise<Acted>;
  postAs(act: Acts["postAs"]): Promise<Acted>;
  invite(act: Acts["invite"]): Promise<Acted>;
  archive(act: Acts["archive"]): Promise<Acted>;
  openHome(act: Acts["openHome"]): Promise<Acted>;
}

export interface Reader {
  /** The channel's roots, oldest first, each with its replies. */
  messages(channel: string): Root[];
  /** The root and its replies, oldest first; empty when there is no such message. */
  thread(channel: string, ts: Ts): Message[];
  /** What this person alone sees, oldest first. */
  ephemerals(user: string): Ephemeral[];
  /** The top of the stack of modals that this person has open. */
  modal(user: string): View | null;
  home(user: string): View | null;
  /** The newest ephemeral, response or modal text that this person saw; null when none yet. */
  lastSeen(user: string): Seen | null;
  /** Every file that is shared and not deleted, oldest first. */
  files(): FileShown[];
  /** The text of a file; null when there is none. */
  fileText(id: string): string | null;
  /** A message, ephemeral or view as plain text: what a person reads, mentions as `@name`, buttons as `[Label]`. */
  plain(shown: Pick<Message, "text" | "blocks" | "attachments"> | View): string;
  /** Everything that was ever shown, in order. */
  changes(afterSeq?: number): Change[];
  counters(): Counters;
  switches(): Switches;
  workspace(): WorkspaceShown;
}

export interface Switchboard {
  /** true: every API call and response URL answers 503, and no event is sent until false; a number: for so many ms. */
  outage(on: boolean | number): void;
  /** The work of a call is done at once, and its answer waits so many ms; 0 ends it. */
  slow(ms: number): void;
  /** The next `times` calls of the method (all, unless told) answer 429; `times: 0` ends it. `retryAfter` in seconds. */
  limit(limit: { method: string; retryAfter: number; times?: number }): void;
  /** The next n calls that write (chat, views, files, reactions, pins, response URLs) are carried out, then the connection is cut. */
  dropAfterSend(n: number): void;
  /** No Events API callback leaves; those due meanwhile are kept and sent when it ends. */
  eventsDown(on: boolean): void;
  /** The counters start again at zero. */
  mark(): void;
}

/** A running workspace. */
export interface Workspace extends Actor, Reader, Switchboard {
  /** `http://127.0.0.1:<port>`; the control API is under `/_twin/`. */
  url: string;
  /** For `slackApiUrl`; ends in `/api/`. */
  apiUrl: string;
  botUserId: string;
  botId: string;
  appId: string;
  teamId: string;
  people: Readonly<Record<string, PersonShown>>;
  channels: Readonly<Record<string, ChannelShown>>;
  /** Points the twin at the app's base address, and sends what has waited for it. */
  connectApp(url: string): void;
  /** Resolves when no event, retry (but those more than a second away) or call to the app is under way. */
  settled(): Promise<void>;
  /** Calls back on every change, until the returned function is called. */
  watch(listener: (change: Change) => void): () => void;
  /** Resolves to null after `timeoutMs` (5 000 unless told), or to the first truthy result of `read`, tried on every change. */
  until<T>(read: () => T | null | undefined | false, timeoutMs?: number): Promise<T | null>;
  close(): Promise<void>;
}

export type StartWorkspace = (options: WorkspaceOptions) => Promise<Workspace>;
