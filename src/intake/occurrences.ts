import { Temporal } from "temporal-polyfill";
import type { Instant } from "../base/clock.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { isFiring } from "../incidents/conditions.ts";
import { lockCandidates, lockKeys } from "../incidents/folding.store.ts";
import { foldingOf } from "../incidents/folding.ts";
import type { Incident } from "../incidents/incident.ts";
import { updateIncident } from "../incidents/incidents.store.ts";
import type { NewSignal } from "../incidents/signal.ts";
import { requestWork } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { nameOf, noteTold, type Told, toldSince } from "./occurrences.store.ts";
import { sha256 } from "./signatures.ts";

/** A signal of a sender that tells the same again and again. */
export type Heard = NewSignal & { readonly occurrence?: string };

/** Longer than any sender waits before it tells again what still fires. */
const REMEMBERED_MS = 8 * 86_400_000;
/** A firing that comes this soon after its own end was overtaken on the way. */
const OVERTAKEN_MS = 5 * 60_000;

/**
 * Leaves out what was told before. Alertmanager and its kin send a whole group again at every change of it and every few
 * hours: counted as alerts, one quiet night of a thing that is broken would look like a storm, and a group of a hundred
 * would count ten thousand. So the same firing (fingerprint, start, status) is one signal. Told again it says that it still
 * fires: its incident was seen just now, and stays within reach of the next alert.
 *
 * Two repetitions are news. What fires though no open incident knows of it (a person resolved it, or its end was told too
 * early) happens now, for folding: it reopens or opens. An end that is told again of what fires here ends it.
 *
 * What happens once (an execution's start, its end) is once, and a start that comes after its end was overtaken by it.
 */
export async function withoutRepetitions(
  tx: Tx,
  heard: readonly Heard[],
  by: { readonly catalogue: Catalogue; readonly now: Instant },
): Promise<{ readonly fresh: readonly NewSignal[]; readonly repeated: ReadonlyMap<number, number> }> {
  const repeating = heard.filter((signal) => signal.occurrence !== undefined);
  if (repeating.length === 0) return { fresh: heard, repeated: new Map() };
  // Before any row is held, in the order of folding: nobody waits in a circle.
  await lockKeys(tx, [...new Set(heard.map((signal) => foldingOf(signal, by.catalogue).rest))]);
  const until = by.now.add({ milliseconds: REMEMBERED_MS });
  const first = new Map(repeating.toReversed().map((signal) => [nameOf(toldOf(signal)), signal]));
  const firsts = [...first.values()];
  const known = await noteTold(
    tx,
    firsts.map((signal) => toldOf(signal)),
    { now: by.now, until },
  );
  const starts = firsts.filter((signal) => signal.kind === "started");
  const over = await toldSince(tx, starts.flatMap(endsOf));
  const isAgain = (signal: Heard) => {
    const name = nameOf(toldOf(signal));
    const overtaken =
      signal.kind === "started" && endsOf(signal).some((end) => over.has(nameOf(end)) && !first.has(nameOf(end)));
    return known.has(name) || first.get(name) !== signal || overtaken;
  };
  const again = repeating.filter(isAgain);
  const repeats = new Set(again);
  if (again.length === 0) return { fresh: heard, repeated: new Map() };

  const ends = await toldSince(
    tx,
    again.filter(fires).map((signal) => toldOf(signal, "resolved")),
  );
  const firing = await incidentsWhere(tx, again);
  const fresh: Heard[] = [];
  const dropped: Heard[] = [];
  for (const signal of heard) {
    const isFirst = first.get(nameOf(toldOf(signal))) === signal;
    if (!repeats.has(signal)) fresh.push(signal);
    else if (isFirst && isNews(signal, { fires: firing.has(signal.condition), ends, now: by.now }))
      fresh.push(fires(signal) ? { ...signal, at: signal.receivedAt } : signal);
    else dropped.push(signal);
  }
  await seenAgain(tx, dropped.filter(fires), { firing, now: by.now });
  const repeated = new Map<number, number>();
  for (const { inboxId } of dropped) if (inboxId !== null) repeated.set(inboxId, (repeated.get(inboxId) ?? 0) + 1);
  return { fresh, repeated };
}

const fires = (signal: Heard): boolean => signal.kind === "firing";

function isNews(signal: Heard, about: { fires: boolean; ends: ReadonlyMap<string, Instant>; now: Instant }): boolean {
  if (signal.kind === "resolved") return about.fires;
  if (signal.kind !== "firing" || about.fires) return false;
  const ended = about.ends.get(nameOf(toldOf(signal, "resolved")));
  return ended === undefined || about.now.epochMilliseconds - ended.epochMilliseconds > OVERTAKEN_MS;
}

/** Open incidents in which the conditions of these signals fire, by condition. */
async function incidentsWhere(tx: Tx, signals: readonly Heard[]): Promise<ReadonlyMap<string, readonly Incident[]>> {
  const conditions = [...new Set(signals.map((signal) => signal.condition))];
  const incidents = await lockCandidates(tx, { keys: [], conditions, incidents: [] });
  const found = conditions.map((condition): [string, readonly Incident[]] => [
    condition,
    incidents.filter((incident) => isFiring(incident.conditions[condition])),
  ]);
  return new Map(found.filter(([, where]) => where.length > 0));
}

async function seenAgain(
  tx: Tx,
  signals: readonly Heard[],
  { firing, now }: { readonly firing: ReadonlyMap<string, readonly Incident[]>; readonly now: Instant },
): Promise<void> {
  const seen = new Map<number, Incident>();
  for (const signal of signals) {
    for (const incident of firing.get(signal.condition) ?? []) {
      const last = (seen.get(incident.id) ?? incident).lastSeenAt;
      const later = Temporal.Instant.compare(signal.receivedAt, last) > 0 ? signal.receivedAt : last;
      seen.set(incident.id, { ...incident, lastSeenAt: later });
    }
  }
  for (const incident of seen.values()) {
    await updateIncident(tx, incident);
    await requestWork(tx, { kind: "incident", ref: incident.id, dueAt: now });
  }
}

function toldOf(signal: Heard, kind: string = signal.kind): Told {
  return { source: signal.source, key: `told:${sha256(JSON.stringify([kind, signal.occurrence]))}` };
}

const endsOf = (signal: Heard): Told[] => [toldOf(signal, "finished"), toldOf(signal, "failed")];
