import type { Instant } from "../../base/clock.ts";
import { lasting } from "../../base/duration.ts";
import { dateTime, escaped, list, near, timeOfDay } from "../../command/format.ts";
import type { Severity } from "../../config/catalogue.ts";
import { type Flapping, flappingWords } from "../../incidents/flapping.ts";
import type { IncidentStatus, RunState } from "../../services/contract.ts";
import { clip, clipMrkdwn, codeText, counted, firstLine, nameText, saidText } from "../text.ts";
import { type HeaderSuspect, suspectLines, suspectWords } from "./incident-suspects.ts";
import {
  candidatesMrkdwn,
  candidatesPlain,
  dangerIn,
  type Place,
  placeMrkdwn,
  placePlain,
  RUN_LOOK,
  SEVERITY_TEXT,
  STATUS_MARK,
} from "./look.ts";
import { type Block, buttonRow, type CommandButton, context, header, type Message, section } from "./parts.ts";
import { sparkline } from "./sparkline.ts";

/** A run as one line of its incident's header. */
export interface HeaderRun {
  readonly number: number;
  readonly job: string;
  readonly environment: string;
  readonly state: RunState;
  readonly proved: boolean;
}

export interface IncidentHeader {
  readonly number: number;
  readonly title: string;
  readonly status: IncidentStatus;
  readonly severity: Severity;
  readonly place: Place | null;
  /** Where it may be when no sender says which. */
  readonly candidates: readonly Place[];
  /** What its first alert said went wrong, as it was sent. */
  readonly error: string | null;
  readonly services: readonly string[];
  readonly jobs: readonly string[];
  readonly ownerName: string | null;
  /** Signals that something is wrong; starts, ends and resolutions are not among them. */
  readonly alerts: number;
  readonly openedAt: Instant;
  readonly firstSeenAt: Instant;
  readonly lastSeenAt: Instant;
  readonly resolvedAt: Instant | null;
  readonly rate: Readonly<Record<string, number>>;
  /** Newest last; the header shows the last few. */
  readonly runs: readonly HeaderRun[];
  /** Deploys that may be why it began, the likeliest first. */
  readonly suspects: readonly HeaderSuspect[];
  /** What reads what its jobs have not written yet, and in how long that begins; negative: it has begun. */
  readonly loads?: readonly { readonly job: string; readonly at: Instant; readonly leftMs: number }[];
  /** Why its signals are one incident, as the rule that joined them says. */
  readonly joinedBy: string | null;
  /** While something in it changes to and fro. */
  readonly flapping?: Flapping | null;
  /** Closed: everything goes on there; `url` leads to that thread. */
  readonly merged?: { readonly number: number; readonly url: string | null } | null;
  /** Slack tokens that call people; only ever in a first post. */
  readonly mention: string | null;
  /** Why the thread is here and not where the catalogue routes it. */
  readonly displaced: string | null;
}

const RUNS_SHOWN = 4;

/**
 * The first message of an incident's thread: what is broken, where, how badly, who has it, whether it still goes on;
 * then what to press.
 */
export function incidentHeader(incident: IncidentHeader): Message {
  const blocks: Block[] = [
    header(`INC-${incident.number} · ${incident.title}`),
    section([...errorLine(incident), stateLine(incident)].join("\n")),
    section(seenLines(incident)),
    ...(incident.suspects.length === 0 || incident.merged
      ? []
      : [section(suspectLines(incident.suspects, incident.place !== null))]),
    ...(incident.runs.length === 0 ? [] : [section(runLines(incident.runs))]),
    ...smallPrint(incident),
    ...(incident.mention === null ? [] : [section(incident.mention)]),
    ...buttonRow(headerButtons(incident)),
  ];
  return { text: headerText(incident), blocks };
}

/** What of a header is worth an edit at once; counts and times may wait a little longer. */
export function headerGist(incident: IncidentHeader): string {
  const { status, severity, title, error, ownerName, services, jobs, runs, suspects } = incident;
  return JSON.stringify([
    status,
    severity,
    title,
    error,
    ownerName,
    services,
    jobs,
    incident.flapping != null,
    incident.merged ?? null,
    runs.map((run) => [run.number, run.state, run.proved]),
    suspects.map(({ id, name, outcome, url, reason }) => [id, name, outcome, url, reason]),
  ]);
}

function headerText(incident: IncidentHeader): string {
  const { number, title, severity, status, mention } = incident;
  if (incident.merged)
    return `INC-${number} was merged into INC-${incident.merged.number}: ${escaped(clip(title, 400))}`;
  const [error = ""] = errorLine(incident);
  const call = mention === null ? "" : ` ${mention}`;
  const [first] = incident.suspects;
  const suspect = first === undefined ? "" : ` Suspect: ${suspectWords(first)}.`;
  return clipMrkdwn(
    `INC-${number} ${SEVERITY_TEXT[severity]} ${status} in ${wherePlain(incident)}: ${escaped(clip(title, 400))}${error === "" ? "" : ` ${error}`}${suspect}${call}`,
    3_000,
  );
}

const ERROR_SHOWN = 200;

/** The error's first line, where the title does not say it already. */
function errorLine({ error, title }: IncidentHeader): string[] {
  const line = firstLine(error ?? "");
  return line === "" || title.includes(line) ? [] : [codeText(line, ERROR_SHOWN)];
}

function stateLine(incident: IncidentHeader): string {
  const { status, severity, ownerName } = incident;
  if (incident.merged) return `:twisted_rightwards_arrows: *merged into ${mergedLink(incident.merged)}*`;
  const owner = ownerName === null ? "nobody has it yet" : `with *${nameText(ownerName)}*`;
  return [`${STATUS_MARK[status]} *${status}*`, `*${SEVERITY_TEXT[severity]}*`, whereMrkdwn(incident), owner].join(
    "  ·  ",
  );
}

const mergedLink = ({ number, url }: NonNullable<IncidentHeader["merged"]>): string =>
  url === null ? `INC-${number}` : `<${url}|INC-${number}>`;

const whereMrkdwn = ({ place, candidates }: IncidentHeader): string =>
  place === null ? candidatesMrkdwn(candidates) : placeMrkdwn(place);

const wherePlain = ({ place, candidates }: IncidentHeader): string =>
  place === null ? candidatesPlain(candidates) : placePlain(place);

function seenLines(incident: IncidentHeader): string {
  if (incident.merged)
    return `Its alerts, runs and history are INC-${incident.merged.number}'s. What is written here is kept on the timeline there.`;
  const { alerts, rate, firstSeenAt, lastSeenAt, resolvedAt } = incident;
  const bars = sparkline(rate);
  const heard = alerts === 0 ? "Opened by hand" : `*${counted(alerts, "alert")}*${bars === "" ? "" : ` \`${bars}\``}`;
  const once = firstSeenAt.epochMilliseconds === lastSeenAt.epochMilliseconds;
  const seen = once ? dateTime(firstSeenAt) : `first ${dateTime(firstSeenAt)}, last ${near(lastSeenAt, firstSeenAt)}`;
  const end = resolvedAt === null ? "" : `\nResolved ${near(resolvedAt, firstSeenAt)}`;
  const flapping = incident.flapping ? `\n:repeat: *flapping: ${flappingWords(incident.flapping)}*` : "";
  return `${heard}  ·  ${seen}${end}${flapping}`;
}

function runLines(runs: readonly HeaderRun[]): string {
  const shown = runs.slice(-RUNS_SHOWN);
  const older = runs.length - shown.length;
  const lines = shown.map((run) => {
    const { mark, words } = RUN_LOOK[run.state];
    const doubt = isEnd(run.state) && !run.proved ? ", not proved" : "";
    return `${mark} Run ${run.number}: ${nameText(run.job)} in ${nameText(run.environment)} ${words}${doubt}`;
  });
  return [...(older === 0 ? [] : [`_${counted(older, "earlier run")}_`]), ...lines].join("\n");
}

const isEnd = (state: RunState): boolean => state === "succeeded" || state === "failed" || state === "aborted";

/** `ndw-etl is read at 03:45: 25 min left at 03:20`. A card is not edited while nothing happens: it says when that was so. */
function loadLine({ job, at, leftMs }: NonNullable<IncidentHeader["loads"]>[number]): string {
  const said = timeOfDay(at.subtract({ milliseconds: Math.round(leftMs) }));
  const left = leftMs >= 0 ? `${lasting(leftMs)} left at ${said}` : `${lasting(-leftMs)} ago at ${said}`;
  return `:hourglass_flowing_sand: *${nameText(job)}* ${leftMs >= 0 ? "is" : "was to be"} read at ${timeOfDay(at)}: ${left}`;
}

function smallPrint(incident: IncidentHeader): Block[] {
  const { services, jobs, joinedBy, displaced } = incident;
  const lines = [
    ...(services.length === 0 ? [] : [`Services: ${clipMrkdwn(list(services.map(nameText)), 600)}`]),
    ...(jobs.length === 0 ? [] : [`Jobs: ${clipMrkdwn(list(jobs.map(nameText)), 600)}`]),
    ...(incident.status === "resolved" ? [] : (incident.loads ?? []).slice(0, 3).map(loadLine)),
    ...(joinedBy === null ? [] : [`Joined by ${saidText(clip(joinedBy, 300))}`]),
    ...(displaced === null ? [] : [`:warning: ${saidText(clip(displaced, 300))}`]),
  ];
  return lines.length === 0 ? [] : [context(lines)];
}

function headerButtons(incident: IncidentHeader): CommandButton[] {
  if (incident.merged) return [];
  const name = `INC-${incident.number}`;
  const failed = incident.runs.findLast((run) => run.state === "failed" || run.state === "aborted");
  const busy = incident.runs.some((run) => run.job === failed?.job && run.number > failed.number);
  const rerun: CommandButton[] =
    failed === undefined || busy
      ? []
      : [{ label: "Rerun", command: `sync rerun run ${failed.number}`, ...dangerIn(incident.place) }];
  const over = incident.status === "resolved";
  return [
    ...(incident.status === "open"
      ? [{ label: "Acknowledge", command: `incident ack ${name}`, style: "primary" } as const]
      : []),
    ...(over ? [] : [{ label: "Resolve", command: `incident resolve ${name}` }]),
    { label: "Add note", command: `incident note ${name}` },
    { label: "Export", command: `incident export ${name}` },
    ...rerun,
  ];
}
