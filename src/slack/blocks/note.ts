import type { types } from "@slack/bolt";
import { z } from "zod";
import { clip } from "../text.ts";
import { LIMITS } from "./limits.ts";

export const NOTE_CALLBACK = "add_to_timeline_form";

const note = z.object({
  text: z.string(),
  /** When the message was written, ISO. */
  at: z.string(),
  channel: z.string(),
  threadTs: z.string().nullable(),
  messageTs: z.string(),
  responseUrl: z.string(),
});
/** A message on its way to a timeline. */
export type NoteToAdd = z.output<typeof note>;

/** What the form carries; null for any other metadata. */
export function noteToAdd(privateMetadata: string): NoteToAdd | null {
  try {
    const parsed = note.safeParse(JSON.parse(privateMetadata));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Asks which incident a message belongs to; its text may be mended first. `open` has at least one. */
export function chooseIncidentView(
  open: readonly { readonly number: number; readonly title: string }[],
  adding: NoteToAdd,
): types.ModalView {
  const options = open.slice(0, LIMITS.options).map((incident) => ({
    text: { type: "plain_text" as const, text: clip(`INC-${incident.number} ${incident.title}`, LIMITS.optionText) },
    value: String(incident.number),
  }));
  const [first] = options;
  return {
    type: "modal",
    callback_id: NOTE_CALLBACK,
    // The text is in its field: what is carried must stay below Slack's 3,000 characters.
    private_metadata: JSON.stringify({ ...adding, text: "" }),
    title: { type: "plain_text", text: "Add to timeline" },
    submit: { type: "plain_text", text: "Add" },
    close: { type: "plain_text", text: "Cancel" },
    blocks: [
      {
        type: "input",
        block_id: "incident",
        label: { type: "plain_text", text: "Incident" },
        element: {
          type: "static_select",
          action_id: "incident",
          options,
          ...(first === undefined ? {} : { initial_option: first }),
        },
      },
      {
        type: "input",
        block_id: "text",
        label: { type: "plain_text", text: "What happened" },
        element: {
          type: "plain_text_input",
          action_id: "text",
          multiline: true,
          max_length: LIMITS.inputText,
          ...(adding.text === "" ? {} : { initial_value: clip(adding.text, LIMITS.inputText) }),
        },
      },
    ],
  };
}
