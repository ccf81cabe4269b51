import type { Message } from "./contract.ts";
import { channelOf, shape } from "./messages.ts";
import { announce, clockMs, nextTs } from "./state.ts";
import type { Twin } from "./twin.ts";

/** Adds or takes a reaction; Slack's error when it cannot be. */
export function react(
  twin: Twin,
  message: Message,
  given: { user: string; emoji: string; remove?: boolean },
): string | null {
  const { user, emoji, remove = false } = given;
  if (!/^[a-z0-9_+'-]+(::skin-tone-[2-6])?$/.test(emoji)) return "invalid_name";
  const reactions = message.reactions ?? [];
  const found = reactions.find(({ name }) => name === emoji);
  if (remove) {
    if (found === undefined || !found.users.includes(user)) return "no_reaction";
    found.users = found.users.filter((id) => id !== user);
    found.count = found.users.length;
  } else {
    if (found?.users.includes(user)) return "already_reacted";
    if (found === undefined) reactions.push({ name: emoji, users: [user], count: 1 });
    else {
      found.users.push(user);
      found.count = found.users.length;
    }
  }
  const left = reactions.filter(({ count }) => count > 0);
  if (left.length > 0) message.reactions = left;
  else delete message.reactions;
  announce(twin.state, { kind: "reaction", channel: message.channel, ts: message.ts, user, text: emoji });
  twin.events.emit(
    {
      type: remove ? "reaction_removed" : "reaction_added",
      user,
      reaction: emoji,
      item: { type: "message", channel: message.channel, ts: message.ts },
      ...(message.user !== undefined && { item_user: message.user }),
      event_ts: nextTs(twin.state),
    },
    channelOf(twin, message),
  );
  return null;
}

/** Pins or unpins a message; Slack's error when it cannot be. */
export function pin(twin: Twin, message: Message, given: { user: string; remove?: boolean }): string | null {
  const { user, remove = false } = given;
  const pinned = message.pinned_to !== undefined;
  if (remove && !pinned) return "no_pin";
  if (!remove && pinned) return "already_pinned";
  if (remove) delete message.pinned_to;
  else message.pinned_to = [message.channel];
  const channel = channelOf(twin, message);
  const pins = [...channel.messages.values()].filter(({ pinned_to }) => pinned_to !== undefined).length;
  announce(twin.state, { kind: "pin", channel: message.channel, ts: message.ts, user });
  twin.events.emit(
    {
      type: remove ? "pin_removed" : "pin_added",
      user,
      channel_id: message.channel,
      item: {
        type: "message",
        channel: message.channel,
        created: Math.floor(clockMs(twin.state) / 1000),
        created_by: user,
        message: shape(twin, message),
      },
      ...(message.user !== undefined && { item_user: message.user }),
      pin_count: pins,
      has_pins: pins > 0,
      event_ts: nextTs(twin.state),
    },
    channel,
  );
  return null;
}
