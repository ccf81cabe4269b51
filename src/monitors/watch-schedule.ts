import type { Instant } from "../base/clock.ts";
import { lasting } from "../base/duration.ts";
import type { ScheduleMonitor } from "../config/catalogue.ts";
import { type Freeze, frozenBy } from "../guard/freezes.ts";
import type { Tx } from "../store/store.ts";
import {
  type Execution,
  earliest,
  FORGET_MS,
  isBegun,
  isSuccess,
  type Judgement,
  judge,
  type Problem,
  worst,
} from "./judge.ts";
import { tellTogether } from "./missed.ts";
import { type KeptMonitor, type KeptProblem, keepMonitor, openProblems } from "./monitors.store.ts";
import { slotsToPlan } from "./plan.ts";
import { type KeptSlot, keepPause, keepVerdict, openSlots, planSlots } from "./slots.store.ts";
import { type RaiseMonitor, tellProblems, type Wrong } from "./tell.ts";
import { limitOf } from "./usual.ts";
import { heardOf, type Sibling } from "./whose.store.ts";
import { clock, type Told, titleOf } from "./words.ts";

export interface Watching {
  readonly name: string;
  readonly kept: KeptMonitor;
  /** Monitors of the same job, itself among them. */
  readonly siblings: readonly Sibling[];
  readonly freezes: readonly Freeze[];
  /** What the catalogue expects a run of the job to take. */
  readonly expectedMs: number | null;
  /** Deliveries wait to be understood: what seems to be missing may be among them. */
  readonly behind: boolean;
  readonly now: Instant;
  readonly raise: RaiseMonitor;
  readonly redraw: (tx: Tx, name: string, now: Instant) => Promise<void>;
}

/** How often a freeze without an end is looked at, and a slot whose start is waited for: a freeze may begin meanwhile. */
const LOOK_MS = 5 * 60_000;
/** For so long after its deadline something missing may be among what was delivered and not yet understood. */
const UNDERSTOOD_WITHIN_MS = 25_000;
const BEHIND_MS = 2_000;
/** A run of ours tells by itself when it ends; should that be lost, it is looked at. */
const RUN_LOOK_MS = 60_000;
/** How often the time that is left is told anew. */
const REDRAW_MS = 10 * 60_000;

/** Judges one monitor of a job. Returns when to look again, null: when something is heard. The monitor's row is held. */
export async function watchSchedule(tx: Tx, monitor: ScheduleMonitor, watching: Watching): Promise<Instant | null> {
  const { name, kept, now } = watching;
  const planned = slotsToPlan(monitor, { planned: kept.plannedTo, now });
  await planSlots(tx, name, planned);
  const executions = await heardOf(tx, monitor, watching.siblings);
  const limit = limitOf(lasted(executions), watching.expectedMs);
  const look = (slots: readonly KeptSlot[]): Judgement =>
    judge(
      {
        startByMs: monitor.startBy ?? null,
        tooFastMs: monitor.tooFast ?? null,
        minRows: monitor.minRows ?? null,
        graceMs: monitor.grace,
        knownAt: kept.knownAt,
      },
      { slots, executions, limit, now },
    );
  const before = await openSlots(tx, name);
  const frozen = frozenBy(watching.freezes, { ...monitor, now });
  const runs = look(before).slots.some((one) => one.running);
  const paused = frozen !== null && !runs;
  const slots = await movePauses(tx, before, { paused, now });
  const judged = look(slots);
  for (const slot of slots) {
    const verdict = judged.slots.find((one) => one.slot === slot);
    if (verdict !== undefined && slot.at.epochMilliseconds <= now.epochMilliseconds && slot.pausedSince === null) {
      await keepVerdict(tx, slot, verdict, now);
    }
  }
  const known = await openProblems(tx, name);
  const isKnown = ({ key }: Pick<Problem, "key">) => known.some((one) => one.key === key);
  // A freeze makes nothing late, and ends nothing that was.
  const wrong = judged.problems.filter((one) => isKnown(one) || !(paused || waitsForWords(one, monitor, watching)));
  const told = {
    ...{ job: monitor.job, environment: monitor.environment, zone: monitor.zone, now, limit },
    ...{ tooFastMs: monitor.tooFast ?? null, minRows: monitor.minRows ?? null, before: monitor.before ?? null },
  } satisfies Omit<Told, "missed">;
  const heldUntil = await tellProblems(
    tx,
    { ...watching, monitor, zone: monitor.zone },
    {
      wrong: tellTogether(wrong).map(({ problem, speaks, missed, together, covered }) => ({
        ...wrongOf(problem, titleOf(speaks, { ...told, missed }), monitor.grace),
        ...{ together, covered },
      })),
      over: (problem, ended) => overWords(problem, { monitor, executions, ended, now }),
    },
  );
  // The time that is left until the load stands on the card, and passes.
  const loads = wrong.length > 0 && slots.some((slot) => isAwaited(slot, now));
  if (loads && known.some((one) => one.toldAt !== null)) await watching.redraw(tx, name, now);
  const heldBack = wrong.length < judged.problems.length;
  const found = worst(wrong) ?? (heldBack ? "due" : judged.state);
  const state =
    snoozeEnd(kept, now) !== null ? "snoozed" : paused && (found === "ok" || found === "due") ? "paused" : found;
  const waiting = heldBack && !paused;
  const oursRuns = executions.some((one) => one.outcome === "running" && one.run !== null) && wrong.length > 0;
  const nextAt = earliest([
    judged.nextAt,
    heldUntil,
    snoozeEnd(kept, now),
    paused ? (frozen?.until ?? now.add({ milliseconds: LOOK_MS })) : null,
    judged.state === "due" && !runs && watching.freezes.length > 0 ? now.add({ milliseconds: LOOK_MS }) : null,
    waiting ? now.add({ milliseconds: BEHIND_MS }) : null,
    oursRuns ? now.add({ milliseconds: RUN_LOOK_MS }) : null,
    loads ? now.add({ milliseconds: REDRAW_MS }) : null,
  ]);
  const plannedTo = planned.at(-1)?.at;
  await keepMonitor(tx, name, {
    ...(plannedTo === undefined ? {} : { plannedTo }),
    ...(state === kept.state ? {} : { state, since: now }),
    nextAt,
  });
  return nextAt;
}

/** How long the executions took that succeeded, oldest first. */
const lasted = (executions: readonly Execution[]): number[] =>
  executions.flatMap(({ outcome, startedAt, endedAt }) =>
    outcome === "succeeded" && startedAt !== null && endedAt !== null
      ? [endedAt.epochMilliseconds - startedAt.epochMilliseconds]
      : [],
  );

/** Its time has come, and what reads it has not begun. */
const isAwaited = ({ at, beforeAt }: KeptSlot, now: Instant): boolean =>
  at.epochMilliseconds <= now.epochMilliseconds &&
  beforeAt !== null &&
  beforeAt.epochMilliseconds > now.epochMilliseconds;

/** A freeze holds the deadlines of what it holds: they move by as long as it lasts. */
async function movePauses(
  tx: Tx,
  slots: readonly KeptSlot[],
  at: { paused: boolean; now: Instant },
): Promise<KeptSlot[]> {
  const moved: KeptSlot[] = [];
  for (const slot of slots) {
    const next = movedBy(slot, at);
    if (next !== slot) await keepPause(tx, next);
    moved.push(next);
  }
  return moved;
}

function movedBy(slot: KeptSlot, { paused, now }: { paused: boolean; now: Instant }): KeptSlot {
  if (paused) {
    return slot.pausedSince !== null || slot.at.epochMilliseconds > now.epochMilliseconds
      ? slot
      : { ...slot, pausedSince: now };
  }
  if (slot.pausedSince === null) return slot;
  const milliseconds = now.epochMilliseconds - slot.pausedSince.epochMilliseconds;
  const later = (deadline: Instant | null) => deadline?.add({ milliseconds }) ?? null;
  return { ...slot, pausedSince: null, startByAt: later(slot.startByAt), finishByAt: later(slot.finishByAt) };
}

function waitsForWords(problem: Problem, monitor: ScheduleMonitor, { behind, now }: Watching): boolean {
  const latest = problem.at.epochMilliseconds + monitor.grace + UNDERSTOOD_WITHIN_MS;
  return behind && now.epochMilliseconds < latest;
}

function wrongOf(problem: Problem, title: string, graceMs: number): Wrong {
  const { key, state, at, execution, what } = problem;
  const later = what === "not_started" || what === "not_finished" || what === "no_start" ? graceMs : 0;
  const rid = execution?.rid ?? null;
  const findableAt = at.add({ milliseconds: later });
  return { key, state, title, at, rid, findableAt, detail: null, severity: null, page: false, run: null };
}

export function snoozeEnd({ snooze }: KeptMonitor, now: Instant): Instant | null {
  return snooze !== null && snooze.until.epochMilliseconds > now.epochMilliseconds ? snooze.until : null;
}

/** How it ended: `ndw-etl finished in prod at 03:52 (Europe/London), 7 min after it was due` */
function overWords(
  problem: KeptProblem,
  by: {
    monitor: ScheduleMonitor;
    executions: readonly Execution[];
    ended: readonly KeptProblem[];
    now: Instant;
  },
): { title: string; at: Instant | null } {
  const { job, environment, zone } = by.monitor;
  const kind = [" finish", " start"].find((end) => problem.key.endsWith(end));
  const start = kind === " start";
  const instants = by.executions
    .filter((one) => (start ? isBegun(one) : isSuccess(one)))
    .map((one) => (start ? (one.startedAt ?? one.endedAt) : one.endedAt));
  const at = earliest(instants.filter((one) => (one?.epochMilliseconds ?? 0) >= problem.at.epochMilliseconds));
  const agoMs = by.now.epochMilliseconds - problem.at.epochMilliseconds;
  if (at === null && kind !== undefined && agoMs > FORGET_MS) {
    return {
      title: `${job} in ${environment} is not waited for any longer: nothing of it was heard for ${lasting(agoMs)}`,
      at,
    };
  }
  if (at === null || kind === undefined) return { title: `${job} in ${environment} is as expected again`, at };
  const times = new Set(by.ended.flatMap(({ key }) => /^(\S+) (?:start|finish)$/.exec(key)?.[1] ?? [])).size;
  const missed = times < 2 ? "" : `; ${times} times were missed`;
  const byMs = at.epochMilliseconds - problem.at.epochMilliseconds;
  const verb = start ? "started" : "finished";
  return {
    title: `${job} ${verb} in ${environment} at ${clock(at, zone, by.now)} (${zone}), ${lasting(byMs)} after it was due${missed}`,
    at,
  };
}
