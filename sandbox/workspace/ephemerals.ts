import { plainText } from "./blocks/plain.ts";
import type { Ephemeral, Seen } from "./contract.ts";
import { announce, newId, nextTs, type State, show } from "./state.ts";

/** Shows something to one person only. */
export function addEphemeral(state: State, given: Omit<Ephemeral, "id" | "ts">, kind: Seen["kind"]): Ephemeral {
  const ephemeral: Ephemeral = { id: newId("E"), ts: nextTs(state), ...given };
  state.ephemerals.push(ephemeral);
  tellEphemeral(state, ephemeral, kind);
  return ephemeral;
}

/** Shows an ephemeral anew after it was changed. */
export function tellEphemeral(state: State, ephemeral: Ephemeral, kind: Seen["kind"]): void {
  const text = plainText(state, ephemeral);
  show(state, ephemeral.user, { kind, text });
  announce(state, {
    kind: "ephemeral",
    channel: ephemeral.channel,
    user: ephemeral.user,
    ts: ephemeral.ts,
    ...(ephemeral.thread_ts !== undefined && { threadTs: ephemeral.thread_ts }),
    text,
  });
}

export function removeEphemeral(state: State, ephemeral: Ephemeral): void {
  state.ephemerals = state.ephemerals.filter((other) => other !== ephemeral);
  announce(state, { kind: "ephemeral_deleted", channel: ephemeral.channel, user: ephemeral.user, ts: ephemeral.ts });
}

/** Words of Slack itself to one person. */
export function slackSays(state: State, to: { user: string; channel: string }, text: string): void {
  addEphemeral(state, { ...to, text, from: "slack" }, "ephemeral");
}
