/** Block Kit as it travels: every member optional that some block lacks. What is drawn decides what is read. */
export interface TextObject {
  type: string;
  text: string;
  emoji?: boolean;
}

export interface Choice {
  text: TextObject;
  value: string;
  description?: TextObject;
  url?: string;
}

export interface ConfirmText {
  title: TextObject;
  text: TextObject;
  confirm: TextObject;
  deny: TextObject;
  style?: string;
}

export interface Control {
  type: string;
  action_id?: string;
  text?: TextObject;
  value?: string;
  url?: string;
  style?: string;
  confirm?: ConfirmText;
  placeholder?: TextObject;
  options?: Choice[];
  option_groups?: { label: TextObject; options: Choice[] }[];
  initial_option?: Choice;
  initial_options?: Choice[];
  initial_value?: string;
  initial_date?: string;
  initial_time?: string;
  initial_date_time?: number;
  initial_user?: string;
  initial_users?: string[];
  initial_channel?: string;
  initial_conversation?: string;
  multiline?: boolean;
  is_decimal_allowed?: boolean;
  min_length?: number;
  max_length?: number;
  focus_on_load?: boolean;
  dispatch_action_config?: { trigger_actions_on?: string[] };
  image_url?: string;
  alt_text?: string;
}

export interface DrawnBlock {
  type: string;
  block_id?: string;
  text?: TextObject | undefined;
  fields?: TextObject[] | undefined;
  accessory?: Control | undefined;
  elements?: Control[];
  element?: Control;
  label?: TextObject;
  hint?: TextObject;
  optional?: boolean;
  dispatch_action?: boolean;
}

/** What a control holds, in the words of `view.state.values` and of an action's payload. */
export interface ControlValue {
  type: string;
  value?: string | null;
  selected_option?: Choice | null;
  selected_options?: Choice[];
  selected_date?: string | null;
  selected_time?: string | null;
  selected_date_time?: number | null;
  selected_user?: string | null;
  selected_users?: string[];
  selected_channel?: string | null;
  selected_conversation?: string | null;
  rich_text_value?: unknown;
}

/** block_id -> action_id -> value */
export type ControlValues = Record<string, Record<string, ControlValue>>;

/** The ids Slack gives to blocks that came without one; the workspace does the same, this only keeps React's keys apart. */
export function blockIdOf(block: DrawnBlock, index: number): string {
  return block.block_id ?? `block-${index}`;
}

export function actionIdOf(control: Control, index = 0): string {
  return control.action_id ?? `action-${index}`;
}

/** What a control holds before anybody touches it. */
export function initialValue(control: Control): ControlValue {
  const { type } = control;
  switch (type) {
    case "static_select":
    case "external_select":
    case "radio_buttons":
      return { type, selected_option: control.initial_option ?? null };
    case "multi_static_select":
    case "checkboxes":
      return { type, selected_options: control.initial_options ?? [] };
    case "users_select":
      return { type, selected_user: control.initial_user ?? null };
    case "multi_users_select":
      return { type, selected_users: control.initial_users ?? [] };
    case "channels_select":
      return { type, selected_channel: control.initial_channel ?? null };
    case "conversations_select":
      return { type, selected_conversation: control.initial_conversation ?? null };
    case "datepicker":
      return { type, selected_date: control.initial_date ?? null };
    case "timepicker":
      return { type, selected_time: control.initial_time ?? null };
    case "datetimepicker":
      return { type, selected_date_time: control.initial_date_time ?? null };
    default:
      return { type, value: control.initial_value ?? null };
  }
}

/** The values of every control in `blocks`, as a freshly opened view reports them; `kept` wins where the ids are the same. */
export function valuesOf(blocks: DrawnBlock[], kept: ControlValues = {}): ControlValues {
  const values: ControlValues = {};
  blocks.forEach((block, index) => {
    const blockId = blockIdOf(block, index);
    for (const [position, control] of controlsOf(block).entries()) {
      if (control.type === "button" || control.type === "overflow" || control.type === "image") continue;
      const actionId = actionIdOf(control, position);
      const held = kept[blockId]?.[actionId] ?? initialValue(control);
      values[blockId] = { ...values[blockId], [actionId]: held };
    }
  });
  return values;
}

export function controlsOf(block: DrawnBlock): Control[] {
  if (block.type === "actions") return block.elements ?? [];
  if (block.type === "input") return block.element === undefined ? [] : [block.element];
  return block.accessory === undefined ? [] : [block.accessory];
}

export function isEmpty(value: ControlValue | undefined): boolean {
  if (value === undefined) return true;
  const { type: _type, ...held } = value;
  return Object.values(held).every((part) => {
    if (Array.isArray(part)) return part.length === 0;
    return part === null || part === undefined || (typeof part === "string" && part.trim() === "");
  });
}
