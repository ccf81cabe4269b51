import { randomBytes } from "node:crypto";
import { plainText } from "./blocks/plain.ts";
import type { Block, Json, View } from "./contract.ts";
import { isJson, object, objects, text } from "./json.ts";
import { withIds } from "./messages.ts";
import { announce, newId, type State, show } from "./state.ts";

/** Slack's stack of modals holds three. */
export const MAX_STACK = 3;

/** A view in Slack's full shape, from what the app sent. */
export function newView(state: State, sent: Json, kind: { below?: View; previous?: View }): View {
  const id = kind.previous?.id ?? newId("V");
  const blocks = withIds(objects(sent["blocks"]));
  return {
    ...sent,
    id,
    team_id: state.team.id,
    type: sent["type"] === "home" ? "home" : "modal",
    callback_id: text(sent["callback_id"]),
    external_id: text(sent["external_id"]),
    private_metadata: text(sent["private_metadata"]),
    clear_on_close: sent["clear_on_close"] === true,
    notify_on_close: sent["notify_on_close"] === true,
    close: isJson(sent["close"]) ? sent["close"] : null,
    submit: isJson(sent["submit"]) ? sent["submit"] : null,
    blocks,
    state: { values: carriedState(blocks, kind.previous) },
    hash: `${Math.floor(Date.now() / 1000)}.${randomBytes(6).toString("base64url")}`,
    previous_view_id: kind.below?.id ?? kind.previous?.previous_view_id ?? null,
    root_view_id: kind.below?.root_view_id ?? kind.previous?.root_view_id ?? id,
    app_id: state.app.id,
    app_installed_team_id: state.team.id,
    bot_id: state.app.botId,
  };
}

/** Puts a person's stack of modals in place, and shows its top. */
export function setStack(state: State, user: string, stack: View[]): void {
  const before = state.modals.get(user)?.at(-1);
  if (stack.length === 0) state.modals.delete(user);
  else state.modals.set(user, stack);
  const top = stack.at(-1);
  if (top !== undefined && top !== before) show(state, user, { kind: "modal", text: plainText(state, top) });
  announce(state, { kind: "modal", user, ...(top !== undefined && { text: plainText(state, top) }) });
}

/** Who has this view open, by its id or external id. */
export function findOpen(
  state: State,
  which: { id?: string; externalId?: string },
): { user: string; view: View } | undefined {
  for (const [user, stack] of state.modals) {
    const view = stack.find(
      (one) => one.id === which.id || (!!which.externalId && one["external_id"] === which.externalId),
    );
    if (view !== undefined) return { user, view };
  }
  return undefined;
}

/** The interactive elements of blocks, each with its block. */
export function elementsOf(blocks: readonly Json[]): { block: Block; element: Json }[] {
  return blocks.flatMap((block) => {
    const held = [...objects(block["elements"]), ...objects([block["accessory"], block["element"]])];
    const here = held
      .filter((element) => typeof element["action_id"] === "string")
      .map((element) => ({ block: { ...block, type: text(block["type"]) }, element }));
    return [...here, ...elementsOf(objects(block["child_blocks"])), ...elementsOf(cards(block))];
  });
}

/** What an element holds before anybody touched it; null for one that holds nothing (a button). */
export function initialState(element: Json): Json | null {
  const type = text(element["type"]);
  const of = (key: string, value: unknown): Json => ({ type, [key]: value ?? null });
  if (type.startsWith("multi_") && type.endsWith("static_select")) {
    return { type, selected_options: objects(element["initial_options"]) };
  }
  switch (type) {
    case "plain_text_input":
    case "number_input":
    case "email_text_input":
    case "url_text_input":
      return of("value", element["initial_value"]);
    case "static_select":
    case "external_select":
    case "radio_buttons":
      return of("selected_option", element["initial_option"]);
    case "checkboxes":
    case "multi_external_select":
      return { type, selected_options: objects(element["initial_options"]) };
    case "users_select":
      return of("selected_user", element["initial_user"]);
    case "channels_select":
      return of("selected_channel", element["initial_channel"]);
    case "conversations_select":
      return of("selected_conversation", element["initial_conversation"]);
    case "multi_users_select":
      return { type, selected_users: element["initial_users"] ?? [] };
    case "multi_channels_select":
      return { type, selected_channels: element["initial_channels"] ?? [] };
    case "multi_conversations_select":
      return { type, selected_conversations: element["initial_conversations"] ?? [] };
    case "datepicker":
      return of("selected_date", element["initial_date"]);
    case "timepicker":
      return of("selected_time", element["initial_time"]);
    case "datetimepicker":
      return of("selected_date_time", element["initial_date_time"]);
    case "rich_text_input":
      return of("rich_text_value", element["initial_value"]);
    case "file_input":
      return { type, files: [] };
    default:
      return null;
  }
}

/** The state of blocks: what was typed stays where `block_id` and `action_id` stay. */
export function carriedState(blocks: readonly Block[], previous?: View): View["state"]["values"] {
  const values: View["state"]["values"] = {};
  for (const { block, element } of elementsOf(blocks)) {
    const blockId = text(block.block_id);
    const actionId = text(element["action_id"]);
    const initial = initialState(element);
    if (initial === null) continue;
    const before = previous?.state.values[blockId]?.[actionId];
    const held = before?.["type"] === initial["type"] ? before : undefined;
    values[blockId] = { ...values[blockId], [actionId]: held ?? initial };
  }
  return values;
}

/** The label that a person reads on an element. */
export function labelOf(element: Json): string {
  return text(object(element["text"])["text"]) || text(object(element["placeholder"])["text"]);
}

function cards(block: Json): Json[] {
  if (block["type"] === "carousel") return objects(block["elements"]);
  return block["type"] === "card" ? [{ type: "actions", block_id: block["block_id"], elements: block["actions"] }] : [];
}
