import type { Instant } from "../../base/clock.ts";
import { dateTime, escaped, near } from "../../command/format.ts";
import type { RunState } from "../../services/contract.ts";
import { clip, clipMrkdwn, codeText, firstLine, nameText, saidText } from "../text.ts";
import { dangerIn, type Place, placeMrkdwn, placePlain, RUN_LOOK } from "./look.ts";
import { type Block, buttonRow, type CommandButton, context, type Message, section } from "./parts.ts";

export interface RunCard {
  readonly number: number;
  readonly job: string;
  readonly title: string | null;
  readonly place: Place;
  readonly state: RunState;
  readonly stateSince: Instant;
  readonly byName: string;
  readonly requestedAt: Instant;
  readonly startedAt: Instant | null;
  readonly finishedAt: Instant | null;
  /** One sentence: why it is in this state. */
  readonly because: string | null;
  /** The name of the person on whose word it was settled; then it is not proved. */
  readonly settledBy: string | null;
  readonly proved: boolean;
  readonly restored: boolean;
  readonly attempt: number;
  readonly progress: Progress | null;
  readonly error: string | null;
  /** An abort was tried, and the target has no way to carry one out. */
  readonly cannotStop: boolean;
  readonly parent: number | null;
  /** The incident that it belongs to, when the card is not in that one's thread. */
  readonly incident: number | null;
  readonly displaced: string | null;
}

export interface Progress {
  readonly stage?: number | undefined;
  readonly stages?: number | undefined;
  readonly done?: number | undefined;
  readonly total?: number | undefined;
  readonly unit?: string | undefined;
}

const ENDS: readonly RunState[] = ["succeeded", "failed", "aborted"];
const OVER: readonly RunState[] = [...ENDS, "refused", "rejected", "expired", "withdrawn"];
const DOUBTFUL: readonly RunState[] = ["unknown", "abort_unconfirmed"];

/** One message that tells where a run is, and what can be done about it. It claims nothing that was not proved. */
export function runCard(run: RunCard): Message {
  const { mark } = RUN_LOOK[run.state];
  const name =
    run.title === null || run.title === run.job
      ? `*${nameText(run.job)}*`
      : `*${nameText(run.job)}* (${nameText(run.title)})`;
  const said = sentence(run);
  const detail = [
    ...(run.progress === null || OVER.includes(run.state) ? [] : [progressLine(run.progress)]),
    ...(run.error === null ? [] : [`Error: ${codeText(firstLine(run.error), 300)}`]),
    ...because(run),
  ];
  const blocks: Block[] = [
    section(`${mark} *Run ${run.number}*  ·  ${name}  ·  ${placeMrkdwn(run.place)}`),
    section([`*${said}*`, ...detail].join("\n")),
    context(smallPrint(run)),
    ...buttonRow(buttons(run)),
  ];
  return {
    text: clipMrkdwn(`Run ${run.number}, ${nameText(run.job)} in ${placePlain(run.place)}: ${said}`, 3_000),
    blocks,
  };
}

/** What of a card is worth an edit at once; progress may wait a little longer. */
export function runGist(run: RunCard): string {
  const { progress: _, because, ...rest } = run;
  return JSON.stringify([rest.state, rest.proved, rest.restored, rest.settledBy, rest.attempt, rest.error, because]);
}

function sentence(run: RunCard): string {
  const { words } = RUN_LOOK[run.state];
  const restored = run.restored ? ", restored" : "";
  if (run.settledBy !== null && ENDS.includes(run.state)) {
    return `${capital(words)}${restored}: settled by ${nameText(run.settledBy)}'s word, not proved`;
  }
  if (ENDS.includes(run.state)) return `${capital(words)}${restored}, ${run.proved ? "proved" : "not proved"}`;
  const [state = words, ...rest] = words.split(/(?=[;:,] )/);
  const since = OVER.includes(run.state) ? "" : "since ";
  return `${capital(state)} ${since}${near(run.stateSince, run.requestedAt)}${rest.join("")}`;
}

/** Why it is so; left out where it says nothing that the card does not. */
function because(run: RunCard): string[] {
  if (run.because === null || run.state === "preparing" || run.state === "starting") return [];
  if (run.because === `${run.byName} asked for it`) return [];
  if (run.error !== null && run.because.includes(firstLine(run.error).slice(0, 100))) return [];
  return [saidText(clip(run.because, 900))];
}

function progressLine(progress: Progress): string {
  const { stage, stages, done, total, unit } = progress;
  const number = (count: number) => count.toLocaleString("en-GB");
  const parts = [
    ...(stage === undefined ? [] : [stages === undefined ? `stage ${stage}` : `stage ${stage} of ${stages}`]),
    ...(done === undefined
      ? []
      : [`${number(done)}${total === undefined ? "" : ` of ${number(total)}`} ${escaped(clip(unit ?? "items", 40))}`]),
  ];
  return parts.length === 0 ? "No progress told yet" : capital(parts.join(", "));
}

function smallPrint(run: RunCard): string[] {
  const parts = [
    `asked by ${nameText(run.byName)} ${dateTime(run.requestedAt)}`,
    ...(run.cannotStop && !OVER.includes(run.state) && run.because?.includes("cannot be stopped") !== true
      ? ["cannot be stopped from here"]
      : []),
    ...(run.startedAt === null ? [] : [`started ${near(run.startedAt, run.requestedAt)}`]),
    ...(run.finishedAt === null ? [] : [`ended ${near(run.finishedAt, run.requestedAt)}`]),
    ...(run.attempt > 1 ? [`attempt ${run.attempt}`] : []),
    ...(run.parent === null ? [] : [`follows run ${run.parent}`]),
    ...(run.incident === null ? [] : [`belongs to INC-${run.incident}`]),
  ];
  return [parts.join("  ·  "), ...(run.displaced === null ? [] : [`:warning: ${saidText(clip(run.displaced, 300))}`])];
}

function buttons(run: RunCard): CommandButton[] {
  const name = `run ${run.number}`;
  const abort: CommandButton = { label: "Abort", command: `sync abort ${name}`, ...dangerIn(run.place) };
  if (OVER.includes(run.state)) {
    return [{ label: "Rerun", command: `sync rerun ${name}`, ...dangerIn(run.place) }];
  }
  if (run.state === "unknown") {
    const settle: CommandButton = { label: "Settle", command: `sync settle ${name}` };
    return run.cannotStop ? [settle] : [settle, abort];
  }
  if (DOUBTFUL.includes(run.state) || run.state === "restore_failed") {
    return [{ label: "Settle", command: `sync settle ${name}` }];
  }
  if (run.state === "aborting" || run.state === "restoring") return [];
  return run.cannotStop ? [] : [abort];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
