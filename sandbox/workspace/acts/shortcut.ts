import type { Acted, Acts } from "../contract.ts";
import { slackSays } from "../ephemerals.ts";
import { shape } from "../messages.ts";
import { findChannel, person } from "../state.ts";
import type { Twin } from "../twin.ts";
import { microTs } from "./inputs.ts";
import { acknowledged, FAILED_ACTION, identity, nameIn, refused } from "./payload.ts";

/** Choosing a shortcut, from the menu or on a message. */
export function createShortcut(twin: Twin): (act: Acts["shortcut"]) => Promise<Acted> {
  const { state, tickets } = twin;
  return async (act) => {
    const user = person(state, act.user);
    const all = state.manifest.features?.shortcuts ?? [];
    const found = all.find(({ name, callback_id }) => name === act.name || callback_id === act.name);
    if (found === undefined) return refused("no_such_shortcut");
    const common = { callback_id: found.callback_id, trigger_id: tickets.trigger(user.id), action_ts: microTs() };
    if (found.type === "global") {
      return acknowledged(
        await twin.dispatch.send("interactive", { type: "shortcut", ...identity(state, user), ...common }),
      );
    }
    const channel = act.message === undefined ? undefined : findChannel(state, act.message.channel);
    const message = channel?.messages.get(act.message?.ts ?? "");
    if (channel === undefined || message === undefined) return refused("message_not_found");
    const threadTs = message.thread_ts;
    const answer = await twin.dispatch.send("interactive", {
      type: "message_action",
      ...identity(state, user),
      ...common,
      channel: { id: channel.id, name: nameIn(channel) },
      message_ts: message.ts,
      message: shape(twin, message),
      response_url: tickets.responseUrl({
        user: user.id,
        channel: channel.id,
        ...(threadTs !== undefined && { threadTs }),
      }),
    });
    const acted = acknowledged(answer);
    if (acted.error !== undefined) slackSays(state, { user: user.id, channel: channel.id }, FAILED_ACTION);
    return acted;
  };
}
