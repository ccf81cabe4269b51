import type { Observation, Progress, Snapshot } from "../contract.ts";
import type { Exchange } from "../http/exchange.ts";
import type { ExecutionAnswer, SnapshotAnswer } from "./answers.ts";

/** One look at an execution, in Nightdesk's words; the target's own are masked. */
export function observationOf(
  execution: ExecutionAnswer,
  about: { readonly exchange: Exchange; readonly target: string; readonly logs: boolean },
): Observation {
  const { exchange, target } = about;
  const { state, attempt, error, log, version } = execution;
  const progress = progressOf(execution, exchange);
  const nextAt = attempt?.nextAt ?? null;
  const lines = log?.lines ?? [];
  return {
    phase: state,
    evidence: `${target} says that ${exchange.quote(execution.id)} ${wordsOf(execution, { progress, exchange })}`,
    ...(progress === null ? {} : { progress }),
    ...(error && state !== "succeeded" ? { error: errorOf(error, exchange) } : {}),
    ...(version ? { version: exchange.quote(version) } : {}),
    ...(attempt && nextAt !== null ? { retry: { number: attempt.number, of: attempt.of, nextAt } } : {}),
    ...(about.logs && log?.cursor ? { cursor: log.cursor } : {}),
    // Masked in one piece: a key that is printed over several lines is a secret only as a whole.
    ...(about.logs && lines.length > 0 ? { logLines: exchange.mask(lines.join("\n")).split("\n") } : {}),
    ...(log?.url && /^https?:/.test(log.url) ? { logUrl: exchange.quote(log.url) } : {}),
  };
}

export function snapshotOf(answer: SnapshotAnswer, exchange: Exchange): Snapshot {
  const items = answer.items === undefined ? "" : ` with ${number(answer.items)} items`;
  const takenAt = answer.takenAt.round("second");
  return {
    ref: answer.ref,
    takenAt: answer.takenAt,
    evidence: `${exchange.quote(answer.ref)}${items}, taken ${takenAt} by the target's clock`,
  };
}

export const number = (count: number): string => count.toLocaleString("en-GB");

function wordsOf(execution: ExecutionAnswer, more: { progress: Progress | null; exchange: Exchange }): string {
  const { quote } = more.exchange;
  const told = execution.evidence ? `: ${quote(execution.evidence)}` : "";
  switch (execution.state) {
    case "succeeded":
    case "aborted":
      return `${execution.state === "aborted" ? "was aborted" : "succeeded"}${told}`;
    case "failed": {
      const { message } = errorOf(execution.error ?? {}, more.exchange);
      return `failed: ${message}${told}`;
    }
    case "running":
    case "paused": {
      const stopping = execution.stopping === true ? " and is stopping" : "";
      return `is ${execution.state}${stopping}${howFar(more.progress)}`;
    }
  }
}

function howFar(progress: Progress | null): string {
  if (progress === null) return "";
  const { stage, stages, stageName, done, total, unit } = progress;
  const name = stageName === undefined ? "" : ` (${stageName})`;
  const steps = stage === undefined ? "" : `, stage ${stage}${stages === undefined ? "" : ` of ${stages}`}${name}`;
  const of = total === undefined ? "" : ` of ${number(total)}`;
  return `${steps}${done === undefined ? "" : `, ${number(done)}${of}${unit === undefined ? "" : ` ${unit}`}`}`;
}

function progressOf({ progress }: ExecutionAnswer, exchange: Exchange): Progress | null {
  if (!progress) return null;
  const { stage, stages, stageName, done, total, unit } = progress;
  return {
    ...(stage === undefined ? {} : { stage }),
    ...(stages === undefined ? {} : { stages }),
    ...(stageName ? { stageName: exchange.quote(stageName) } : {}),
    ...(done === undefined ? {} : { done }),
    ...(total === undefined ? {} : { total }),
    ...(unit ? { unit: exchange.quote(unit) } : {}),
  };
}

type Failure = Partial<NonNullable<ExecutionAnswer["error"]>>;

function errorOf({ code, message, retryable, stage }: Failure, exchange: Exchange): NonNullable<Observation["error"]> {
  const where = stage === undefined ? "" : ` (stage ${stage})`;
  return {
    kind: code ? exchange.quote(code) : "target",
    message: `${exchange.quote(message || code || "it gives no reason")}${where}`,
    ...(retryable === undefined ? {} : { retryable }),
  };
}
