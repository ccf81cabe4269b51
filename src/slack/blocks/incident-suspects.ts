import { escaped, linked } from "../../command/format.ts";
import type { SuspectView } from "../../services/contract.ts";
import { lateness } from "../../services/deploys.ts";
import { clip, counted, nameText } from "../text.ts";

/** What a card tells of a suspect. */
export type HeaderSuspect = Pick<
  SuspectView,
  "id" | "name" | "environment" | "candidates" | "outcome" | "by" | "url" | "at" | "learnedAt" | "reason"
>;

const SHOWN = 3;
const REASON_SHOWN = 500;

const OUTCOME_WORDS = {
  started: "being deployed",
  succeeded: "deployed",
  failed: "deploy failed",
} as const satisfies Record<SuspectView["outcome"], string>;

/**
 * Deploys that may be why it began, the likeliest first, each with how near it was and how it reaches the incident.
 * `placed`: everybody knows where the incident is.
 */
export function suspectLines(suspects: readonly HeaderSuspect[], placed: boolean): string {
  const lines = suspects.slice(0, SHOWN).map((suspect, index) => {
    const which = index === 0 ? "Suspect" : `Suspect ${index + 1}`;
    const places = suspect.environment === null ? suspect.candidates : [suspect.environment];
    const where = placed && suspect.environment !== null ? "" : ` in ${places.map(nameText).join(" or ")}`;
    // Who reads it at night may wonder why it was not there before.
    const late = lateness(suspect);
    const by = suspect.by === null ? "" : `, by ${nameText(suspect.by)}`;
    return `:package: ${which}: ${linked(`*${nameText(suspect.name)}*`, suspect.url)} ${OUTCOME_WORDS[suspect.outcome]}${where} ${escaped(clip(suspect.reason, REASON_SHOWN))}${by}${late === null ? "" : ` _(${late})_`}`;
  });
  const more = suspects.length - SHOWN;
  return [...lines, ...(more > 0 ? [`_${counted(more, "more deploy")} before it_`] : [])].join("\n");
}

/** `tcs 6.2.0, 12 min before the first alert`: for where nothing is drawn. */
export const suspectWords = ({ name, reason }: HeaderSuspect): string =>
  `${nameText(name)}, ${escaped(reason.split(", ")[0] ?? "")}`;
