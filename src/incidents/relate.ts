import type { IncidentId } from "../base/ids.ts";
import type { Catalogue, RelationName } from "../config/catalogue.ts";
import { ENOUGH, judge } from "./judge.ts";
import { kinOf } from "./kin.ts";
import type { Evidence } from "./pair.ts";
import type { Teller } from "./said.ts";

/**
 * What an incident is known by: one trace for each thing that fires in it, kept beside the incident and looked at when a
 * signal whose key nobody knows is about to open another.
 */
export interface Trace extends Teller {
  readonly incident: IncidentId;
  /** Epoch milliseconds: when what fires began (the last time that it began), and when it was last said. */
  readonly since: number;
  readonly last: number;
}

/** Why a signal is held to be of the same trouble as an incident. */
export interface Relation {
  readonly incident: IncidentId;
  readonly rule: RelationName;
  /** A sentence's end, kept and shown: `tis-sync depends on tcs, which failed 4 min earlier`. */
  readonly why: string;
  readonly points: number;
}

const SIBLING = 20;
const MOST_FOR_SIBLINGS = 40;

/**
 * The incidents that a new signal may be a part of, the likeliest first. Points of one trace add up, those of different traces
 * do not: three poor reasons for three different things are none. Only siblings count together: many consumers of one upstream
 * that fail together speak for it.
 */
export function relations(
  teller: Teller,
  at: number,
  from: {
    readonly traces: readonly Trace[];
    readonly catalogue: Catalogue;
    readonly allowed?: readonly RelationName[];
  },
): Relation[] {
  const kin = kinOf(from.catalogue);
  const own = { ...teller, since: at, last: at };
  const found: Held[] = [];
  for (const [incident, traces] of byIncident(from.traces)) {
    const judged = traces
      .map((trace) => ({ trace, evidence: judge(own, trace, kin) }))
      .filter((one): one is { trace: Trace; evidence: Evidence } => one.evidence !== null);
    let best: Held | null = null;
    for (const { trace, evidence } of judged) {
      if (from.allowed !== undefined && !from.allowed.includes(evidence.rule)) continue;
      const points = evidence.points + siblings(evidence, judged);
      if (points < ENOUGH) continue;
      const one = { relation: { incident, rule: evidence.rule, why: evidence.why, points }, last: trace.last };
      if (best === null || likelierFirst(one, best) < 0) best = one;
    }
    if (best !== null) found.push(best);
  }
  return found.sort(likelierFirst).map(({ relation }) => relation);
}

/** The incident that a new signal is most likely a part of, or null. */
export const relate = (...about: Parameters<typeof relations>): Relation | null => relations(...about)[0] ?? null;

interface Held {
  readonly relation: Relation;
  readonly last: number;
}

const likelierFirst = (a: Held, b: Held): number => b.relation.points - a.relation.points || b.last - a.last;

function siblings(
  evidence: Evidence,
  judged: readonly { readonly trace: Trace; readonly evidence: Evidence }[],
): number {
  if (evidence.among === null) return 0;
  const services = new Set(
    judged.flatMap(({ trace, evidence: other }) =>
      other.among === evidence.among && trace.service !== null ? [trace.service] : [],
    ),
  );
  return Math.min(MOST_FOR_SIBLINGS, (services.size - 1) * SIBLING);
}

function byIncident(traces: readonly Trace[]): ReadonlyMap<IncidentId, readonly Trace[]> {
  const groups = new Map<IncidentId, Trace[]>();
  for (const trace of traces) {
    const group = groups.get(trace.incident);
    if (group === undefined) groups.set(trace.incident, [trace]);
    else group.push(trace);
  }
  return groups;
}
