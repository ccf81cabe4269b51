import type { Instant } from "../base/clock.ts";
import type { IncidentId, RunId } from "../base/ids.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Tx } from "../store/store.ts";
import { type Desk, deskOf, type Given } from "./desk.ts";
import { findCandidates, lockKeys, type Reach } from "./folding.store.ts";
import { effectiveAt, foldingOf } from "./folding.ts";
import { opens, type SavedSignal } from "./signal.ts";
import { earlyResolutions, type Joining } from "./signals.store.ts";

/** A saved signal, with the run that it was found to speak of and that run's incident. */
export interface ToFold {
  readonly signal: SavedSignal;
  readonly run: RunId | null;
  readonly incident: IncidentId | null;
}

/**
 * Folds signals into incidents: opens, reopens, appends, resolves, or leaves a signal by itself; writes the rows, the
 * timeline and the rule that joined each signal, and asks for the projection of every incident that changed. Signals are
 * taken in the order in which they happened. Two transactions that fold the same key go one after the other, and so do two
 * that are about to open an incident in the same environment: what is held, and in which order, is keys, places, incidents.
 */
export async function foldSignals(
  tx: Tx,
  by: { readonly catalogue: Catalogue; readonly now: Instant },
  toFold: readonly ToFold[],
): Promise<readonly Joining[]> {
  const given = toFold.map((one) => ({ ...one, folding: foldingOf(one.signal, by.catalogue) }));
  await lockKeys(tx, [...new Set(given.map((one) => one.folding.rest))]);
  const desk = await deskOf(tx, by, { given, found: await findCandidates(tx, reachOf(given)) });
  for (const one of inOrder([...given, ...(await earlyOnes(tx, by, { given, desk }))])) await desk.take(one);
  return desk.keep();
}

/** One signal: see `foldSignals`. */
export async function foldSignal(
  tx: Tx,
  by: { readonly catalogue: Catalogue; readonly now: Instant },
  toFold: ToFold,
): Promise<Joining> {
  const joinings = await foldSignals(tx, by, [toFold]);
  const joining = joinings.find((one) => one.signal.id === toFold.signal.id);
  if (joining === undefined) throw new Error("a signal was folded without a result");
  return joining;
}

/** What was resolved before it was heard of: resolutions that wait for the alerts that came just now. */
async function earlyOnes(
  tx: Tx,
  by: { readonly catalogue: Catalogue },
  at: { given: readonly Given[]; desk: Desk },
): Promise<Given[]> {
  const fresh = at.given.filter(({ signal }) => opens(signal) && !at.desk.knows(signal.condition));
  const [oldest] = fresh
    .map(({ signal }) => signal.asOf ?? effectiveAt(signal))
    .sort((a, b) => a.epochMilliseconds - b.epochMilliseconds);
  if (oldest === undefined) return [];
  const waiting = await earlyResolutions(tx, [...new Set(fresh.map(({ signal }) => signal.condition))], oldest);
  const known = new Set(at.given.map(({ signal }) => signal.id));
  return waiting
    .filter((signal) => !known.has(signal.id))
    .map((signal) => ({ signal, run: null, incident: null, folding: foldingOf(signal, by.catalogue) }));
}

function reachOf(given: readonly Given[]): Reach {
  const ends = given.filter(({ signal }) => ["resolved", "finished", "noted"].includes(signal.kind));
  return {
    keys: given.flatMap(({ folding }) => folding.keys.map((key) => ({ rule: folding.rule.name, key }))),
    conditions: ends.map(({ signal }) => signal.condition),
    incidents: given.flatMap(({ incident }) => (incident === null ? [] : [incident])),
  };
}

/**
 * In the order in which it happened. What ends something that goes by when it began comes after all that it may end, also
 * where that ended later.
 */
function inOrder(all: readonly Given[]): Given[] {
  const fired = new Map<string, number>();
  for (const { signal } of all) {
    if (!opens(signal) || signal.asOf === undefined) continue;
    fired.set(signal.condition, Math.max(fired.get(signal.condition) ?? 0, effectiveAt(signal).epochMilliseconds));
  }
  const place = ({ signal }: Given): number => {
    const ms = effectiveAt(signal).epochMilliseconds;
    const ends = signal.kind === "resolved" && signal.asOf !== undefined;
    return ends ? Math.max(ms, (fired.get(signal.condition) ?? 0) + 0.5) : ms;
  };
  return [...all].sort((a, b) => place(a) - place(b) || a.signal.id - b.signal.id);
}
