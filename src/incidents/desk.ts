import type { Instant } from "../base/clock.ts";
import type { IncidentId } from "../base/ids.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { numbersOf } from "../store/counters.ts";
import { type Ring, requestAllWork } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { absorb, type JoinedBy, openedBy } from "./absorb.ts";
import { keptOutOf } from "./apart.ts";
import { type FoundBridge, notYetTold, tellBridges } from "./bridges.store.ts";
import { quietAt } from "./flapping.ts";
import type { ToFold } from "./fold.ts";
import { addKeys, type Found, type NewKey, splitsOf } from "./folding.store.ts";
import { alsoResolved, type Candidate, decide, type FoldDecision, type Folding, type IncidentKey } from "./folding.ts";
import type { Incident } from "./incident.ts";
import { incidentIds, insertIncidents, lockIncidents, updateIncidents } from "./incidents.store.ts";
import { createKindred, isNews } from "./kindred.ts";
import type { Relation } from "./relate.ts";
import { opens } from "./signal.ts";
import { type Joining, keepJoinings } from "./signals.store.ts";
import { appendAll } from "./timeline.store.ts";
import type { EntryDraft } from "./timeline.ts";
import { keepTraces } from "./traces.store.ts";

export type Given = ToFold & { readonly folding: Folding };

/** Where a relation leads, and where it would have led as well. */
interface Joined {
  readonly decision: FoldDecision;
  readonly relation: NonNullable<JoinedBy["relation"]>;
  readonly others: readonly Relation[];
}

/** The incidents in reach, changed in memory and written once. */
export interface Desk {
  /** Whether some incident in reach has seen this condition. */
  knows(condition: string): boolean;
  take(one: Given): Promise<void>;
  keep(): Promise<readonly Joining[]>;
}

export async function deskOf(
  tx: Tx,
  by: { readonly catalogue: Catalogue; readonly now: Instant },
  about: { readonly given: readonly Given[]; readonly found: Found },
): Promise<Desk> {
  const incidents = new Map<IncidentId, Incident>();
  const keys = new Map(about.found.keys);
  const newKeys: NewKey[] = [];
  const entries = new Map<IncidentId, EntryDraft[]>();
  const joinings: Joining[] = [];
  const opened = new Set<IncidentId>();
  const nextId = incidentIds(tx);
  const numbers = numbersOf(tx, "incident");
  const bridges: FoundBridge[] = [];
  const splits = await splitsOf(tx, about.found.incidents);
  const kindred = createKindred(tx, { catalogue: by.catalogue, splits });

  const byKey = new Map<string, Set<IncidentId>>();
  const byCondition = new Map<string, Set<IncidentId>>();
  for (const [id, found] of keys) for (const one of found) index(byKey, wordOf(one), id);

  /** Incidents with one of its keys; for what opens nothing also those where its condition is known. */
  const candidatesFor = ({ signal, folding }: Given, row: (id: IncidentId) => Incident | undefined): Candidate[] => {
    const ids = new Set(
      folding.keys.flatMap((key) => [...(byKey.get(wordOf({ rule: folding.rule.name, key })) ?? [])]),
    );
    if (!opens(signal)) for (const id of byCondition.get(signal.condition) ?? []) ids.add(id);
    const out = splits.length === 0 ? null : keptOutOf(splits, signal, shareKey);
    return [...ids].sort(inOrder).flatMap((id) => {
      const incident = row(id);
      const mine = incident !== undefined && incident.mergedInto === null && out?.has(id) !== true;
      return mine ? [{ ...incident, keys: keys.get(id) ?? [] }] : [];
    });
  };
  const shareKey = (a: IncidentId, b: IncidentId) => {
    const others = keys.get(b) ?? [];
    return (keys.get(a) ?? []).some((one) => others.some(({ rule, key }) => rule === one.rule && key === one.key));
  };
  const conditions = new Set(about.given.map(({ signal }) => signal.condition));
  const held = (id: IncidentId) => incidents.get(id);
  const hold = async (ids: readonly IncidentId[]) => {
    const wanted = ids.filter((id) => !incidents.has(id));
    for (const incident of await lockIncidents(tx, wanted)) {
      incidents.set(incident.id, incident);
      for (const word of conditions) if (incident.conditions[word] !== undefined) index(byCondition, word, incident.id);
    }
  };
  const addKey = (incident: IncidentId, { rule, key, rest }: Folding) => {
    const known = keys.get(incident) ?? [];
    if (known.some((one) => one.rule === rule.name && one.key === key)) return;
    keys.set(incident, [...known, { rule: rule.name, key }]);
    index(byKey, wordOf({ rule: rule.name, key }), incident);
    newKeys.push({ incident, rule: rule.name, key, rest });
  };

  // Who is about to open an incident waits its turn, and knows what may be the same trouble, before anything is held.
  const read = new Map((await kindred.readUnheld(about.found.incidents)).map((incident) => [incident.id, incident]));
  const unheld = (id: IncidentId) => read.get(id);
  const opening = about.given.filter((one) => kindred.mayOpen(one, candidatesFor(one, unheld)));
  await kindred.prepare(opening);
  const likely = opening.flatMap((one) => kindred.find(one, candidatesFor(one, unheld), unheld)[0]?.incident ?? []);
  await kindred.look(about.given.filter((one) => kindred.mayBridge(one, candidatesFor(one, unheld))));
  await hold([...about.found.incidents, ...likely]);

  const put = (incident: Incident, one: Given, joined: { joinedBy: JoinedBy; reopens: boolean }) => {
    const told = one.run !== null && one.incident === incident.id;
    const changed = absorb(incident, one.signal, { ...by, ...joined, told, folding: one.folding });
    if (changed.incident.foldingKey !== incident.foldingKey) addKey(incident.id, one.folding);
    incidents.set(incident.id, changed.incident);
    index(byCondition, one.signal.condition, incident.id);
    entries.set(incident.id, [...(entries.get(incident.id) ?? []), ...changed.entries]);
  };

  const open = async ({ signal, folding }: Given): Promise<Incident> => {
    const incident = { ...openedBy(signal, { ...by, folding }), id: await nextId(), number: await numbers.next() };
    opened.add(incident.id);
    addKey(incident.id, folding);
    return incident;
  };

  /** Where no key leads: the incident whose trouble it is, or its own; and whose it may be as well. */
  const byRelation = async (one: Given): Promise<Joined | null> => {
    await kindred.prepare([one]);
    const relations = kindred.find(one, candidatesFor(one, held), held);
    for (const [index, related] of relations.entries()) {
      await hold([related.incident]);
      const incident = incidents.get(related.incident);
      const fit = incident === undefined ? null : kindred.fits(one, incident, related);
      if (incident === undefined || fit === null) continue;
      addKey(incident.id, one.folding);
      const decision = { kind: fit, incident, why: related.why };
      return { decision, relation: related.rule, others: relations.slice(index + 1) };
    }
    return null;
  };

  /** An alert that tells the incident something new, and may be of another one's trouble as well. */
  const lookFurther = (one: Given, incident: Incident, related: Joined | null) => {
    const asks = related !== null || (isNews(one, incident) && kindred.hasRead(one));
    const others = related?.others ?? (asks ? kindred.find(one, candidatesFor(one, held), held) : []);
    const bridge = kindred.bridge(one, incidents.get(incident.id) ?? incident, { relations: others, row: held });
    if (bridge !== null) bridges.push({ ...bridge, signal: one.signal });
  };

  return {
    knows: (condition) => byCondition.has(condition),
    take: async (one) => {
      const { signal, folding, run } = one;
      const candidates = candidatesFor(one, held);
      const others = alsoResolved(signal, candidates);
      const byKey = ofItsRun(one, incidents) ?? decide(folding, signal, candidates);
      const related = byKey.kind === "open" ? await byRelation(one) : null;
      const decision = related?.decision ?? byKey;
      const joinedBy: JoinedBy = {
        rule: folding.rule.name,
        key: folding.key,
        why: decision.why,
        ...(related?.relation === undefined ? {} : { relation: related.relation }),
      };
      const incident =
        decision.kind === "leave"
          ? null
          : decision.kind === "open"
            ? await open(one)
            : (incidents.get(decision.incident.id) ?? decision.incident);
      if (incident !== null) {
        put(incident, one, { joinedBy, reopens: decision.kind === "reopen" });
        if (decision.kind !== "open") lookFurther(one, incident, related);
      }
      for (const other of others) {
        const held = incidents.get(other.id);
        if (held !== undefined && other.id !== incident?.id) put(held, one, { joinedBy, reopens: false });
      }
      joinings.push({ signal, incident: incident?.id ?? null, joinedBy, run });
      if (incident !== null) kindred.joined(incident.id, signal);
    },
    keep: async () => {
      const changed = [...entries]
        .sort(([a], [b]) => a - b)
        .flatMap(([id, drafts]) => {
          const incident = incidents.get(id);
          return incident === undefined ? [] : [{ incident, drafts }];
        });
      const rows = changed.map(({ incident }) => incident);
      await numbers.keep();
      await insertIncidents(
        tx,
        rows.filter(({ id }) => opened.has(id)),
      );
      await addKeys(tx, newKeys);
      await updateIncidents(
        tx,
        rows.filter(({ id }) => !opened.has(id)),
      );
      const told = await notYetTold(tx, bridges);
      const drafts = changed.flatMap((one) => one.drafts.map((entry) => ({ incident: one.incident.id, entry })));
      await appendAll(tx, { learnedAt: by.now }, drafts);
      const touched = new Set([...changed.map(({ incident }) => incident.id), ...told.map(({ other }) => other.id)]);
      await requestAllWork(
        tx,
        [...touched].sort(inOrder).flatMap((id): Ring[] => {
          const flapping = incidents.get(id)?.flapping ?? null;
          return [
            { kind: "incident", ref: id, dueAt: by.now },
            ...(flapping === null || !entries.has(id)
              ? []
              : [{ kind: "quiet" as const, ref: id, dueAt: quietAt(flapping) }]),
          ];
        }),
      );
      await tellBridges(tx, told, by.now);
      await keepTraces(
        tx,
        joinings.flatMap(({ incident, signal }) => (incident === null ? [] : [{ incident, signal }])),
      );
      await keepJoinings(tx, joinings);
      return joinings;
    },
  };
}

const wordOf = ({ rule, key }: IncidentKey): string => `${rule}\n${key}`;
const inOrder = (a: number, b: number): number => a - b;

function index(map: Map<string, Set<IncidentId>>, word: string, id: IncidentId): void {
  const known = map.get(word);
  if (known === undefined) map.set(word, new Set([id]));
  else known.add(id);
}

/** What a run's target says of it belongs to the incident that the run was started for, while that is not resolved. */
function ofItsRun(one: Given, incidents: ReadonlyMap<IncidentId, Incident>): FoldDecision | null {
  const incident = one.incident === null ? undefined : incidents.get(one.incident);
  if (incident === undefined || incident.status === "resolved") return null;
  return { kind: "append", incident, why: `it speaks of a run of INC-${incident.number}` };
}
