import type { Json } from "../contract.ts";
import { isJson, objects } from "../json.ts";
import type { Checker } from "./limits.ts";

const SELECTS = ["static", "external", "users", "conversations", "channels"];
const SINGLE = SELECTS.map((kind) => `${kind}_select`);
const MULTI = SELECTS.map((kind) => `multi_${kind}_select`);
const CHOICES = ["checkboxes", "radio_buttons"];
const TIMES = ["datepicker", "timepicker", "datetimepicker"];
const TYPED = [
  "plain_text_input",
  "number_input",
  "email_text_input",
  "url_text_input",
  "rich_text_input",
  "file_input",
];

export const IN_ACTIONS: readonly string[] = [
  ...["button", "overflow", "workflow_button", "rich_text_input"],
  ...SINGLE,
  ...MULTI,
  ...CHOICES,
  ...TIMES,
];
export const IN_SECTION: readonly string[] = [...IN_ACTIONS, "image"].filter((type) => type !== "rich_text_input");
export const IN_INPUT: readonly string[] = [...TYPED, ...SINGLE, ...MULTI, ...CHOICES, ...TIMES];
/** What can be asked for in a message; typing is for modals and Home. */
export const TYPED_ONLY_IN_VIEWS: readonly string[] = TYPED;

/** Checks one block element that stands at `at`, where only `allowed` types may. */
export function checkElement(
  check: Checker,
  element: unknown,
  place: { at: string; allowed: readonly string[] },
): void {
  const { at, allowed } = place;
  if (!isJson(element)) {
    check.fail(at, "invalid_type", "must provide an object");
    return;
  }
  const type = String(element["type"]);
  if (!allowed.includes(type)) {
    check.fail(`${at}/type`, "unsupported_type", `unsupported type: ${type}`);
    return;
  }
  check.string(element, "action_id", { max: 255, at });
  if (element["confirm"] !== undefined) checkConfirm(check, element["confirm"], `${at}/confirm`);
  check.text(element, "placeholder", { max: 150, at, plain: true, required: false });
  if (type === "button") checkButton(check, element, at);
  else if (type === "image") checkImage(check, element, at);
  else if (type === "overflow") checkOptions(check, element, { at, min: 1, max: 5 });
  else if (CHOICES.includes(type)) checkOptions(check, element, { at, min: 1, max: 10 });
  else if (type === "static_select" || type === "multi_static_select") checkStatic(check, element, at);
  else if (type === "plain_text_input") checkTyped(check, element, at);
  else if (type === "datepicker") checkDate(check, element, at);
}

function checkButton(check: Checker, button: Json, at: string): void {
  check.text(button, "text", { max: 75, at, plain: true });
  check.string(button, "value", { max: 2000, at });
  check.string(button, "url", { max: 3000, at });
  check.string(button, "accessibility_label", { max: 75, at });
  const style = button["style"];
  if (style !== undefined && style !== "primary" && style !== "danger") {
    check.fail(`${at}/style`, "invalid_enum", `must be a valid enum value: ${String(style)}`);
  }
}

export function checkImage(check: Checker, image: Json, at: string): void {
  check.string(image, "alt_text", { max: 2000, at, required: true });
  if (image["slack_file"] === undefined) check.string(image, "image_url", { max: 3000, at, required: true });
}

function checkStatic(check: Checker, select: Json, at: string): void {
  if (select["option_groups"] === undefined) {
    checkOptions(check, select, { at, min: 1, max: 100 });
    return;
  }
  const groups = check.list(select, "option_groups", { max: 100, at });
  for (const [index, group] of objects(groups).entries()) {
    const pointer = `${at}/option_groups/${index}`;
    check.text(group, "label", { max: 75, at: pointer, plain: true });
    checkOptions(check, group, { at: pointer, min: 1, max: 100 });
  }
}

function checkOptions(check: Checker, holder: Json, limit: { at: string; min: number; max: number }): void {
  const options = check.list(holder, "options", limit);
  const seen = new Set<unknown>();
  for (const [index, option] of options.entries()) {
    const at = `${limit.at}/options/${index}`;
    if (!isJson(option)) {
      check.fail(at, "invalid_type", "must provide an object");
      continue;
    }
    check.text(option, "text", { max: 75, at });
    check.string(option, "value", {
      max: 75,
      at,
      required: holder["type"] !== "overflow" || option["url"] === undefined,
    });
    check.text(option, "description", { max: 75, at, required: false });
    if (seen.has(option["value"])) check.fail(`${at}/value`, "duplicate_value", "must be unique");
    seen.add(option["value"]);
  }
}

function checkTyped(check: Checker, input: Json, at: string): void {
  check.string(input, "initial_value", { max: 3000, at });
  const { min_length: min, max_length: max } = input;
  if (typeof min === "number" && (min < 0 || min > 3000))
    check.fail(`${at}/min_length`, "out_of_range", "must be at most 3000");
  if (typeof max === "number" && (max < 1 || max > 3000))
    check.fail(`${at}/max_length`, "out_of_range", "must be at most 3000");
}

function checkDate(check: Checker, picker: Json, at: string): void {
  const date = picker["initial_date"];
  if (date !== undefined && !/^\d{4}-\d\d-\d\d$/.test(String(date))) {
    check.fail(`${at}/initial_date`, "invalid_format", "must be a valid date, YYYY-MM-DD");
  }
}

function checkConfirm(check: Checker, confirm: unknown, at: string): void {
  if (!isJson(confirm)) {
    check.fail(at, "invalid_type", "must provide an object");
    return;
  }
  check.text(confirm, "title", { max: 100, at, plain: true });
  check.text(confirm, "text", { max: 300, at });
  check.text(confirm, "confirm", { max: 30, at, plain: true });
  check.text(confirm, "deny", { max: 30, at, plain: true });
}
