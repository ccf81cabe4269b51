import type { KeyboardEvent } from "react";
import type { DrawProps } from "./Controls.tsx";
import type { Control, ControlValue } from "./model.ts";

const inputTypes: Record<string, string> = {
  email_text_input: "email",
  url_text_input: "url",
  number_input: "number",
  datepicker: "date",
  timepicker: "time",
  datetimepicker: "datetime-local",
};

/** Text, number, date and time inputs. Typing stays here; Enter or a picked date is sent on where the app asked for it. */
export function TextField({ blockId, control, value, busy, change, labelledBy, index }: DrawProps) {
  const words = {
    id: `${blockId}-${control.action_id ?? index}`,
    value: textIn(value),
    disabled: busy,
    placeholder: control.placeholder?.text,
    maxLength: control.max_length,
    "aria-labelledby": labelledBy,
    "aria-label": labelledBy === undefined ? (control.placeholder?.text ?? "Text") : undefined,
  };
  // A picker has no "Enter": choosing is the act. A text is sent on Enter, or on each letter when asked for.
  const onEachChange = isPicker(control) || triggers(control).includes("on_character_entered");
  const type = (text: string): void => change(withText(control, text), onEachChange);
  const enter = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || isPicker(control) || !triggers(control).includes("on_enter_pressed")) return;
    event.preventDefault();
    change(withText(control, textIn(value)), true);
  };
  if (control.multiline === true || control.type === "rich_text_input") {
    return <textarea className="field" rows={4} {...words} onChange={(event) => type(event.target.value)} />;
  }
  return (
    <input
      className="field"
      type={inputTypes[control.type] ?? "text"}
      step={control.type === "number_input" && control.is_decimal_allowed === true ? "any" : undefined}
      {...words}
      onKeyDown={enter}
      onChange={(event) => type(event.target.value)}
    />
  );
}

function triggers(control: Control): string[] {
  return control.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
}

function isPicker(control: Control): boolean {
  return control.type.endsWith("picker");
}

function textIn(value: ControlValue): string {
  if (value.type === "datetimepicker") {
    return typeof value.selected_date_time === "number" ? localInstant(value.selected_date_time) : "";
  }
  if (value.type === "rich_text_input") return value.value ?? "";
  return value.value ?? value.selected_date ?? value.selected_time ?? "";
}

function withText(control: Control, text: string): ControlValue {
  const { type } = control;
  const held = text === "" ? null : text;
  switch (type) {
    case "datepicker":
      return { type, selected_date: held };
    case "timepicker":
      return { type, selected_time: held };
    case "datetimepicker":
      return { type, selected_date_time: held === null ? null : Math.floor(new Date(held).getTime() / 1000) };
    case "rich_text_input":
      return { type, value: held, rich_text_value: richText(text) };
    default:
      return { type, value: held };
  }
}

function richText(text: string) {
  return { type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }] };
}

/** Epoch seconds -> what a datetime-local input holds, in the browser's zone. */
function localInstant(seconds: number): string {
  const at = new Date(seconds * 1000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
