import type { IncidentId } from "../base/ids.ts";
import type { Catalogue, RelationName } from "../config/catalogue.ts";
import type { Tx } from "../store/store.ts";
import { keptOutOf, type Split } from "./apart.ts";
import type { Given } from "./desk.ts";
import { splitsOf } from "./folding.store.ts";
import { type Candidate, decide, effectiveAt, type Folding, isKeyOf } from "./folding.ts";
import type { Incident } from "./incident.ts";
import { incidentsById } from "./incidents.store.ts";
import { placeOf } from "./judge.ts";
import { type Relation, relate, type Trace } from "./relate.ts";
import { opens, type SavedSignal } from "./signal.ts";
import { lockPlaces, traceOf, tracesNear } from "./traces.store.ts";

/** What can call people again about something that was over; the weaker ones open an incident of its own. */
const REOPEN: readonly RelationName[] = ["same-run", "same-job", "same-error", "same-contract"];

/** Finds, for a signal that no key leads anywhere, the incident whose trouble it is. Within one transaction. */
export interface Kindred {
  readUnheld(ids: readonly IncidentId[]): Promise<readonly Incident[]>;
  mayOpen(one: Given, candidates: readonly Candidate[]): boolean;
  /** Waits for others who open in the same environments, and reads what lately fired there. Once for each environment. */
  prepare(opening: readonly Given[]): Promise<void>;
  find(one: Given, candidates: readonly Candidate[], at: Where): Relation | null;
  /** How a signal joins an incident that is held by now; null: it does not any more. */
  fits(one: Given, incident: Incident, relation: Relation): "append" | "reopen" | null;
  joined(incident: IncidentId, signal: SavedSignal): void;
}

/** Incidents as this transaction has them, and those that were found not to fit. */
interface Where {
  row(id: IncidentId): Incident | undefined;
  readonly refused?: ReadonlySet<IncidentId>;
}

export function createKindred(
  tx: Tx,
  by: { readonly catalogue: Catalogue; readonly splits: readonly Split[] },
): Kindred {
  const { catalogue } = by;
  const prepared = new Set<string>();
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

  return {
    fits,
    readUnheld: (ids) => incidentsById(tx, ids),
    mayOpen: (one, candidates) =>
      relates(one) && one.incident === null && decide(one.folding, one.signal, candidates).kind === "open",
    prepare: async (opening) => {
      const waiting = opening.filter((one) => relates(one) && !prepared.has(placeOf(one.signal)));
      if (waiting.length === 0) return;
      const environments = new Set(waiting.flatMap(({ signal }) => placeOf(signal).split("|")));
      await lockPlaces(tx, [...environments].sort());
      for (const { signal } of waiting) prepared.add(placeOf(signal));
      const times = waiting
        .map(({ signal }) => effectiveAt(signal))
        .sort((a, b) => a.epochMilliseconds - b.epochMilliseconds);
      const [at] = times;
      if (at === undefined) return;
      const reopenWithinMs = Math.max(...waiting.map(({ folding }) => folding.rule.reopenWithinMs));
      const found = await tracesNear(tx, { places: placesNear(catalogue, environments), at, reopenWithinMs });
      for (const trace of found.traces) near.set(JSON.stringify(trace), trace);
      for (const incident of found.incidents) known.set(incident.id, incident);
      splits = [...by.splits, ...(await splitsOf(tx, [...known.keys()]))];
    },
    find: (one, candidates, { row, refused }) => {
      if (!relates(one)) return null;
      const { signal, folding } = one;
      const out = keptOutOf(splits, signal, () => false);
      const keyed = new Set(candidates.filter((candidate) => isKeyOf(candidate, folding)).map(({ id }) => id));
      const open = (incident: IncidentId) => {
        // The team's own rule has said that this key is another trouble by now.
        if (keyed.has(incident) || out.has(incident) || refused?.has(incident) === true) return false;
        const found = row(incident) ?? known.get(incident);
        return found !== undefined && mayTake(found, catalogue);
      };
      const allowed = folding.rule.relate === true || folding.rule.relate === false ? undefined : folding.rule.relate;
      const traces = [...near.values(), ...fresh].filter(({ incident }) => open(incident));
      const teller = { ...signal, place: placeOf(signal) };
      return relate(teller, effectiveAt(signal).epochMilliseconds, {
        traces,
        catalogue,
        ...(allowed === undefined ? {} : { allowed }),
      });
    },
    joined: (incident, signal) => {
      if (opens(signal)) fresh.push(traceOf(incident, signal));
    },
  };
}

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
