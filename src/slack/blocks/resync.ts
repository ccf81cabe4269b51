import type { types } from "@slack/bolt";
import { z } from "zod";
import { clip } from "../text.ts";
import { LIMITS } from "./limits.ts";

export const RESYNC_CALLBACK = "resync_from_file_form";

const chosenFile = z.object({
  file: z.object({ id: z.string(), name: z.string(), url: z.string(), bytes: z.number() }),
  channel: z.string(),
  channelName: z.string().nullable(),
  threadTs: z.string().nullable(),
  messageTs: z.string(),
  responseUrl: z.string(),
});
/** A file of ids on its way to a resync. */
export type ChosenFile = z.output<typeof chosenFile>;

/** What the form carries; null for any other metadata. */
export function readChosenFile(privateMetadata: string): ChosenFile | null {
  try {
    const parsed = chosenFile.safeParse(JSON.parse(privateMetadata));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Asks which job's ids these are, and where. `places` has at least one. */
export function choosePlaceView(
  places: readonly { readonly job: string; readonly environment: string }[],
  chosen: ChosenFile,
): types.ModalView {
  const options = places.slice(0, LIMITS.options).map(({ job, environment }) => ({
    text: { type: "plain_text" as const, text: clip(`${job} in ${environment}`, LIMITS.optionText) },
    value: `${job} ${environment}`,
  }));
  return {
    type: "modal",
    callback_id: RESYNC_CALLBACK,
    private_metadata: JSON.stringify(chosen),
    title: { type: "plain_text", text: "Resync from this file" },
    submit: { type: "plain_text", text: "Show what it is" },
    close: { type: "plain_text", text: "Cancel" },
    blocks: [
      {
        type: "input",
        block_id: "place",
        label: { type: "plain_text", text: "Job and environment" },
        hint: {
          type: "plain_text",
          text: clip(`The ids of ${chosen.file.name}. Nothing is sent yet.`, LIMITS.inputHint),
        },
        element: { type: "static_select", action_id: "place", options },
      },
    ],
  };
}
