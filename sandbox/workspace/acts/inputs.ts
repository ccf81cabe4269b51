import type { Json } from "../contract.ts";
import { object, objects, text } from "../json.ts";
import { findChannel, findPerson, type State } from "../state.ts";

/** What an element holds after a person typed or chose `value` (several: separated by commas; "" empties it). */
export function fill(state: State, element: Json, value: string): Json | { error: string } {
  const type = text(element["type"]);
  const many = value.split(",").map((part) => part.trim());
  const given = value === "" ? [] : many;
  const missing = { error: "no_such_option" };
  switch (type) {
    case "plain_text_input":
    case "number_input":
    case "email_text_input":
    case "url_text_input":
      return { type, value: value === "" ? null : value };
    case "static_select":
    case "radio_buttons":
    case "overflow": {
      if (value === "") return { type, selected_option: null };
      const option = findOption(element, value);
      return option === undefined ? missing : { type, selected_option: option };
    }
    case "external_select":
      return { type, selected_option: value === "" ? null : typedOption(value) };
    case "multi_external_select":
      return { type, selected_options: given.map(typedOption) };
    case "checkboxes":
    case "multi_static_select": {
      const options = given.map((one) => findOption(element, one));
      return options.includes(undefined) ? missing : { type, selected_options: options };
    }
    case "users_select":
      return one("selected_user", findPerson(state, value)?.id);
    case "multi_users_select":
      return several("selected_users", (name) => findPerson(state, name)?.id);
    case "channels_select":
      return one("selected_channel", findChannel(state, value)?.id);
    case "conversations_select":
      return one("selected_conversation", findChannel(state, value)?.id);
    case "multi_channels_select":
      return several("selected_channels", (name) => findChannel(state, name)?.id);
    case "multi_conversations_select":
      return several("selected_conversations", (name) => findChannel(state, name)?.id);
    case "datepicker":
      return patterned("selected_date", /^\d{4}-\d\d-\d\d$/);
    case "timepicker":
      return patterned("selected_time", /^([01]\d|2[0-3]):[0-5]\d$/);
    case "datetimepicker":
      return instant();
    case "rich_text_input":
      return { type, rich_text_value: richTextOf(value) };
    default:
      return { error: "cannot_be_filled" };
  }

  function one(key: string, id: string | undefined): Json | { error: string } {
    if (value === "") return { type, [key]: null };
    return id === undefined ? missing : { type, [key]: id };
  }

  function several(key: string, idOf: (name: string) => string | undefined): Json | { error: string } {
    const ids = given.map(idOf);
    return ids.includes(undefined) ? missing : { type, [key]: ids };
  }

  function patterned(key: string, pattern: RegExp): Json | { error: string } {
    if (value === "") return { type, [key]: null };
    return pattern.test(value) ? { type, [key]: value } : { error: "invalid_format" };
  }

  function instant(): Json | { error: string } {
    if (value === "") return { type, selected_date_time: null };
    const seconds = /^\d+$/.test(value) ? Number(value) : Math.floor(Date.parse(value) / 1000);
    return Number.isNaN(seconds) ? { error: "invalid_format" } : { type, selected_date_time: seconds };
  }
}

/** Whether an element's state is empty: what a required input may not be. */
export function isEmptyState(held: Json): boolean {
  return Object.entries(held).every(([key, value]) => {
    if (key === "type") return true;
    return value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
  });
}

/** Why the client would not let this be sent; null when it would. */
export function clientRefusal(block: Json, element: Json, held: Json): string | null {
  if (isEmptyState(held)) return block["optional"] === true ? null : "Please complete this required field.";
  const value = text(held["value"]);
  const { min_length: min, max_length: max, min_value: least, max_value: most } = element;
  if (typeof min === "number" && value.length < min) return `Please enter at least ${min} characters.`;
  if (typeof max === "number" && value.length > max) return `Please enter at most ${max} characters.`;
  if (element["type"] === "number_input") {
    const pattern = element["is_decimal_allowed"] === true ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/;
    if (!pattern.test(value)) return "Please enter a number.";
    if (least !== undefined && Number(value) < Number(least)) return `Please enter ${String(least)} or more.`;
    if (most !== undefined && Number(value) > Number(most)) return `Please enter ${String(most)} or less.`;
  }
  if (element["type"] === "email_text_input" && !/^\S+@\S+\.\S+$/.test(value)) return "Please enter a valid address.";
  if (element["type"] === "url_text_input" && !URL.canParse(value)) return "Please enter a valid link.";
  return null;
}

/** Machine time as Slack's `action_ts`. */
export function microTs(): string {
  return (Date.now() / 1000).toFixed(6);
}

function findOption(element: Json, value: string): Json | undefined {
  const grouped = objects(element["option_groups"]).flatMap((group) => objects(group["options"]));
  const options = [...objects(element["options"]), ...grouped];
  return (
    options.find((option) => option["value"] === value) ??
    options.find((option) => text(object(option["text"])["text"]) === value)
  );
}

function typedOption(value: string): Json {
  return { text: { type: "plain_text", text: value, emoji: true }, value };
}

function richTextOf(value: string): Json | null {
  if (value === "") return null;
  const section = { type: "rich_text_section", elements: [{ type: "text", text: value }] };
  return { type: "rich_text", elements: [section] };
}
