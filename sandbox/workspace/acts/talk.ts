import { randomUUID } from "node:crypto";
import type { Acted, Acts, Message, PersonShown } from "../contract.ts";
import { idFrom } from "../create.ts";
import { newFile, share } from "../files.ts";
import { pin as pinMark, react as reactMark } from "../marks.ts";
import { change, post, remove, richText } from "../messages.ts";
import { type Channel, findChannel, person } from "../state.ts";
import type { Twin } from "../twin.ts";
import { refused } from "./payload.ts";
import { encode } from "./words.ts";

/** What people do with messages, as Slack's client lets them. */
export function createTalk(twin: Twin) {
  const { state } = twin;

  function say(act: Acts["say"]): Acted {
    const { channel, user, error } = place(act);
    if (error !== null) return refused(error);
    const bad = badThread(channel, act.threadTs);
    if (bad !== null) return refused(bad);
    const text = encode(state, act.text);
    const message = post(twin, channel, {
      client_msg_id: randomUUID(),
      user: user.id,
      text,
      blocks: richText(twin, text),
      ...(act.threadTs !== undefined && { thread_ts: act.threadTs }),
      broadcast: act.broadcast ?? false,
    });
    return { ok: true, ts: message.ts };
  }

  function edit(act: Acts["edit"]): Acted {
    const { message, user, error } = own(act);
    if (error !== null) return refused(error);
    const text = encode(state, act.text);
    change(twin, message, { by: user.id, text, blocks: richText(twin, text) });
    return { ok: true, ts: message.ts };
  }

  function deleteMessage(act: Acts["delete"]): Acted {
    const { message, error } = own(act);
    if (error !== null) return refused(error);
    remove(twin, message);
    return { ok: true, ts: message.ts };
  }

  function react(act: Acts["react"]): Acted {
    const { message, user, error } = found(act);
    if (error !== null) return refused(error);
    const given = { user: user.id, emoji: act.emoji.replace(/^:|:$/g, ""), remove: act.remove ?? false };
    return outcome(reactMark(twin, message, given), message);
  }

  function pin(act: Acts["pin"]): Acted {
    const { message, user, error } = found(act);
    if (error !== null) return refused(error);
    return outcome(pinMark(twin, message, { user: user.id, remove: act.remove ?? false }), message);
  }

  function upload(act: Acts["upload"]): Acted & { fileId?: string } {
    const { channel, user, error } = place(act);
    if (error !== null) return refused(error);
    const bad = badThread(channel, act.threadTs);
    if (bad !== null) return refused(bad);
    const bytes = Buffer.from(act.text, "utf8");
    const file = newFile(state, { name: act.name, user: user.id, size: bytes.byteLength });
    Object.assign(file, { bytes, uploadToken: null, complete: true });
    const text = encode(state, act.comment ?? "");
    share(twin, channel, {
      files: [file],
      draft: {
        user: user.id,
        text,
        client_msg_id: randomUUID(),
        ...(text !== "" && { blocks: richText(twin, text) }),
        ...(act.threadTs !== undefined && { thread_ts: act.threadTs }),
      },
    });
    const ts = [...channel.messages.keys()].at(-1);
    return { ok: true, fileId: file.id, ...(ts !== undefined && { ts }) };
  }

  function postAs(act: Acts["postAs"]): Acted {
    const channel = findChannel(state, act.channel);
    if (channel === undefined) return refused("channel_not_found");
    if (channel.archived) return refused("is_archived");
    const bad = badThread(channel, act.threadTs);
    if (bad !== null) return refused(bad);
    const botId = idFrom("B", act.bot);
    state.bots.set(botId, act.bot);
    const message = post(twin, channel, {
      subtype: "bot_message",
      bot_id: botId,
      username: act.bot,
      text: act.text,
      ...(act.threadTs !== undefined && { thread_ts: act.threadTs }),
    });
    return { ok: true, ts: message.ts };
  }

  type Placed = { channel: Channel; user: PersonShown; error: null };
  type Missed = { error: string; channel?: never; user?: never };

  function place(act: { user: string; channel: string }): Placed | Missed {
    const user = person(state, act.user);
    const channel = findChannel(state, act.channel);
    if (channel === undefined) return { error: "channel_not_found" };
    if (!channel.members.includes(user.id)) return { error: "not_in_channel" };
    return channel.archived ? { error: "is_archived" } : { channel, user, error: null };
  }

  type Found = Placed & { message: Message };

  function found(act: { user: string; channel: string; ts: string }): Found | (Missed & { message?: never }) {
    const placed = place(act);
    if (placed.error !== null) return placed;
    const message = placed.channel.messages.get(act.ts);
    if (message === undefined || message.subtype === "tombstone") return { error: "message_not_found" };
    return { ...placed, message };
  }

  function own(act: { user: string; channel: string; ts: string }): Found | (Missed & { message?: never }) {
    const mine = found(act);
    if (mine.error !== null || mine.message.user === mine.user.id) return mine;
    return { error: "not_yours" };
  }

  return { say, edit, delete: deleteMessage, react, pin, upload, postAs };
}

/** Why a reply to this message cannot be; null when it can. */
function badThread(channel: Channel, threadTs: string | undefined): string | null {
  if (threadTs === undefined) return null;
  const root = channel.messages.get(threadTs);
  if (root === undefined) return "thread_not_found";
  return root.thread_ts === undefined || root.thread_ts === root.ts ? null : "cannot_reply_to_message";
}

function outcome(error: string | null, message: Message): Acted {
  return error === null ? { ok: true, ts: message.ts } : { ok: false, error };
}
