import type { Instant } from "../base/clock.ts";
import { lasting } from "../base/duration.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { ChainPlace, IncidentView, RunState, RunView } from "../services/contract.ts";
import type { AnswerButton } from "./answer.ts";
import { capital, count, escaped, near } from "./format.ts";
import { offersOf } from "./offers.ts";
import { pinWords } from "./pin-words.ts";
import { mendedLines, withoutMended } from "./say-mended.ts";

/** How runs, incidents and environments are called, the same in every answer. */

const STATE_WORDS = {
  awaiting_approval: "waits for approval",
  deferred: "held back by a freeze window",
  queued: "waits to start",
  preparing: "is being checked before its start",
  starting: "is being started",
  retry_wait: "failed to start and will be tried again",
  running: "is running",
  paused: "is paused",
  unknown: "outcome not known",
  aborting: "is being stopped",
  abort_unconfirmed: "was told to stop, not confirmed",
  restoring: "is being restored",
  restore_failed: "could not be restored",
  refused: "was refused before anything was touched",
  rejected: "was rejected",
  expired: "expired without approval",
  withdrawn: "was withdrawn before it started",
  succeeded: "succeeded",
  failed: "failed",
  aborted: "was stopped",
} as const satisfies Record<RunState, string>;

const SETTLED_BY_EVIDENCE: readonly RunState[] = ["succeeded", "failed", "aborted"];
const OVER: readonly RunState[] = ["refused", "rejected", "expired", "withdrawn", "succeeded", "failed", "aborted"];

export const isOver = (run: RunView): boolean => OVER.includes(run.state);

/** `succeeded`, or `succeeded, not proved` when a person's word is all there is. */
export function stateWords(run: Pick<RunView, "state" | "proved">): string {
  const words = STATE_WORDS[run.state];
  return SETTLED_BY_EVIDENCE.includes(run.state) && !run.proved ? `${words}, not proved` : words;
}

const LOOKS = { green: ":large_green_circle:", amber: ":large_orange_circle:", red: ":red_circle:" } as const;

/** `:red_circle: *prod*`; an environment that the catalogue does not know has no look. */
export function environmentName(catalogue: Catalogue, environment: string): string {
  const known = catalogue.environments[environment];
  return known === undefined ? `*${escaped(environment)}*` : `${LOOKS[known.look]} *${escaped(environment)}*`;
}

const MARKS = {
  awaiting_approval: ":raised_hand:",
  deferred: ":double_vertical_bar:",
  queued: ":hourglass_flowing_sand:",
  preparing: ":hourglass_flowing_sand:",
  starting: ":hourglass_flowing_sand:",
  retry_wait: ":hourglass_flowing_sand:",
  running: ":arrow_forward:",
  paused: ":double_vertical_bar:",
  unknown: ":grey_question:",
  aborting: ":black_square_for_stop:",
  abort_unconfirmed: ":grey_question:",
  restoring: ":leftwards_arrow_with_hook:",
  restore_failed: ":warning:",
  refused: ":heavy_minus_sign:",
  rejected: ":heavy_minus_sign:",
  expired: ":heavy_minus_sign:",
  withdrawn: ":heavy_minus_sign:",
  succeeded: ":white_check_mark:",
  failed: ":heavy_multiplication_x:",
  aborted: ":black_square_for_stop:",
} as const satisfies Record<RunState, string>;

/** `*run 7* person-sync in :red_circle: *prod* succeeded, 05:20, after 4 min. Asked by Asha Rao` */
export function runLine(catalogue: Catalogue, run: RunView, now: Instant): string {
  const when = run.finishedAt ?? run.stateSince;
  const where = environmentName(catalogue, run.environment);
  const since = isOver(run) ? near(when, now) : `since ${near(when, now)}`;
  const took =
    run.startedAt === null || run.finishedAt === null
      ? ""
      : `, after ${lasting(run.finishedAt.epochMilliseconds - run.startedAt.epochMilliseconds)}`;
  return `${MARKS[run.state]} *run ${run.number}* ${escaped(run.job)} in ${where} ${stateWords(run)} ${since}${took}, asked by ${escaped(run.byName)}`;
}

/** What is worth knowing of one run, below its line. */
export function runDetails(run: RunView): string[] {
  const parameters = Object.entries(run.parameters).map(([name, value]) => `${name}=${String(value)}`);
  return [
    ...becauseLines(run),
    ...mendedLines(run.mended),
    ...(parameters.length === 0 ? [] : [`With ${escaped(parameters.join(" "))}`]),
    ...(run.version === null ? [] : [`Version ${escaped(run.version)}`]),
    ...(run.left === null || run.state !== "running" ? [] : [capital(run.left)]),
    ...(run.attempt > 1 ? [`Attempt ${run.attempt}`] : []),
    ...(run.parent === null ? [] : [`${FROM[run.kind]} run ${run.parent}`]),
    ...(run.chain === null ? [] : [chainWords(run.chain)]),
    ...(run.pin === null ? [] : [capital(pinWords(run.pin))]),
    ...(run.noRerun === null
      ? []
      : [`${isOver(run) ? "Rerun is not offered:" : ":warning: Careful:"} ${escaped(run.noRerun)}`]),
    ...(run.incident === null ? [] : [`For INC-${run.incident}`]),
  ];
}

const FROM = {
  run: "Rerun of",
  restore: "Restore of",
  fanout: "Follows",
  compare: "Follows",
} as const satisfies Record<RunView["kind"], string>;

/** The line above has who asked. */
function becauseLines(run: RunView): string[] {
  const because = withoutMended(run.because, run);
  const asked = `${run.byName} asked for it`;
  if (because === "" || because === asked) return [];
  return [escaped(because.startsWith(`${asked}. `) ? because.slice(asked.length + 2) : because)];
}

/** `Chain 1 of 3: *person-sync*, then post-sync, then orphans`; stopped says why. */
export function chainWords({ position, jobs, state, said, next }: ChainPlace): string {
  const names = jobs.map((job, index) => (index + 1 === position ? `*${escaped(job)}*` : escaped(job)));
  const stopped = state === "stopped" && said !== null && next === null ? `. ${capital(escaped(said))}` : "";
  const after = next === null ? "" : `. Run ${next} followed`;
  return `Chain ${position} of ${jobs.length}: ${names.join(", then ")}${after}${stopped}`;
}

/** What can be done with a run now. */
export function runButtons(catalogue: Catalogue, run: RunView): AnswerButton[] {
  // Red is the environment's colour, as on cards: a button is red only where the environment is.
  const red = catalogue.environments[run.environment]?.look === "red" ? ({ style: "danger" } as const) : {};
  return offersOf(run).map(({ label, command, acts }) => ({ label, command, ...(acts ? red : {}) }));
}

/** `*INC-3* sev2 open: ESR fails in prod. 4 alerts, last 05:20, owner Asha Rao` */
export function incidentLine(catalogue: Catalogue, incident: IncidentView, now: Instant): string {
  const signals =
    incident.alerts === 0
      ? `Opened ${near(incident.openedAt, now)}`
      : `${count(incident.alerts, "alert")}, last ${near(incident.lastSeenAt, now)}`;
  const owner = incident.ownerName === null ? "nobody has it" : `with ${escaped(incident.ownerName)}`;
  if (incident.mergedInto !== undefined)
    return `*INC-${incident.number}* merged into *INC-${incident.mergedInto}*: ${escaped(incident.title)}${whereOf(catalogue, incident)}`;
  const flapping = incident.flapping === undefined ? "" : `, flapping: ${incident.flapping}`;
  return `*INC-${incident.number}* ${incident.severity} ${incident.status}: ${escaped(incident.title)}${whereOf(catalogue, incident)}. ${signals}${flapping}, ${owner}`;
}

function whereOf(catalogue: Catalogue, { environment, candidates = [] }: IncidentView): string {
  if (environment !== null) return ` in ${environmentName(catalogue, environment)}`;
  if (candidates.length === 0) return "";
  return ` in ${candidates.map((name) => environmentName(catalogue, name)).join(" or ")} (the sender does not say which)`;
}

/** The newest first lines, and how many are left out. */
export function shortened(lines: readonly string[], most: number, wayOut: string): string[] {
  if (lines.length <= most) return [...lines];
  return [...lines.slice(0, most), `… and ${lines.length - most} more. ${wayOut}`];
}
