import type { Severity } from "../../config/catalogue.ts";
import type { IncidentStatus, RunState } from "../../services/contract.ts";
import { nameText } from "../text.ts";

/** An environment as it is drawn. */
export interface Place {
  readonly name: string;
  readonly look: "green" | "amber" | "red";
  readonly protected: boolean;
}

const CIRCLES = {
  green: ":large_green_circle:",
  amber: ":large_orange_circle:",
  red: ":red_circle:",
} as const satisfies Record<Place["look"], string>;

/** ":red_circle: *PROD* or :red_circle: *NIMDTA*, the sender does not say which", or that nothing is known. */
export function candidatesMrkdwn(candidates: readonly Place[]): string {
  if (candidates.length === 0) return placeMrkdwn(null);
  return `${candidates.map(placeMrkdwn).join(" or ")}, the sender does not say which`;
}

/** The same in words alone. */
export function candidatesPlain(candidates: readonly Place[]): string {
  if (candidates.length === 0) return placePlain(null);
  return `${candidates.map(({ name }) => nameText(name)).join(" or ")} (the sender does not say which)`;
}

/** ":red_circle: :lock: *PROD*" or ":large_green_circle: preprod": only what is protected has a lock and capitals. */
export function placeMrkdwn(place: Place | null): string {
  if (place === null) return ":white_circle: environment not known";
  const circle = CIRCLES[place.look];
  return place.protected
    ? `${circle} :lock: *${nameText(place.name.toUpperCase())}*`
    : `${circle} ${nameText(place.name)}`;
}

/** ":red_circle:": the colour that the catalogue gives an environment. */
export const circleOf = ({ look }: Place): string => CIRCLES[look];

/** The same in words alone. */
export function placePlain(place: Place | null): string {
  if (place === null) return "environment not known";
  return place.protected ? `${nameText(place.name.toUpperCase())} (protected)` : nameText(place.name);
}

/** Red is the environment's colour; a button is red only where the environment is. */
export const dangerIn = (place: Place | null): { style: "danger" } | Record<never, never> =>
  place?.look === "red" ? { style: "danger" } : {};

export const STATUS_MARK = {
  open: ":bell:",
  acknowledged: ":eyes:",
  mitigated: ":adhesive_bandage:",
  resolved: ":white_check_mark:",
} as const satisfies Record<IncidentStatus, string>;

export const SEVERITY_TEXT = {
  sev1: "SEV1",
  sev2: "SEV2",
  sev3: "sev3",
  sev4: "sev4",
} as const satisfies Record<Severity, string>;

export interface RunLook {
  readonly mark: string;
  /** What the state means, in words that claim no more than it does. */
  readonly words: string;
}

export const RUN_LOOK = {
  awaiting_approval: { mark: ":raised_hand:", words: "waits for approval" },
  deferred: { mark: ":double_vertical_bar:", words: "held back; nothing was started" },
  queued: { mark: ":hourglass_flowing_sand:", words: "queued" },
  preparing: { mark: ":hourglass_flowing_sand:", words: "being prepared; nothing was touched yet" },
  starting: { mark: ":hourglass_flowing_sand:", words: "starting" },
  retry_wait: { mark: ":hourglass_flowing_sand:", words: "waits to try again" },
  running: { mark: ":arrow_forward:", words: "running" },
  paused: { mark: ":double_vertical_bar:", words: "paused" },
  unknown: { mark: ":grey_question:", words: "not known: it may be running, it may have ended" },
  aborting: { mark: ":black_square_for_stop:", words: "being aborted; not proved yet" },
  abort_unconfirmed: { mark: ":grey_question:", words: "end not proved: an abort was asked for" },
  restoring: { mark: ":leftwards_arrow_with_hook:", words: "being restored" },
  restore_failed: { mark: ":warning:", words: "restore failed; a person must decide" },
  refused: { mark: ":heavy_minus_sign:", words: "refused before the start; nothing was touched" },
  rejected: { mark: ":heavy_minus_sign:", words: "rejected; nothing was started" },
  expired: { mark: ":heavy_minus_sign:", words: "approval expired; nothing was started" },
  withdrawn: { mark: ":heavy_minus_sign:", words: "withdrawn; nothing was started" },
  succeeded: { mark: ":white_check_mark:", words: "succeeded" },
  failed: { mark: ":heavy_multiplication_x:", words: "failed" },
  aborted: { mark: ":black_square_for_stop:", words: "aborted" },
} as const satisfies Record<RunState, RunLook>;
