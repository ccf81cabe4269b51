import type { Acted, Acts, Json } from "../contract.ts";
import { slackSays } from "../ephemerals.ts";
import { object, text } from "../json.ts";
import { person, show } from "../state.ts";
import type { Twin } from "../twin.ts";
import { elementsOf, labelOf } from "../views.ts";
import { fill, microTs } from "./inputs.ts";
import { acknowledged, FAILED_ACTION, identity, refused } from "./payload.ts";
import { pressedOn } from "./targets.ts";

/** Pressing a button, or choosing in any other interactive element. */
export function createPress(twin: Twin): (act: Acts["press"]) => Promise<Acted> {
  const { state, tickets } = twin;
  return async (act) => {
    const user = person(state, act.user);
    const target = pressedOn(twin, user, act.on);
    if ("error" in target) return refused(target.error);
    const found = findElement(target.blocks, act);
    if (found === null) return refused("no_such_button");
    const { block, element } = found;
    const action: Json = {
      type: element["type"],
      action_id: element["action_id"],
      block_id: block.block_id,
      action_ts: microTs(),
    };
    if (element["type"] === "button") {
      for (const key of ["text", "value", "style", "url"]) if (element[key] !== undefined) action[key] = element[key];
    } else {
      const filled = fill(state, element, act.value ?? "");
      if ("error" in filled) return refused(text(filled["error"]));
      Object.assign(action, filled);
      const block_id = text(block.block_id);
      const held = target.values[block_id] ?? {};
      target.values[block_id] = held;
      if (element["type"] !== "overflow") held[text(element["action_id"])] = filled;
      // An input tells the app only when it was asked to.
      if (block.type === "input" && block["dispatch_action"] !== true) return { ok: true };
    }
    const answer = await twin.dispatch.send("interactive", {
      type: "block_actions",
      ...identity(state, user),
      trigger_id: tickets.trigger(user.id),
      ...target.payload(),
      actions: [action],
    });
    const acted = acknowledged(answer);
    if (acted.error === undefined) return acted;
    if (target.channel === "") show(state, user.id, { kind: "modal", text: FAILED_ACTION });
    else slackSays(state, { user: user.id, channel: target.channel }, FAILED_ACTION);
    return acted;
  };
}

function findElement(blocks: Json[], act: Acts["press"]): ReturnType<typeof elementsOf>[number] | null {
  const named = elementsOf(blocks).filter(({ block, element }) => {
    const label = labelOf(element) || text(object(block["label"])["text"]);
    return element["action_id"] === act.button || label === act.button || block.block_id === act.button;
  });
  const buttons = named.filter(({ element }) => element["type"] === "button");
  if (act.value === undefined || buttons.length === 0) return named[0] ?? null;
  return buttons.find(({ element }) => element["value"] === act.value) ?? null;
}
