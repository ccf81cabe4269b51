import { randomBytes } from "node:crypto";
import { mrkdwn, plainText } from "./blocks/plain.ts";
import type { Block, Json, Message, Ts } from "./contract.ts";
import { isJson } from "./json.ts";
import { announce, type Channel, FOREIGN_TEAM, nextTs } from "./state.ts";
import type { Twin } from "./twin.ts";

/** A message before it has a place and a time. */
export type Draft = Omit<Message, "type" | "channel" | "ts"> & { broadcast?: boolean };

/** Puts a message into a channel, and tells the app. */
export function post(twin: Twin, channel: Channel, draft: Draft): Message {
  const { broadcast = false, ...given } = draft;
  const root = given.thread_ts === undefined ? undefined : channel.messages.get(given.thread_ts);
  const message: Message = { type: "message", channel: channel.id, ts: nextTs(twin.state), ...given };
  if (root?.user !== undefined) message.parent_user_id = root.user;
  if (broadcast && root !== undefined) message.subtype = "thread_broadcast";
  channel.messages.set(message.ts, message);
  if (root !== undefined) addReply(root, message);
  announce(twin.state, {
    kind: "message",
    channel: channel.id,
    ts: message.ts,
    ...(message.user !== undefined && { user: message.user }),
    ...(message.thread_ts !== undefined && { threadTs: message.thread_ts }),
    text: plainText(twin.state, message),
  });
  const uploaded: Json = message.files === undefined ? {} : { upload: false, display_as_bot: false };
  const event = { ...shape(twin, message), ...uploaded, ...where(channel, message.ts) };
  const withRoot = message.subtype === "thread_broadcast" && root !== undefined ? { root: shape(twin, root) } : {};
  twin.events.emit({ ...event, ...withRoot, type: "message" }, channel);
  const own = message.bot_id === twin.state.app.botId;
  if (!own && channel.kind !== "im" && message.text.includes(`<@${twin.state.app.botUserId}>`)) {
    const { channel_type: _, subtype: __, ...mention } = event;
    twin.events.emit({ ...mention, type: "app_mention" }, channel);
  }
  return message;
}

/** Changes what a message says, and tells the app. Only the given parts change. */
export function change(
  twin: Twin,
  message: Message,
  given: { by: string; text?: string; blocks?: Block[]; attachments?: Json[]; metadata?: Message["metadata"] | null },
): void {
  const channel = channelOf(twin, message);
  const previous = structuredClone(message);
  if (given.text !== undefined) message.text = given.text;
  if (given.blocks !== undefined) message.blocks = given.blocks;
  if (given.attachments !== undefined) message.attachments = given.attachments;
  if (given.metadata === null) delete message.metadata;
  else if (given.metadata !== undefined) message.metadata = given.metadata;
  message.edited = { user: given.by, ts: `${nextTs(twin.state).split(".")[0]}.000000` };
  tellChange(twin, channel, { message, previous });
}

/** Takes a message away; the root of a thread leaves a tombstone. */
export function remove(twin: Twin, message: Message): void {
  const channel = channelOf(twin, message);
  const previous = structuredClone(message);
  if ((message.reply_count ?? 0) > 0) {
    for (const key of ["blocks", "attachments", "files", "metadata", "reactions", "bot_id", "app_id"] as const) {
      delete message[key];
    }
    Object.assign(message, {
      subtype: "tombstone",
      text: "This message was deleted.",
      user: "USLACKBOT",
      hidden: true,
    });
    tellChange(twin, channel, { message, previous });
    return;
  }
  channel.messages.delete(message.ts);
  const root = message.thread_ts === undefined ? undefined : channel.messages.get(message.thread_ts);
  if (root !== undefined && root !== message) countReplies(channel, root);
  if (root?.subtype === "tombstone" && root.reply_count === 0) channel.messages.delete(root.ts);
  announce(twin.state, {
    kind: "message_deleted",
    channel: channel.id,
    ts: message.ts,
    ...(message.thread_ts !== undefined && { threadTs: message.thread_ts }),
  });
  twin.events.emit(
    {
      type: "message",
      subtype: "message_deleted",
      previous_message: shape(twin, previous),
      hidden: true,
      deleted_ts: previous.ts,
      ...where(channel, nextTs(twin.state)),
    },
    channel,
  );
}

/** A message as the API gives it: without its channel, and with its metadata only when asked. */
export function shape(twin: Twin, message: Message, asked: { metadata?: boolean } = {}): Json {
  const { channel: _, metadata, ...rest } = structuredClone(message);
  const shaped: Json = { ...rest, team: teamOf(twin, message) };
  if (rest.reply_count !== undefined) {
    Object.assign(shaped, { reply_users_count: rest.reply_users?.length ?? 0, is_locked: false, subscribed: false });
  }
  if (rest.bot_id === twin.state.app.botId) {
    const { id: appId, name } = twin.state.app;
    shaped["bot_profile"] = { id: rest.bot_id, app_id: appId, name, deleted: false, team_id: twin.state.team.id };
  }
  if (asked.metadata === true && metadata !== undefined) shaped["metadata"] = metadata;
  return shaped;
}

/** Gives every block its `block_id` and every interactive element its `action_id`, as Slack does. */
export function withIds(blocks: Json[]): Block[] {
  return blocks.map((block) => {
    const copy = structuredClone(block);
    const kept: Block = { ...copy, type: String(copy["type"]) };
    kept.block_id ??= shortId();
    for (const holder of [kept["elements"], [kept["accessory"]], [kept["element"]]]) {
      if (!Array.isArray(holder) || kept.type === "rich_text" || kept.type === "context") continue;
      for (const element of holder) {
        if (isJson(element) && element["type"] !== "image") element["action_id"] ??= shortId();
      }
    }
    return kept;
  });
}

/** What a person's words become: the rich text block that Slack's composer makes. */
export function richText(twin: Twin, text: string): Block[] {
  const elements = text.split(/(<[^<>]+>)/).filter((part) => part !== "");
  const inline = elements.map((part) => {
    const inside = part.startsWith("<") && part.endsWith(">") ? part.slice(1, -1) : null;
    if (inside?.startsWith("@")) return { type: "user", user_id: inside.slice(1) };
    if (inside?.startsWith("#")) return { type: "channel", channel_id: inside.slice(1).split("|")[0] };
    if (inside !== null) return { type: "link", url: inside.split("|")[0] };
    return { type: "text", text: mrkdwn(twin.state, part) };
  });
  return withIds([{ type: "rich_text", elements: [{ type: "rich_text_section", elements: inline }] }]);
}

/** The channel that a stored message is in. */
export function channelOf(twin: Twin, message: Message): Channel {
  const channel = twin.state.channels.get(message.channel);
  if (channel === undefined) throw new Error(`The message ${message.ts} is in no channel.`);
  return channel;
}

/** A stranger's messages carry the stranger's team. */
function teamOf(twin: Twin, message: Message): string {
  const author = [...twin.state.people.values()].find(({ id }) => id === message.user);
  return author?.foreign === true ? FOREIGN_TEAM : twin.state.team.id;
}

/** The keys that every event about a channel's message carries. */
export function where(channel: Channel, ts: Ts): Json {
  return { channel: channel.id, ts, event_ts: ts, channel_type: channel.kind };
}

function tellChange(twin: Twin, channel: Channel, both: { message: Message; previous: Message }): void {
  announce(twin.state, {
    kind: "message_changed",
    channel: channel.id,
    ts: both.message.ts,
    ...(both.message.thread_ts !== undefined && { threadTs: both.message.thread_ts }),
    text: plainText(twin.state, both.message),
  });
  twin.events.emit(
    {
      type: "message",
      subtype: "message_changed",
      message: shape(twin, both.message),
      previous_message: shape(twin, both.previous),
      hidden: true,
      ...where(channel, nextTs(twin.state)),
    },
    channel,
  );
}

function addReply(root: Message, reply: Message): void {
  const author = reply.user ?? reply.bot_id ?? "";
  root.thread_ts = root.ts;
  root.reply_count = (root.reply_count ?? 0) + 1;
  root.reply_users = [...new Set([...(root.reply_users ?? []), author])];
  root.latest_reply = reply.ts;
}

function countReplies(channel: Channel, root: Message): void {
  const replies = [...channel.messages.values()].filter(({ thread_ts, ts }) => thread_ts === root.ts && ts !== root.ts);
  root.reply_count = replies.length;
  root.reply_users = [...new Set(replies.map((reply) => reply.user ?? reply.bot_id ?? ""))];
  const latest = replies.at(-1);
  if (latest === undefined) {
    delete root.latest_reply;
    delete root.thread_ts;
  } else root.latest_reply = latest.ts;
}

function shortId(): string {
  return randomBytes(4).toString("base64url").slice(0, 5);
}
