import type { Json, Message } from "../contract.ts";
import { shape } from "../messages.ts";
import { announce, type Channel, findPerson, nextTs, openIm } from "../state.ts";
import { ApiError, type Call, channelById, invalidArguments, type Method, page, TIER } from "./call.ts";

export const conversationMethods: Record<string, Method> = {
  "conversations.info": { perMinute: TIER[3], run: info },
  "conversations.list": { perMinute: TIER[2], run: list },
  "conversations.history": { perMinute: TIER[3], run: history },
  "conversations.replies": { perMinute: TIER[3], run: replies },
  "conversations.members": { perMinute: TIER[4], run: members },
  "conversations.join": { scopes: ["channels:join"], perMinute: TIER[3], writes: true, run: join },
  "conversations.open": { perMinute: TIER[3], writes: true, run: open },
  "users.conversations": { perMinute: TIER[2], run: list },
};

const PREFIX = { channel: "channels", group: "groups", im: "im" } as const;
const TYPE = { channel: "public_channel", group: "private_channel", im: "im" } as const;
const KNOWN_TYPES: readonly string[] = [...Object.values(TYPE), "mpim"];

function info(call: Call): Json {
  const channel = scoped(call, "read");
  const shaped = channelShape(call, channel);
  return {
    channel: call.args.flag("include_num_members")
      ? { ...shaped, num_members: memberIds(call, channel).length }
      : shaped,
  };
}

function list(call: Call): Json {
  const types = (call.args.text("types") ?? "public_channel").split(",").map((type) => type.trim());
  for (const type of types) {
    if (!KNOWN_TYPES.includes(type)) throw new ApiError("invalid_types");
    if (type !== "mpim") call.scope(`${prefixOf(type)}:read`);
  }
  const own = call.method === "users.conversations";
  const user = call.args.text("user");
  const shown = [...call.twin.state.channels.values()].filter((channel) => {
    if (!types.includes(TYPE[channel.kind])) return false;
    if (call.args.flag("exclude_archived") && channel.archived) return false;
    if (channel.kind !== "channel" && !channel.bot) return false;
    if (!own) return true;
    return user === undefined || user === call.twin.state.app.botUserId ? channel.bot : channel.members.includes(user);
  });
  const { page: channels, next } = page(call, shown, { normal: 100, max: 1000 });
  return {
    channels: channels.map((channel) => channelShape(call, channel)),
    response_metadata: { next_cursor: next },
  };
}

function history(call: Call): Json {
  const channel = scoped(call, "history");
  if (!channel.bot) throw new ApiError("not_in_channel");
  const inChannel = [...channel.messages.values()]
    .filter(
      ({ ts, thread_ts, subtype }) => thread_ts === undefined || thread_ts === ts || subtype === "thread_broadcast",
    )
    .filter(between(call))
    .reverse();
  return { ...messagePage(call, inChannel, 100), pin_count: 0 };
}

function replies(call: Call): Json {
  const channel = scoped(call, "history");
  if (!channel.bot) throw new ApiError("not_in_channel");
  const root = channel.messages.get(call.args.need("ts"));
  if (root === undefined) throw new ApiError("thread_not_found");
  const answers = [...channel.messages.values()].filter(({ ts, thread_ts }) => thread_ts === root.ts && ts !== root.ts);
  const shown = messagePage(call, answers.filter(between(call)), 1000);
  // The root leads every page, whatever the bounds.
  const withRoot = [shape(call.twin, root, { metadata: wantsMetadata(call) }), ...shown.messages];
  return { ...shown, messages: withRoot };
}

function members(call: Call): Json {
  const channel = scoped(call, "read");
  const { page: ids, next } = page(call, memberIds(call, channel), { normal: 100, max: 1000 });
  return { members: ids, response_metadata: { next_cursor: next } };
}

function join(call: Call): Json {
  const channel = channelById(call, call.args.need("channel"));
  if (channel.kind !== "channel") throw new ApiError("method_not_supported_for_channel_type");
  if (channel.archived) throw new ApiError("is_archived");
  if (channel.bot) return { channel: channelShape(call, channel), warning: "already_in_channel" };
  channel.bot = true;
  const { state, events } = call.twin;
  announce(state, { kind: "channel", channel: channel.id });
  events.emit(
    {
      type: "member_joined_channel",
      user: state.app.botUserId,
      channel: channel.id,
      channel_type: "C",
      team: state.team.id,
      event_ts: nextTs(state),
    },
    channel,
  );
  return { channel: channelShape(call, channel) };
}

function open(call: Call): Json {
  call.scope("im:write");
  const users = call.args.text("users")?.split(",") ?? [];
  const id = call.args.text("channel");
  if (id !== undefined) return { channel: { id: channelById(call, id).id } };
  if (users.length > 1) throw new ApiError("method_not_supported_for_channel_type");
  const user = users[0];
  if (user === undefined) throw invalidArguments("[ERROR] must provide channel or users");
  const partner = findPerson(call.twin.state, user);
  if (partner === undefined || partner.id !== user) throw new ApiError("user_not_found");
  if (partner.deleted) throw new ApiError("user_disabled");
  const channel = openIm(call.twin.state, partner);
  return { channel: call.args.flag("return_im") ? channelShape(call, channel) : { id: channel.id } };
}

function scoped(call: Call, right: "read" | "history"): Channel {
  const which = call.args.need("channel");
  const known = call.twin.state.channels.get(which);
  call.scope(`${PREFIX[known?.kind ?? "channel"]}:${right}`);
  return channelById(call, which);
}

function prefixOf(type: string): string {
  return type === "im" ? "im" : type === "private_channel" ? "groups" : "channels";
}

function memberIds(call: Call, channel: Channel): string[] {
  return [...channel.members, ...(channel.bot ? [call.twin.state.app.botUserId] : [])];
}

function between(call: Call): (message: Message) => boolean {
  const oldest = call.args.text("oldest") ?? "0";
  const latest = call.args.text("latest") ?? "99999999999";
  const inclusive = call.args.flag("inclusive");
  return ({ ts }) => {
    if (inclusive && (ts === oldest || ts === latest)) return true;
    return Number(ts) > Number(oldest) && Number(ts) < Number(latest);
  };
}

function messagePage(call: Call, messages: Message[], normal: number): Json & { messages: Json[] } {
  const { page: shown, next } = page(call, messages, { normal, max: 1000 });
  return {
    messages: shown.map((message) => shape(call.twin, message, { metadata: wantsMetadata(call) })),
    has_more: next !== "",
    ...(next !== "" && { response_metadata: { next_cursor: next } }),
  };
}

function wantsMetadata(call: Call): boolean {
  return call.args.flag("include_all_metadata");
}

function channelShape(call: Call, channel: Channel): Json {
  const { state } = call.twin;
  const base = {
    id: channel.id,
    created: channel.created,
    is_archived: channel.archived,
    context_team_id: state.team.id,
  };
  if (channel.im !== null) return { ...base, is_im: true, user: channel.im, is_user_deleted: false, priority: 0 };
  const said = { value: "", creator: "", last_set: 0 };
  return {
    ...base,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: true,
    is_group: false,
    is_im: false,
    is_mpim: false,
    is_private: channel.private,
    is_member: channel.bot,
    is_general: false,
    is_shared: false,
    is_ext_shared: false,
    is_org_shared: false,
    creator: "USLACKBOT",
    topic: said,
    purpose: said,
    num_members: channel.members.length + (channel.bot ? 1 : 0),
  };
}
