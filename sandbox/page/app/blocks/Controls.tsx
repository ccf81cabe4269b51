import { useState } from "react";
import { ChoiceList, Picker } from "./Choices.tsx";
import { ConfirmDialog } from "./ConfirmDialog.tsx";
import { actionIdOf, type Choice, type Control, type ControlValue, initialValue } from "./model.ts";
import { useSurface } from "./surface.ts";
import { TextField } from "./TextField.tsx";
import { Text } from "./text.tsx";

export interface ControlProps {
  blockId: string;
  control: Control;
  /** Position in its block: the id of a control that came without one. */
  index?: number;
  /** Inside an input block a change stays in the form, unless the block asks for `dispatch_action`. */
  dispatch: boolean;
  labelledBy?: string;
}

/** One interactive element, with its confirmation dialog where the app asked for one. */
export function ControlElement(props: ControlProps) {
  const { blockId, control, index = 0, dispatch } = props;
  const surface = useSurface();
  const [waiting, setWaiting] = useState<ControlValue | null>(null);
  const [busy, setBusy] = useState(false);
  const actionId = actionIdOf(control, index);
  const value = surface.values[blockId]?.[actionId] ?? initialValue(control);

  async function send(next: ControlValue): Promise<void> {
    setWaiting(null);
    setBusy(true);
    try {
      await surface.act(blockId, { ...control, action_id: actionId }, next);
    } finally {
      setBusy(false);
    }
  }

  function change(next: ControlValue, act: boolean): void {
    surface.set(blockId, actionId, next);
    if (!act || !dispatch) return;
    if (control.confirm === undefined) void send(next);
    else setWaiting(next);
  }

  return (
    <>
      {drawControl({ ...props, value, busy, change })}
      {waiting !== null && control.confirm !== undefined && (
        <ConfirmDialog words={control.confirm} onYes={() => void send(waiting)} onNo={() => setWaiting(null)} />
      )}
    </>
  );
}

export interface DrawProps extends ControlProps {
  value: ControlValue;
  busy: boolean;
  change(next: ControlValue, act: boolean): void;
}

function drawControl(props: DrawProps) {
  const { control } = props;
  switch (control.type) {
    case "button":
    case "workflow_button":
      return <ButtonControl {...props} />;
    case "overflow":
      return <OverflowControl {...props} />;
    case "static_select":
    case "multi_static_select":
    case "users_select":
    case "multi_users_select":
    case "channels_select":
    case "conversations_select":
      return <Picker {...props} />;
    case "radio_buttons":
    case "checkboxes":
      return <ChoiceList {...props} />;
    case "plain_text_input":
    case "email_text_input":
    case "url_text_input":
    case "number_input":
    case "rich_text_input":
    case "datepicker":
    case "timepicker":
    case "datetimepicker":
      return <TextField {...props} />;
    case "image":
      return <img className="accessory-image" src={control.image_url} alt={control.alt_text ?? ""} />;
    default:
      return <span className="not-drawn">{control.type} is not drawn by the sandbox</span>;
  }
}

function ButtonControl({ control, busy, change }: DrawProps) {
  const look = control.style === "primary" || control.style === "danger" ? ` button-${control.style}` : "";
  const label = control.text === undefined ? control.type : <Text text={control.text} />;
  const press = (): void =>
    change({ type: control.type, ...(control.value === undefined ? {} : { value: control.value }) }, true);
  if (control.url !== undefined) {
    return (
      <a className={`button${look}`} href={control.url} target="_blank" rel="noopener noreferrer" onClick={press}>
        {label}
      </a>
    );
  }
  return (
    <button type="button" className={`button${look}`} disabled={busy} onClick={press}>
      {label}
    </button>
  );
}

function OverflowControl({ control, busy, change }: DrawProps) {
  const [open, setOpen] = useState(false);
  const choose = (option: Choice): void => {
    setOpen(false);
    change({ type: control.type, selected_option: option }, true);
  };
  return (
    <span className="overflow">
      <button type="button" className="button" aria-label="More actions" disabled={busy} onClick={() => setOpen(!open)}>
        ⋯
      </button>
      {open && (
        <span className="menu" role="menu">
          {control.options?.map((option) => (
            <button type="button" role="menuitem" key={option.value} onClick={() => choose(option)}>
              <Text text={option.text} />
            </button>
          ))}
        </span>
      )}
    </span>
  );
}
