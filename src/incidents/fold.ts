import type { Instant } from "../base/clock.ts";
import type { IncidentId, RunId } from "../base/ids.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { nextNumber } from "../store/counters.ts";
import { requestWork } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { absorb, type JoinedBy, openedBy } from "./absorb.ts";
import { lockCandidates, lockKeys, type Reach } from "./folding.store.ts";
import { alsoResolved, decide, effectiveAt, type FoldDecision, type Folding, foldingOf } from "./folding.ts";
import type { Incident } from "./incident.ts";
import { insertIncident, updateIncident } from "./incidents.store.ts";
import { opens, type SavedSignal } from "./signal.ts";
import { earlyResolutions, type Joining, keepJoinings } from "./signals.store.ts";
import { appendEntries } from "./timeline.store.ts";
import type { EntryDraft } from "./timeline.ts";

/** A saved signal, with the run that it was found to speak of and that run's incident. */
export interface ToFold {
  readonly signal: SavedSignal;
  readonly run: RunId | null;
  readonly incident: IncidentId | null;
}

/**
 * Folds signals into incidents: opens, reopens, appends, resolves, or leaves a signal by itself; writes the rows, the
 * timeline and the rule that joined each signal, and asks for the projection of every incident that changed. Signals are
 * taken in the order in which they happened. Two transactions that fold the same key go one after the other.
 */
export async function foldSignals(
  tx: Tx,
  by: { readonly catalogue: Catalogue; readonly now: Instant },
  toFold: readonly ToFold[],
): Promise<readonly Joining[]> {
  const given = toFold.map((one) => ({ ...one, folding: foldingOf(one.signal, by.catalogue) }));
  await lockKeys(tx, [...new Set(given.map((one) => one.folding.rest))]);
  const desk = await deskOf(tx, by, given);
  for (const one of [...given, ...(await earlyOnes(tx, by, { given, desk }))].sort(inOrder)) await desk.take(one);
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

type Given = ToFold & { readonly folding: Folding };

/** The incidents in reach, changed in memory and written once. */
interface Desk {
  /** Whether some incident in reach has seen this condition. */
  knows(condition: string): boolean;
  take(one: Given): Promise<void>;
  keep(): Promise<readonly Joining[]>;
}

async function deskOf(
  tx: Tx,
  by: { readonly catalogue: Catalogue; readonly now: Instant },
  given: readonly Given[],
): Promise<Desk> {
  const incidents = new Map<IncidentId, Incident>();
  for (const incident of await lockCandidates(tx, reachOf(given))) incidents.set(incident.id, incident);
  const entries = new Map<IncidentId, EntryDraft[]>();
  const joinings: Joining[] = [];

  const put = (incident: Incident, one: Given, joined: { joinedBy: JoinedBy; reopens: boolean }) => {
    const told = one.run !== null && one.incident === incident.id;
    const changed = absorb(incident, one.signal, { ...by, ...joined, told, folding: one.folding });
    incidents.set(incident.id, changed.incident);
    entries.set(incident.id, [...(entries.get(incident.id) ?? []), ...changed.entries]);
  };

  return {
    knows: (condition) => [...incidents.values()].some((incident) => incident.conditions[condition] !== undefined),
    take: async (one) => {
      const { signal, folding, run } = one;
      const candidates = [...incidents.values()];
      const others = alsoResolved(signal, candidates);
      const decision = ofItsRun(one, incidents) ?? decide(folding, signal, candidates);
      const joinedBy = { rule: folding.rule.name, key: folding.key, why: decision.why };
      const incident =
        decision.kind === "leave" ? null : decision.kind === "open" ? await open(tx, one, by) : decision.incident;
      if (incident !== null) put(incident, one, { joinedBy, reopens: decision.kind === "reopen" });
      for (const other of others) if (other.id !== incident?.id) put(other, one, { joinedBy, reopens: false });
      joinings.push({ signal, incident: incident?.id ?? null, joinedBy, run });
    },
    keep: async () => {
      for (const [id, drafts] of [...entries].sort(([a], [b]) => a - b)) {
        const incident = incidents.get(id);
        if (incident === undefined) continue;
        await updateIncident(tx, incident);
        await appendEntries(tx, { incident: id, learnedAt: by.now }, drafts);
        await requestWork(tx, { kind: "incident", ref: id, dueAt: by.now });
      }
      await keepJoinings(tx, joinings);
      return joinings;
    },
  };
}

/** What a run's target says of it belongs to the incident that the run was started for, while that is not resolved. */
function ofItsRun(one: Given, incidents: ReadonlyMap<IncidentId, Incident>): FoldDecision | null {
  const incident = one.incident === null ? undefined : incidents.get(one.incident);
  if (incident === undefined || incident.status === "resolved") return null;
  return { kind: "append", incident, why: `it speaks of a run of INC-${incident.number}` };
}

async function open(tx: Tx, one: Given, by: { catalogue: Catalogue; now: Instant }): Promise<Incident> {
  const number = await nextNumber(tx, "incident");
  return insertIncident(tx, { ...openedBy(one.signal, { ...by, folding: one.folding }), number });
}

/** What was resolved before it was heard of: resolutions that wait for the alerts that came just now. */
async function earlyOnes(
  tx: Tx,
  by: { readonly catalogue: Catalogue },
  at: { given: readonly Given[]; desk: Desk },
): Promise<Given[]> {
  const fresh = at.given.filter(({ signal }) => opens(signal) && !at.desk.knows(signal.condition));
  const [oldest] = fresh
    .map(({ signal }) => effectiveAt(signal))
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

function inOrder(a: Given, b: Given): number {
  return effectiveAt(a.signal).epochMilliseconds - effectiveAt(b.signal).epochMilliseconds || a.signal.id - b.signal.id;
}
