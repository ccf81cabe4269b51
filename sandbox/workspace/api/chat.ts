import type { Ephemeral, Json, Message } from "../contract.ts";
import { addEphemeral } from "../ephemerals.ts";
import { change, post, remove, shape } from "../messages.ts";
import type { Channel } from "../state.ts";
import { ApiError, type Call, channelById, invalidArguments, type Method, TIER, visibleChannel } from "./call.ts";
import { contentOf, isEmpty } from "./content.ts";

export const chatMethods: Record<string, Method> = {
  // The rate of 60 a minute is per channel; see rates.ts.
  "chat.postMessage": { scopes: ["chat:write"], perMinute: 60, writes: true, run: postMessage },
  "chat.postEphemeral": { scopes: ["chat:write"], perMinute: TIER[4], writes: true, run: postEphemeral },
  "chat.update": { scopes: ["chat:write"], perMinute: TIER[3], writes: true, run: update },
  "chat.delete": { scopes: ["chat:write"], perMinute: TIER[3], writes: true, run: deleteMessage },
  "chat.getPermalink": { perMinute: 600, run: getPermalink },
};

function postMessage(call: Call): Json {
  const { args, twin } = call;
  const channel = writable(call);
  const content = contentOf(call);
  if (isEmpty(content)) throw new ApiError("no_text");
  const { botId, botUserId, id: appId } = twin.state.app;
  const { metadata, text = "", ...rest } = content;
  const root = rootOf(call, channel);
  const clientMsgId = args.text("client_msg_id");
  const message = post(twin, channel, {
    user: botUserId,
    bot_id: botId,
    app_id: appId,
    text,
    ...rest,
    ...(metadata && { metadata }),
    ...(root !== undefined && { thread_ts: root.ts }),
    ...(clientMsgId !== undefined && { client_msg_id: clientMsgId }),
    broadcast: args.flag("reply_broadcast"),
  });
  return { channel: channel.id, ts: message.ts, message: shape(twin, message, { metadata: true }) };
}

function postEphemeral(call: Call): Json {
  const { twin } = call;
  const channel = writable(call);
  const user = call.args.need("user");
  if (!channel.members.includes(user)) throw new ApiError("user_not_in_channel");
  const content = contentOf(call);
  if (isEmpty(content)) throw new ApiError("no_text");
  const root = rootOf(call, channel);
  const ephemeral: Omit<Ephemeral, "id" | "ts"> = {
    user,
    channel: channel.id,
    text: content.text ?? "",
    from: "app",
    ...(content.blocks !== undefined && { blocks: content.blocks }),
    ...(content.attachments !== undefined && { attachments: content.attachments }),
    ...(root !== undefined && { thread_ts: root.ts }),
  };
  return { message_ts: addEphemeral(twin.state, ephemeral, "ephemeral").ts };
}

function update(call: Call): Json {
  const { args, twin } = call;
  const channel = addressed(call);
  const message = existing(channel, args.need("ts"));
  if (message.bot_id !== twin.state.app.botId) throw new ApiError("cant_update_message");
  if (channel.archived) throw new ApiError("is_archived");
  const content = contentOf(call);
  if (content.text === undefined && content.blocks === undefined && content.attachments === undefined) {
    throw new ApiError("no_text");
  }
  if (isEmpty({ ...message, ...content, metadata: null })) throw new ApiError("no_text");
  change(twin, message, { by: twin.state.app.botUserId, ...content });
  return { channel: channel.id, ts: message.ts, text: message.text, message: shape(twin, message, { metadata: true }) };
}

function deleteMessage(call: Call): Json {
  const { args, twin } = call;
  const channel = addressed(call);
  const message = existing(channel, args.need("ts"));
  if (message.bot_id !== twin.state.app.botId) throw new ApiError("cant_delete_message");
  remove(twin, message);
  return { channel: channel.id, ts: message.ts };
}

function getPermalink(call: Call): Json {
  const channel = channelById(call, call.args.need("channel"));
  const message = existing(channel, call.args.need("message_ts"));
  const { url } = call.twin.state;
  const thread = message.thread_ts === undefined || message.thread_ts === message.ts ? "" : message.thread_ts;
  const query = thread === "" ? "" : `?thread_ts=${thread}&cid=${channel.id}`;
  return { channel: channel.id, permalink: `${url}/archives/${channel.id}/p${message.ts.replace(".", "")}${query}` };
}

/** The channel to write into, if the bot may. */
function writable(call: Call): Channel {
  const channel = addressed(call);
  if (channel.archived) throw new ApiError("is_archived");
  const mayWithout = channel.kind === "channel" && call.twin.state.scopes.has("chat:write.public");
  if (!channel.bot && !mayWithout) throw new ApiError("not_in_channel");
  return channel;
}

function addressed(call: Call): Channel {
  return visibleChannel(call, call.args.need("channel"));
}

function existing(channel: Channel, ts: string): Message {
  const message = channel.messages.get(ts);
  if (message === undefined || message.subtype === "tombstone") throw new ApiError("message_not_found");
  return message;
}

function rootOf(call: Call, channel: Channel): Message | undefined {
  const ts = call.args.text("thread_ts");
  if (ts === undefined) return undefined;
  if (!/^\d+\.\d{6}$/.test(ts)) throw invalidArguments("[ERROR] invalid thread_ts [json-pointer:/thread_ts]");
  const root = channel.messages.get(ts);
  if (root === undefined) throw new ApiError("thread_not_found");
  if (root.thread_ts !== undefined && root.thread_ts !== root.ts) throw new ApiError("cannot_reply_to_message");
  return root;
}
