import type { Ephemeral, Json, Message, PersonShown, PressedOn, View } from "../contract.ts";
import { objects } from "../json.ts";
import { shape } from "../messages.ts";
import { findChannel } from "../state.ts";
import type { Twin } from "../twin.ts";
import { carriedState } from "../views.ts";
import { nameIn } from "./payload.ts";

/** What can be pressed, and where it is. */
export interface Target {
  blocks: Json[];
  /** Channel id; "" in a view. */
  channel: string;
  /** What was chosen and typed there. */
  values: Record<string, Record<string, Json>>;
  /** The part of a `block_actions` payload that says where it was. */
  payload(): Json;
}

/** The message, ephemeral or view that a person presses something on, or Slack's error. */
export function pressedOn(twin: Twin, user: PersonShown, on: PressedOn): Target | { error: string } {
  const from = twin.state;
  if ("modal" in on) {
    const view = from.modals.get(user.id)?.find(({ id }) => id === on.modal);
    const home = from.homes.get(user.id);
    const shown = view ?? (home?.id === on.modal ? home : undefined);
    return shown === undefined ? { error: "no_modal" } : viewTarget(shown);
  }
  if ("ephemeral" in on) {
    const ephemeral = from.ephemerals.find(({ id }) => id === on.ephemeral);
    if (ephemeral === undefined || ephemeral.user !== user.id) return { error: "message_not_found" };
    return messageTarget(twin, { user, shown: ephemeral, original: { ephemeral: on.ephemeral } });
  }
  const channel = findChannel(from, on.channel);
  if (channel === undefined) return { error: "channel_not_found" };
  const message = channel.messages.get(on.ts);
  if (message === undefined) return { error: "message_not_found" };
  if (!channel.members.includes(user.id)) return { error: "not_in_channel" };
  return messageTarget(twin, { user, shown: message, original: { ts: on.ts } });
}

function viewTarget(view: View): Target {
  return {
    blocks: view.blocks,
    channel: "",
    values: view.state.values,
    payload: () => ({ container: { type: "view", view_id: view.id }, view: structuredClone(view) }),
  };
}

function messageTarget(
  twin: Twin,
  pressed: { user: PersonShown; shown: Message | Ephemeral; original: { ts: string } | { ephemeral: string } },
): Target {
  const { user, shown, original } = pressed;
  const { state, tickets } = twin;
  const channel = state.channels.get(shown.channel);
  const values = carriedState(shown.blocks ?? []);
  const threadTs = shown.thread_ts;
  const isEphemeral = "ephemeral" in original;
  return {
    blocks: [...(shown.blocks ?? []), ...(shown.attachments ?? []).flatMap((one) => objects(one["blocks"]))],
    channel: shown.channel,
    values,
    payload: () => ({
      container: {
        type: "message",
        message_ts: shown.ts,
        channel_id: shown.channel,
        is_ephemeral: isEphemeral,
        ...(threadTs !== undefined && { thread_ts: threadTs }),
      },
      channel: { id: shown.channel, name: channel === undefined ? "" : nameIn(channel) },
      ...("type" in shown && { message: shape(twin, shown, { metadata: true }) }),
      state: { values },
      response_url: tickets.responseUrl({
        user: user.id,
        channel: shown.channel,
        original,
        ...(threadTs !== undefined && { threadTs }),
      }),
    }),
  };
}
