import type { IncidentId } from "../base/ids.ts";
import type { Catalogue, RelationName } from "../config/catalogue.ts";
import type { Tx } from "../store/store.ts";
import { keptOutOf, type Split } from "./apart.ts";
import { type Bridge, bridgeOf } from "./bridge.ts";
import type { Given } from "./desk.ts";
import { splitsOf } from "./folding.store.ts";
import { type Candidate, decide, effectiveAt, type Folding, isKeyOf } from "./folding.ts";
import type { Incident } from "./incident.ts";
import { incidentsById } from "./incidents.store.ts";
import { placeOf } from "./judge.ts";
import { type Relation, relations, type Trace } from "./relate.ts";
import { opens, type SavedSignal } from "./signal.ts";
import { lockPlaces, traceOf, tracesNear } from "./traces.store.ts";

/** What can call people again about something that was over; the weaker ones open an incident of its own. */
const REOPEN: readonly RelationName[] = ["same-run", "same-job", "same-error", "same-contract"];

/** Finds, for a signal that no key leads anywhere, the incident whose trouble it is. Within one transaction. */
export interface Kindred {
  readUnheld(ids: readonly IncidentId[]): Promise<readonly Incident[]>;
  mayOpen(one: Given, candidates: readonly Candidate[]): boolean;
  /** Whether it says something new of an incident that it joins by its key: it may be of another one's trouble as well. */
  mayBridge(one: Given, candidates: readonly Candidate[]): boolean;
  /** Waits for others who open in the same environments, and reads what lately fired there. Once for each environment. */
  prepare(opening: readonly Given[]): Promise<void>;
  /** Reads the same without waiting: for what opens nothing. */
  look(bridging: readonly Given[]): Promise<void>;
  /** The incidents whose trouble it may be, the likeliest first. */
  find(one: Given, candidates: readonly Candidate[], row: Rows): readonly Relation[];
  /** What was read of where it happened: without that it is not known whose trouble it may be as well. */
  hasRead(one: Given): boolean;
  bridge(
    one: Given,
    incident: Incident,
    by: { readonly relations: readonly Relation[]; row: Rows },
  ): Bridge<Incident> | null;
  /** How a signal joins an incident that is held by now; null: it does not any more. */
  fits(one: Given, incident: Incident, relation: Relation): "append" | "reopen" | null;
  joined(incident: IncidentId, signal: SavedSignal): void;
}

/** Incidents as this transaction has them. */
type Rows = (id: IncidentId) => Incident | undefined;

/** Of an incident in which so much fires already, one thing more is nothing to ask people about. */
const MOST_BRIDGING = 8;

/** Whether an alert tells the incident something that it has not heard. */
export const isNews = ({ signal }: Given, { conditions }: Incident): boolean =>
  opens(signal) && conditions[signal.condition] === undefined && Object.keys(conditions).length < MOST_BRIDGING;

export function createKindred(
  tx: Tx,
  by: { readonly catalogue: Catalogue; readonly splits: readonly Split[] },
): Kindred {
  const { catalogue } = by;
  const prepared = new Set<string>();
  const looked = new Set<string>();
  const near = new Map<string, Trace>();
  const known = new Map<IncidentId, Incident>();
  const fresh: Trace[] = [];
  let splits = by.splits;

  const relates = ({ signal, folding }: Given) =>
    opens(signal) && folding.rule.relate !== false && placeOf(signal) !== "";

  const fits: Kindred["fits"] = ({ signal, folding }, incident, { rule }) => {
    if (incident.mergedInto !== null) return null;
    if (incident.environment !== null && signal.environment !== null && incident.environment !== signal.environment)
      return null;
    if (incident.status !== "resolved") return "append";
    const at = effectiveAt(signal).epochMilliseconds;
    const resolved = incident.resolvedAt?.epochMilliseconds ?? Number.NEGATIVE_INFINITY;
    // Late: it happened before it was over.
    if (at <= resolved) return "append";
    return at <= resolved + folding.rule.reopenWithinMs && REOPEN.includes(rule) ? "reopen" : null;
  };

  const hasRead = ({ signal }: Given) => prepared.has(placeOf(signal)) || looked.has(placeOf(signal));

  const read = async (waiting: readonly Given[]) => {
    for (const { signal } of waiting) looked.add(placeOf(signal));
    const [at] = waiting
      .map(({ signal }) => effectiveAt(signal))
      .sort((a, b) => a.epochMilliseconds - b.epochMilliseconds);
    if (at === undefined) return;
    const reopenWithinMs = Math.max(...waiting.map(({ folding }) => folding.rule.reopenWithinMs));
    const places = placesNear(catalogue, new Set(environmentsOf(waiting)));
    const found = await tracesNear(tx, { places, at, reopenWithinMs });
    for (const trace of found.traces) near.set(JSON.stringify(trace), trace);
    for (const incident of found.incidents) known.set(incident.id, incident);
    splits = [...by.splits, ...(await splitsOf(tx, [...known.keys()]))];
  };

  return {
    fits,
    readUnheld: (ids) => incidentsById(tx, ids),
    mayOpen: (one, candidates) =>
      relates(one) && one.incident === null && decide(one.folding, one.signal, candidates).kind === "open",
    mayBridge: (one, candidates) => {
      // Nearly all that comes is said again: that is seen before anything is decided.
      if (!candidates.some((candidate) => isNews(one, candidate)) || !relates(one)) return false;
      const decision = decide(one.folding, one.signal, candidates);
      return (decision.kind === "append" || decision.kind === "reopen") && isNews(one, decision.incident);
    },
    prepare: async (opening) => {
      const waiting = opening.filter((one) => relates(one) && !prepared.has(placeOf(one.signal)));
      if (waiting.length === 0) return;
      await lockPlaces(tx, environmentsOf(waiting));
      for (const { signal } of waiting) prepared.add(placeOf(signal));
      await read(waiting);
    },
    look: async (bridging) => {
      const waiting = bridging.filter((one) => relates(one) && !hasRead(one));
      if (waiting.length > 0) await read(waiting);
    },
    hasRead,
    find: (one, candidates, row) => {
      if (!relates(one)) return [];
      const { signal, folding } = one;
      const out = keptOutOf(splits, signal, () => false);
      const keyed = new Set(candidates.filter((candidate) => isKeyOf(candidate, folding)).map(({ id }) => id));
      const open = (incident: IncidentId) => {
        // The team's own rule has said that this key is another trouble by now.
        if (keyed.has(incident) || out.has(incident)) return false;
        const found = row(incident) ?? known.get(incident);
        return found !== undefined && mayTake(found, catalogue);
      };
      const allowed = folding.rule.relate === true || folding.rule.relate === false ? undefined : folding.rule.relate;
      const traces = [...near.values(), ...fresh].filter(({ incident }) => open(incident));
      const teller = { ...signal, place: placeOf(signal) };
      return relations(teller, effectiveAt(signal).epochMilliseconds, {
        traces,
        catalogue,
        ...(allowed === undefined ? {} : { allowed }),
      });
    },
    bridge: ({ signal }, incident, { relations, row }) =>
      bridgeOf(signal.title, incident, { relations, splits, row: (id) => row(id) ?? known.get(id) }),
    joined: (incident, signal) => {
      if (opens(signal)) fresh.push(traceOf(incident, signal));
    },
  };
}

const environmentsOf = (given: readonly Given[]): string[] =>
  [...new Set(given.flatMap(({ signal }) => placeOf(signal).split("|")))].sort();

/** Rules that let nothing relate take nothing by relation either. */
function mayTake(incident: Incident, catalogue: Catalogue): boolean {
  const rule: Folding["rule"] | undefined = catalogue.folding.find(({ name }) => name === incident.foldingRule);
  return rule?.relate !== false;
}

/** These environments, and what senders say who cannot tell them apart. */
function placesNear(catalogue: Catalogue, environments: ReadonlySet<string>): string[] {
  const sets = catalogue.messages.map((message) => [...message.environments].sort());
  const overlapping = sets.filter((set) => set.length > 1 && set.some((one) => environments.has(one)));
  return [
    ...new Set([...environments, ...overlapping.map((set) => set.join("|")), [...environments].sort().join("|")]),
  ];
}
