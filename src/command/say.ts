import type { Catalogue } from "../config/catalogue.ts";
import type { IncidentView, RunState, RunView } from "../services/contract.ts";
import type { AnswerButton } from "./answer.ts";
import { count, dateTime, escaped } from "./format.ts";

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

/** `*run 7* person-sync in prod succeeded, 17 Mar 05:20, by Asha Rao` */
export function runLine(catalogue: Catalogue, run: RunView): string {
  const when = run.finishedAt ?? run.stateSince;
  const where = environmentName(catalogue, run.environment);
  return `*run ${run.number}* ${escaped(run.job)} in ${where} ${stateWords(run)}, ${dateTime(when)}, asked by ${escaped(run.byName)}`;
}

/** What is worth knowing of one run, below its line. */
export function runDetails(run: RunView): string[] {
  const parameters = Object.entries(run.parameters).map(([name, value]) => `${name}=${String(value)}`);
  return [
    ...(run.because === "" ? [] : [escaped(run.because)]),
    ...(parameters.length === 0 ? [] : [`With ${escaped(parameters.join(" "))}`]),
    ...(run.attempt > 1 ? [`Attempt ${run.attempt}`] : []),
    ...(run.parent === null ? [] : [`Rerun of run ${run.parent}`]),
    ...(run.incident === null ? [] : [`For INC-${run.incident}`]),
  ];
}

/** What can be done with a run now. */
export function runButtons(run: RunView): AnswerButton[] {
  if (isOver(run)) return [{ label: "Rerun", command: `sync rerun run ${run.number}` }];
  const abort: AnswerButton = { label: "Abort", command: `sync abort run ${run.number}`, style: "danger" };
  const unsure = run.state === "unknown" || run.state === "abort_unconfirmed";
  return unsure ? [abort, { label: "Settle", command: `sync settle run ${run.number}` }] : [abort];
}

/** `*INC-3* sev2 open: ESR fails in prod. 4 signals, last 17 Mar 05:20, owner Asha Rao` */
export function incidentLine(catalogue: Catalogue, incident: IncidentView): string {
  const where = incident.environment === null ? "" : ` in ${environmentName(catalogue, incident.environment)}`;
  const signals =
    incident.signals === 0
      ? `opened ${dateTime(incident.openedAt)}`
      : `${count(incident.signals, "signal")}, last ${dateTime(incident.lastSeenAt)}`;
  const owner = incident.ownerName === null ? "nobody owns it" : `owner ${escaped(incident.ownerName)}`;
  return `*INC-${incident.number}* ${incident.severity} ${incident.status}: ${escaped(incident.title)}${where}. ${signals}, ${owner}`;
}

/** The newest first lines, and how many are left out. */
export function shortened(lines: readonly string[], most: number, wayOut: string): string[] {
  if (lines.length <= most) return [...lines];
  return [...lines.slice(0, most), `… and ${lines.length - most} more. ${wayOut}`];
}
