import { useId } from "react";
import type { DrawProps } from "./Controls.tsx";
import type { Choice, Control, ControlValue } from "./model.ts";
import { type Directory, useDirectory } from "./surface.ts";
import { Text } from "./text.tsx";

interface Group {
  label: string | null;
  options: { id: string; name: string }[];
}

/** A select menu, over the app's own options or over the workspace's people and channels. */
export function Picker({ control, value, busy, change, labelledBy }: DrawProps) {
  const groups = groupsOf(control, useDirectory());
  const multiple = control.type.startsWith("multi_");
  const chosen = chosenIds(value);
  const pick = (ids: string[]): void => change(picked(control, ids), true);
  return (
    <select
      className="select"
      multiple={multiple}
      disabled={busy}
      value={multiple ? chosen : (chosen[0] ?? "")}
      aria-labelledby={labelledBy}
      aria-label={labelledBy === undefined ? (control.placeholder?.text ?? "Choose") : undefined}
      onChange={(event) => pick([...event.target.selectedOptions].map((option) => option.value).filter(Boolean))}
    >
      {!multiple && <option value="">{control.placeholder?.text ?? "Choose…"}</option>}
      {groups.map((group) =>
        group.label === null ? (
          group.options.map((option) => <PickerOption key={option.id} {...option} />)
        ) : (
          <optgroup key={group.label} label={group.label}>
            {group.options.map((option) => (
              <PickerOption key={option.id} {...option} />
            ))}
          </optgroup>
        ),
      )}
    </select>
  );
}

function PickerOption({ id, name }: { id: string; name: string }) {
  return <option value={id}>{name}</option>;
}

/** Radio buttons and checkboxes. */
export function ChoiceList({ control, value, busy, change, labelledBy }: DrawProps) {
  const name = useId();
  const several = control.type === "checkboxes";
  const chosen = chosenIds(value);
  const toggle = (option: Choice): void => {
    if (!several) {
      change({ type: control.type, selected_option: option }, true);
      return;
    }
    const left = chosen.includes(option.value)
      ? chosen.filter((one) => one !== option.value)
      : [...chosen, option.value];
    const options = (control.options ?? []).filter((one) => left.includes(one.value));
    change({ type: control.type, selected_options: options }, true);
  };
  return (
    <fieldset className="choices" aria-labelledby={labelledBy}>
      {control.options?.map((option) => (
        <label key={option.value}>
          <input
            type={several ? "checkbox" : "radio"}
            name={name}
            disabled={busy}
            checked={chosen.includes(option.value)}
            onChange={() => toggle(option)}
          />
          <span>
            <Text text={option.text} />
            {option.description !== undefined && (
              <small>
                <Text text={option.description} />
              </small>
            )}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function groupsOf(control: Control, directory: Directory): Group[] {
  const named = (options: Choice[]): Group["options"] =>
    options.map((option) => ({ id: option.value, name: option.text.text }));
  if (control.type.endsWith("users_select")) return [{ label: null, options: directory.people }];
  if (control.type === "channels_select" || control.type === "conversations_select") {
    return [{ label: null, options: directory.channels.map(({ id, name }) => ({ id, name: `#${name}` })) }];
  }
  if (control.option_groups !== undefined) {
    return control.option_groups.map((group) => ({ label: group.label.text, options: named(group.options) }));
  }
  return [{ label: null, options: named(control.options ?? []) }];
}

function chosenIds(value: ControlValue): string[] {
  if (value.selected_options !== undefined) return value.selected_options.map((option) => option.value);
  if (value.selected_users !== undefined) return value.selected_users;
  const one =
    value.selected_option?.value ?? value.selected_user ?? value.selected_channel ?? value.selected_conversation;
  return one === null || one === undefined ? [] : [one];
}

function picked(control: Control, ids: string[]): ControlValue {
  const { type } = control;
  const first = ids[0] ?? null;
  const all = [...(control.options ?? []), ...(control.option_groups ?? []).flatMap((group) => group.options)];
  const options = all.filter((option) => ids.includes(option.value));
  switch (type) {
    case "multi_static_select":
      return { type, selected_options: options };
    case "users_select":
      return { type, selected_user: first };
    case "multi_users_select":
      return { type, selected_users: ids };
    case "channels_select":
      return { type, selected_channel: first };
    case "conversations_select":
      return { type, selected_conversation: first };
    default:
      return { type, selected_option: options[0] ?? null };
  }
}
