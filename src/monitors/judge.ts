import type { Instant } from "../base/clock.ts";
import type { Limit } from "./usual.ts";

/** What is expected of a job in an environment. Null: nothing is. */
export interface Expected {
  readonly startByMs: number | null;
  readonly tooFastMs: number | null;
  readonly minRows: number | null;
  readonly graceMs: number;
  /** Nothing before is judged. */
  readonly knownAt: Instant;
}

/** One time of the schedule, with its deadlines. */
export interface Slot {
  readonly at: Instant;
  readonly startByAt: Instant | null;
  /** The earlier of what `finishBy` and `before` say. */
  readonly finishByAt: Instant | null;
  readonly beforeAt: Instant | null;
}

/** One execution as it was heard of, or a run of ours. */
export interface Execution {
  readonly key: string;
  readonly rid: string | null;
  /** The number of a run of ours. */
  readonly run: number | null;
  readonly startedAt: Instant | null;
  readonly endedAt: Instant | null;
  /** `ended`: it is over, how is not known. */
  readonly outcome: "running" | "succeeded" | "failed" | "ended";
  readonly rows: number | null;
  readonly error?: string | null;
  /** Whoever told it did not say where it ran. Absent: it ran here. */
  readonly unsure?: {
    /** Where it may have run. */
    readonly among: readonly string[];
    /** Whether its start, its success counts here all the same. */
    readonly start: boolean;
    readonly end: boolean;
  };
}

export const PROBLEM_STATES = [
  ...["missing_end", "overrun", "late", "too_few", "too_fast", "missing_start", "stale"],
] as const satisfies readonly string[];
export type ProblemState = (typeof PROBLEM_STATES)[number];

/** An expectation that does not hold. `key` is the same for as long as it is the same. */
export interface Problem {
  readonly key: string;
  readonly state: ProblemState;
  readonly what: "not_started" | "not_finished" | "overrun" | "too_fast" | "too_few" | "no_start";
  /** The deadline, or when it was seen. */
  readonly at: Instant;
  readonly slot: Slot | null;
  readonly execution: Execution | null;
  /** Other executions of the same slot that have not ended either. */
  readonly others: number;
  /** It may have happened: what did is not known to have been here. */
  readonly unsure?: Unsure | null;
}

/** So many starts or ends of these environments were heard, of which nobody knows whose they are. */
export interface Unsure {
  readonly times: number;
  readonly among: readonly string[];
  readonly last: Instant;
}

export interface SlotVerdict {
  readonly slot: Slot;
  readonly startedAt: Instant | null;
  readonly endedAt: Instant | null;
  /** Something of it runs. */
  readonly running: boolean;
  /** Nothing that is heard now can change what is said of it. */
  readonly settled: boolean;
}

export interface Judgement {
  readonly problems: readonly Problem[];
  readonly slots: readonly SlotVerdict[];
  readonly state: "ok" | "due" | ProblemState;
  /** The first instant at which this may be otherwise without anything being heard; null: never. */
  readonly nextAt: Instant | null;
}

export interface Facts {
  /** In their order; the last one is still to come, so that the one before has its end. */
  readonly slots: readonly Slot[];
  readonly executions: readonly Execution[];
  readonly limit: Limit | null;
  readonly now: Instant;
}

/** A start that is heard a little before its time belongs to it. */
const EARLY_MS = 5 * 60_000;
/** A slot of which nothing was heard for so long is history. */
export const FORGET_MS = 7 * 86_400_000;

/** What holds and what does not, from the facts alone. */
export function judge(expected: Expected, facts: Facts): Judgement {
  const { now, slots } = facts;
  const windows = windowsOf(slots);
  // What is missing since is never history: the first slot of it stays, however long ago.
  const lasting = new Set([
    windows.find((one) => !sinceOf(facts, one).some(isBegun))?.slot,
    windows.find((one) => !sinceOf(facts, one).some(isSuccess))?.slot,
  ]);
  const verdicts = windows.map((window) => judgeSlot(expected, facts, { ...window, lasts: lasting.has(window.slot) }));
  const problems = [...verdicts.flatMap((one) => one.problems), ...ofExecutions(expected, facts)];
  const current = verdicts.findLast(({ verdict }) => !isAfter(verdict.slot.at, now));
  const waits = current !== undefined && current.verdict.endedAt === null && !current.verdict.settled;
  return {
    problems,
    slots: verdicts.map((one) => one.verdict),
    state: worst(problems) ?? (waits ? "due" : "ok"),
    nextAt: nextOf(expected, facts),
  };
}

export function worst(problems: readonly Pick<Problem, "state">[]): ProblemState | null {
  return PROBLEM_STATES.find((state) => problems.some((problem) => problem.state === state)) ?? null;
}

/** A slot, and from when to when what begins belongs to it. */
interface Window<S = Slot> {
  readonly slot: S;
  readonly next: S | null;
  readonly fromMs: number;
  readonly toMs: number;
}

export function windowsOf<S extends Pick<Slot, "at">>(slots: readonly S[]): Window<S>[] {
  return slots.map((slot, index) => {
    const next = slots[index + 1] ?? null;
    const earlyMs = next === null ? EARLY_MS : Math.min(EARLY_MS, (ms(next.at) - ms(slot.at)) / 4);
    const toMs = next === null ? Number.POSITIVE_INFINITY : ms(next.at) - earlyMs;
    return { slot, next, fromMs: ms(slot.at) - earlyMs, toMs };
  });
}

const sinceOf = ({ executions }: Facts, { fromMs }: Window): Execution[] =>
  executions.filter((one) => beginMs(one) >= fromMs);

/** Known to have succeeded here. */
export const isSuccess = ({ outcome, unsure }: Execution): boolean => outcome === "succeeded" && unsure?.end !== false;

/** Known to have begun here: an end, too, says that. */
export const isBegun = ({ unsure }: Execution): boolean => unsure === undefined || unsure.start || unsure.end;

/** What was heard and is not known to have been here. */
function unsureOf(executions: readonly Execution[], of: "start" | "end"): Unsure | null {
  const heard = executions.flatMap(({ unsure, startedAt, endedAt, outcome }) => {
    const at = of === "start" ? (startedAt ?? endedAt) : outcome === "succeeded" ? endedAt : null;
    return unsure === undefined || unsure[of] || at === null ? [] : [{ at, among: unsure.among }];
  });
  const last = heard.reduce<Instant | null>((a, { at }) => (a === null || isAfter(at, a) ? at : a), null);
  if (last === null) return null;
  return { times: heard.length, among: [...new Set(heard.flatMap(({ among }) => among))], last };
}

function judgeSlot(
  { graceMs }: Expected,
  facts: Facts,
  window: Window & { readonly lasts: boolean },
): { problems: Problem[]; verdict: SlotVerdict } {
  const { now } = facts;
  const { slot, next } = window;
  const since = sinceOf(facts, window);
  const own = since.filter((one) => beginMs(one) < window.toMs);
  const running = own.filter((one) => one.outcome === "running");
  const ended = own.filter(isSuccess).map((one) => one.endedAt);
  const succeeded = since.some(isSuccess);
  const passed = (deadline: Instant | null): deadline is Instant =>
    deadline !== null && ms(now) >= ms(deadline) + graceMs;
  const forgotten = ms(now) - ms(slot.at) > FORGET_MS && !window.lasts;

  const problems: Problem[] = [];
  const about = { slot, execution: null, others: 0 };
  if (passed(slot.startByAt) && !since.some(isBegun) && !forgotten) {
    const start = { ...about, at: slot.startByAt, unsure: unsureOf(since, "start") };
    problems.push({ ...start, key: `${slot.at} start`, state: "late", what: "not_started" });
  }
  if (passed(slot.finishByAt) && (running.length > 0 || !succeeded) && !forgotten) {
    const [first = null, ...others] = running;
    const execution = first ?? own.at(-1) ?? null;
    const state = first === null ? "late" : "missing_end";
    const finish = { ...about, execution, others: others.length, at: slot.finishByAt, unsure: unsureOf(since, "end") };
    problems.push({ ...finish, key: `${slot.at} finish`, state, what: "not_finished" });
  }
  const deadlines = [slot.startByAt, slot.finishByAt].filter((one) => one !== null);
  const over = next !== null && ms(now) >= ms(next.at) && deadlines.every(passed);
  const verdict = {
    slot,
    startedAt: earliest(own.filter(isBegun).map((one) => one.startedAt ?? one.endedAt)),
    endedAt: earliest(ended),
    running: running.length > 0,
    settled: forgotten || (over && problems.length === 0 && running.length === 0),
  };
  return { problems, verdict };
}

/** What is wrong with single executions: those that run, and the last one that succeeded. */
function ofExecutions(expected: Expected, { executions, limit, now }: Facts): Problem[] {
  const { knownAt, graceMs, tooFastMs, minRows, startByMs } = expected;
  const problems: Problem[] = [];
  const about = (execution: Execution) => ({ slot: null, execution, others: 0 });
  for (const execution of executions) {
    const { outcome, startedAt } = execution;
    if (outcome !== "running" || startedAt === null || limit === null || ms(startedAt) < ms(knownAt)) continue;
    const at = startedAt.add({ milliseconds: Math.round(limit.ms) });
    if (isAfter(at, now)) continue;
    problems.push({ ...about(execution), key: `${execution.key} overrun`, state: "overrun", what: "overrun", at });
  }
  const last = lastSuccess(executions);
  if (last?.endedAt == null || ms(last.endedAt) < ms(knownAt)) return problems;
  const { endedAt: at, startedAt, rows, key } = last;
  const lasted = startedAt === null ? null : ms(at) - ms(startedAt);
  if (tooFastMs !== null && lasted !== null && lasted < tooFastMs) {
    problems.push({ ...about(last), key: `${key} too_fast`, state: "too_fast", what: "too_fast", at });
  }
  if (minRows !== null && rows !== null && rows < minRows) {
    problems.push({ ...about(last), key: `${key} too_few`, state: "too_few", what: "too_few", at });
  }
  // The start may be on its way; and of a job that never tells its start none is missed.
  const tells = startByMs !== null || executions.some((one) => one.rid !== null && one.startedAt !== null);
  if (startedAt === null && tells && ms(now) >= ms(at) + graceMs) {
    problems.push({ ...about(last), key: `${key} no_start`, state: "missing_start", what: "no_start", at });
  }
  return problems;
}

function nextOf({ graceMs, knownAt }: Expected, { slots, executions, limit, now }: Facts): Instant | null {
  const later = (at: Instant | null | undefined, more: number) =>
    at === null || at === undefined ? [] : [at.add({ milliseconds: Math.round(more) })];
  const running = executions.filter((one) => one.outcome === "running");
  const instants = [
    ...slots.flatMap((slot) => [
      slot.at,
      ...later(slot.startByAt, graceMs),
      ...later(slot.finishByAt, graceMs),
      ...later(slot.at, FORGET_MS + 1),
    ]),
    ...running.flatMap(({ startedAt }) =>
      limit !== null && startedAt !== null && ms(startedAt) >= ms(knownAt) ? later(startedAt, limit.ms) : [],
    ),
    ...later(lastSuccess(executions)?.endedAt, graceMs),
  ];
  return earliest(instants.filter((at) => isAfter(at, now)));
}

function lastSuccess(executions: readonly Execution[]): Execution | null {
  const ended = executions.filter((one) => one.outcome === "succeeded" && one.endedAt !== null);
  return ended.reduce<Execution | null>((a, b) => (a === null || endMs(b) >= endMs(a) ? b : a), null);
}

export function earliest(instants: readonly (Instant | null)[]): Instant | null {
  return instants.reduce((a, b) => (b !== null && (a === null || ms(b) < ms(a)) ? b : a), null);
}

const ms = (at: Instant): number => at.epochMilliseconds;
const isAfter = (at: Instant, other: Instant): boolean => ms(at) > ms(other);
const endMs = ({ endedAt }: Execution): number => endedAt?.epochMilliseconds ?? 0;
const beginMs = ({ startedAt, endedAt }: Execution): number =>
  startedAt?.epochMilliseconds ?? endedAt?.epochMilliseconds ?? Number.NEGATIVE_INFINITY;
