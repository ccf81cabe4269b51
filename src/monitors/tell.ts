import type { Instant } from "../base/clock.ts";
import { lasting } from "../base/duration.ts";
import type { Monitor, Severity } from "../config/catalogue.ts";
import type { Tx } from "../store/store.ts";
import { changeProblem, type KeptMonitor, type KeptProblem, keepProblem, openProblems } from "./monitors.store.ts";
import { quietUntil } from "./quiet.ts";
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
    /** More of what was told before: it belongs where that was told, while that is open. */
    readonly more?: boolean;
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
  /** What is told in one line with others of the same: the first of them stands for all, further ones are only counted. */
  readonly together?: string | null;
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
/** What goes on and on is told again so often. */
const AGAIN_MS = 12 * 3_600_000;

/** How what was wrong has ended; `ended`: all that is over with it, itself among them. */
type Over = (problem: KeptProblem, ended: readonly KeptProblem[]) => { title: string; at: Instant | null };

/** What is wrong, and how it is kept; `isNew`: since now. */
interface Found {
  readonly one: Wrong;
  readonly id: number;
  readonly known: KeptProblem | null;
}

/**
 * Makes what is kept of a monitor's problems what is wrong now: keeps what is new, ends what is over, and tells each once, when
 * neither quiet hours nor a snooze hold it back. `over` says how one ended. Returns when something held back may be told.
 */
export async function tellProblems(
  tx: Tx,
  telling: Telling,
  found: { wrong: readonly Wrong[]; over: Over },
): Promise<Instant | null> {
  const { name, now } = telling;
  const open = await openProblems(tx, name);
  const heldUntil = holdsBack(telling);
  const kept = await keepFound(tx, telling, { wrong: found.wrong, open });
  const over = open.filter((problem) => !found.wrong.some((one) => one.key === problem.key));
  const told = over.filter((problem) => problem.toldAt !== null);
  const heads = kept.filter((one) => headOf(one, kept) === one);
  for (const head of heldUntil === null ? heads : []) {
    const rest = kept.filter((one) => one !== head && headOf(one, kept) === head);
    if (head.known?.toldAt == null) {
      await fire(tx, telling, { ...head, key: head.one.key, more: false });
      continue;
    }
    // One more of what is told already is counted, and now and then told again.
    const newest = rest.filter((one) => one.known === null).at(-1);
    if (newest === undefined) continue;
    const toldMs = Math.max(...[head, ...rest].map(({ known }) => known?.toldAt?.epochMilliseconds ?? 0));
    const again = now.epochMilliseconds - toldMs >= AGAIN_MS;
    await fire(tx, telling, { ...newest, key: again ? newest.one.key : head.one.key, more: true });
  }
  // One of several that are missing is history: the others are still missing.
  const goesOn = ({ key }: KeptProblem) =>
    kept.some(({ one, known }) => known?.toldAt != null && one.together != null && key.endsWith(` ${one.together}`));
  for (const problem of over) await changeProblem(tx, problem.id, { endedAt: now });
  const said = told.findLast((problem) => !goesOn(problem));
  for (const problem of told) {
    const { title, at } = found.over(problem, over);
    await telling.raise(tx, {
      ...{ name, monitor: telling.monitor, kind: "resolved", key: problem.key, title, detail: null, severity: null },
      ...{ rid: null, run: null, page: false, silent: problem !== said, now },
      // What is over is over after it began, whenever it was heard of.
      at: at !== null && at.epochMilliseconds > problem.at.epochMilliseconds ? at : now,
    });
  }
  const waits = heldUntil !== null && heads.some(({ known }) => known?.toldAt == null);
  return waits ? heldUntil : null;
}

/** Keeps what is wrong, in its order, without what was wrong before and is over. */
async function keepFound(
  tx: Tx,
  { name, now }: Telling,
  { wrong, open }: { wrong: readonly Wrong[]; open: readonly KeptProblem[] },
): Promise<Found[]> {
  const kept: Found[] = [];
  const grows = new Set(
    wrong.flatMap(({ key, together }) => (open.some((problem) => problem.key === key) ? [] : [together])),
  );
  for (const one of wrong) {
    const { key, state, title, severity, at, together } = one;
    const known = open.find((problem) => problem.key === key) ?? null;
    if (known !== null) {
      const grown = together != null && grows.has(together);
      if (known.state !== state || grown) await changeProblem(tx, known.id, { state, title });
      kept.push({ one, id: known.id, known });
      continue;
    }
    const id = await keepProblem(tx, name, { key, state, title, severity, at, foundAt: now });
    if (id !== null) kept.push({ one, id, known });
  }
  return kept;
}

const headOf = (found: Found, kept: readonly Found[]): Found =>
  found.one.together == null ? found : (kept.find(({ one }) => one.together === found.one.together) ?? found);

/** Until when nobody is to be told; null: people may be told now. */
function holdsBack({ monitor, zone, kept, now }: Telling): Instant | null {
  const snoozed = kept.snooze !== null && kept.snooze.until.epochMilliseconds > now.epochMilliseconds;
  if (snoozed && kept.snooze !== null) return kept.snooze.until;
  return quietUntil(monitor.quiet, now, zone);
}

async function fire(
  tx: Tx,
  telling: Telling,
  found: Found & { readonly key: string; readonly more: boolean },
): Promise<void> {
  const { name, monitor, now } = telling;
  const { one, id, key, more } = found;
  if (key === one.key) await changeProblem(tx, id, { toldAt: now });
  if (one.covered === true) return;
  const { title, severity, page, rid, run, at } = one;
  const detail = [one.detail ?? "", foundWords(telling, found), lateWords(telling, found)]
    .filter((sentence) => sentence !== "")
    .join(" ");
  await telling.raise(tx, {
    ...{ name, monitor, kind: "firing", key, title, severity, page, rid, run, at, now, silent: false, more },
    detail: detail === "" ? null : detail,
  });
}

/** Held back by quiet hours or a snooze, or only counted with what was missing before. */
function foundWords({ zone, now }: Telling, { known }: Found): string {
  if (known === null) return "";
  return `It was found at ${clock(known.foundAt, zone, now)} (${zone}) and held back until now.`;
}

/** It was to be found within a minute, and nobody looked. */
function lateWords({ zone, now }: Telling, { one: { findableAt }, known }: Found): string {
  const byMs = now.epochMilliseconds - findableAt.epochMilliseconds;
  if (known !== null || byMs <= LATE_MS) return "";
  return `Learned ${lasting(byMs)} late: Nightdesk did not look at ${clock(findableAt, zone, now)} (${zone}), and what was not told again since then it does not know.`;
}
