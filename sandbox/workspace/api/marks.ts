import type { Json, Message } from "../contract.ts";
import { pin, react } from "../marks.ts";
import { shape } from "../messages.ts";
import { ApiError, type Call, channelById, type Method, TIER } from "./call.ts";

export const markMethods: Record<string, Method> = {
  "reactions.add": {
    scopes: ["reactions:write"],
    perMinute: TIER[3],
    writes: true,
    run: (call) => reaction(call, false),
  },
  "reactions.remove": {
    scopes: ["reactions:write"],
    perMinute: TIER[2],
    writes: true,
    run: (call) => reaction(call, true),
  },
  "reactions.get": { scopes: ["reactions:read"], perMinute: TIER[3], run: getReactions },
  "pins.add": { scopes: ["pins:write"], perMinute: TIER[2], writes: true, run: (call) => pinned(call, false) },
  "pins.remove": { scopes: ["pins:write"], perMinute: TIER[2], writes: true, run: (call) => pinned(call, true) },
  "pins.list": { scopes: ["pins:read"], perMinute: TIER[2], run: listPins },
};

function reaction(call: Call, remove: boolean): Json {
  const emoji = call.args.need("name").replace(/^:|:$/g, "");
  const user = call.twin.state.app.botUserId;
  return refuse(react(call.twin, target(call), { user, emoji, remove }));
}

function getReactions(call: Call): Json {
  const message = target(call);
  return { type: "message", channel: message.channel, message: shape(call.twin, message) };
}

function pinned(call: Call, remove: boolean): Json {
  return refuse(pin(call.twin, target(call), { user: call.twin.state.app.botUserId, remove }));
}

function listPins(call: Call): Json {
  const channel = channelById(call, call.args.need("channel"));
  const items = [...channel.messages.values()]
    .filter((message) => message.pinned_to !== undefined)
    .map((message) => ({ type: "message", channel: channel.id, message: shape(call.twin, message) }));
  return { items };
}

function target(call: Call): Message {
  const channel = channelById(call, call.args.need("channel"));
  if (!channel.bot) throw new ApiError("not_in_channel");
  const message = channel.messages.get(call.args.need("timestamp"));
  if (message === undefined || message.subtype === "tombstone") throw new ApiError("message_not_found");
  return message;
}

function refuse(error: string | null): Json {
  if (error !== null) throw new ApiError(error);
  return {};
}
