import type { Instant } from "../base/clock.ts";
import type { Monitor, Severity } from "../config/catalogue.ts";
import type { Tx } from "../store/store.ts";
import { changeProblem, type KeptMonitor, type KeptProblem, keepProblem, openProblems } from "./monitors.store.ts";
import { quietUntil } from "./quiet.ts";
import { spell } from "./usual.ts";
import { clock } from "./words.ts";

/** Something that people have to see of a monitor, or that is over. Joined by app.ts. */
export type RaiseMonitor = (
  tx: Tx,
  alert: {
    readonly name: string;
    readonly monitor: Monitor;
    readonly kind: "firing" | "resolved";
    /** What of it: the same when it fires and when it is over. */
    readonly key: string;
    readonly title: string;
    readonly detail: string | null;
    readonly severity: Severity | null;
    readonly rid: string | null;
    /** Row id of the run that it speaks of. */
    readonly run: number | null;
    /** The people of the route are called for it. */
    readonly page: boolean;
    /** People have read it already: kept and counted. */
    readonly silent: boolean;
    readonly at: Instant;
    readonly now: Instant;
  },
) => Promise<void>;

/** What is wrong now, in words. */
export interface Wrong {
  readonly key: string;
  readonly state: string;
  readonly title: string;
  readonly detail: string | null;
  readonly severity: Severity | null;
  readonly page: boolean;
  readonly rid: string | null;
  readonly run: number | null;
  readonly at: Instant;
  /** From when on it could be found. */
  readonly findableAt: Instant;
  /** A worse one of it is told: this one is kept without a word. */
  readonly covered?: boolean;
}

export interface Telling {
  readonly name: string;
  readonly monitor: Monitor;
  readonly zone: string;
  readonly kept: KeptMonitor;
  readonly now: Instant;
  readonly raise: RaiseMonitor;
}

const LATE_MS = 60_000;

/**
 * Makes what is kept of a monitor's problems what is wrong now: keeps what is new, ends what is over, and tells each once, when
 * neither quiet hours nor a snooze hold it back. `over` says how one ended. Returns when something held back may be told.
 */
export async function tellProblems(
  tx: Tx,
  telling: Telling,
  found: { wrong: readonly Wrong[]; over: (problem: KeptProblem) => { title: string; at: Instant | null } },
): Promise<Instant | null> {
  const { name, now } = telling;
  const open = await openProblems(tx, name);
  const heldUntil = holdsBack(telling);
  for (const one of found.wrong) {
    const known = open.find((problem) => problem.key === one.key);
    if (known !== undefined) {
      if (known.state !== one.state) await changeProblem(tx, known.id, { state: one.state, title: one.title });
      if (known.toldAt === null && heldUntil === null) await fire(tx, telling, { ...one, id: known.id, known });
      continue;
    }
    const { key, state, title, severity, at } = one;
    const id = await keepProblem(tx, name, { key, state, title, severity, at, foundAt: now });
    if (id !== null && heldUntil === null) await fire(tx, telling, { ...one, id, known: null });
  }
  const over = open.filter((problem) => !found.wrong.some((one) => one.key === problem.key));
  for (const [index, problem] of over.entries()) {
    await changeProblem(tx, problem.id, { endedAt: now });
    if (problem.toldAt === null) continue;
    const { title, at } = found.over(problem);
    await telling.raise(tx, {
      ...{ name, monitor: telling.monitor, kind: "resolved", key: problem.key, title, detail: null, severity: null },
      ...{ rid: null, run: null, page: false, silent: index < over.length - 1, now },
      // What is over is over after it began, whenever it was heard of.
      at: at !== null && at.epochMilliseconds > problem.at.epochMilliseconds ? at : now,
    });
  }
  const waits =
    heldUntil !== null && found.wrong.some((one) => open.find((two) => two.key === one.key)?.toldAt == null);
  return waits ? heldUntil : null;
}

/** Until when nobody is to be told; null: people may be told now. */
function holdsBack({ monitor, zone, kept, now }: Telling): Instant | null {
  const snoozed = kept.snooze !== null && kept.snooze.until.epochMilliseconds > now.epochMilliseconds;
  if (snoozed && kept.snooze !== null) return kept.snooze.until;
  return quietUntil(monitor.quiet, now, zone);
}

async function fire(
  tx: Tx,
  telling: Telling,
  wrong: Wrong & { readonly id: number; readonly known: KeptProblem | null },
): Promise<void> {
  const { name, monitor, now } = telling;
  await changeProblem(tx, wrong.id, { toldAt: now });
  if (wrong.covered === true) return;
  const { key, title, severity, page, rid, run, at } = wrong;
  const detail = [wrong.detail ?? "", heldWords(telling, wrong), lateWords(telling, wrong)]
    .filter((sentence) => sentence !== "")
    .join(" ");
  await telling.raise(tx, {
    ...{ name, monitor, kind: "firing", key, title, severity, page, rid, run, at, now, silent: false },
    detail: detail === "" ? null : detail,
  });
}

function heldWords({ zone, now }: Telling, { known }: { known: KeptProblem | null }): string {
  if (known === null) return "";
  return `It was found at ${clock(known.foundAt, zone, now)} (${zone}) and held back until now.`;
}

/** It was to be found within a minute, and nobody looked. */
function lateWords({ zone, now }: Telling, { findableAt, known }: Wrong & { known: KeptProblem | null }): string {
  const byMs = now.epochMilliseconds - findableAt.epochMilliseconds;
  if (known !== null || byMs <= LATE_MS) return "";
  return `Learned ${spell(byMs)} late: Nightdesk did not look at ${clock(findableAt, zone, now)} (${zone}), and what was not told again since then it does not know.`;
}
