import type { Instant } from "../base/clock.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { SavedSignal } from "../incidents/signal.ts";
import type { Joining } from "../incidents/signals.store.ts";
import type { Tx } from "../store/store.ts";
import { countSuccess, keepPlace } from "./checkpoints.store.ts";
import { keepHeard } from "./executions.store.ts";
import { wakeMonitors } from "./monitors.store.ts";
import { instantOf, notAfter } from "./poll.ts";

/** Tags under which a job's message carries a follower's place. */
export const PLACE_TAGS = { at: "checkpoint", position: "checkpoint.position", monitor: "checkpoint.monitor" } as const;

/**
 * What signals say of watched jobs: starts and ends, each timed by itself, and the places of followers. Asks for a look at the
 * monitors when something of them was heard.
 */
export function createHearMonitors(
  catalogue: Catalogue,
): (tx: Tx, joinings: readonly Joining[], now: Instant) => Promise<void> {
  const scheduled = watchersOf(catalogue);
  const followers = Object.entries(catalogue.monitors).flatMap(([name, monitor]) =>
    "checkpoint" in monitor ? [{ name, monitor }] : [],
  );

  const placesOf = ({ environment, environments }: SavedSignal) =>
    environment === null ? environments : [environment];

  const hearExecution = async (tx: Tx, { signal, run }: Joining): Promise<readonly string[]> => {
    const what = WHAT.get(signal.kind);
    const environments = placesOf(signal);
    const { job } = signal;
    if (what === undefined || job === null || signal.tags["slack.author"] === "person") return [];
    const watchers = environments.flatMap((environment) => scheduled.get(`${environment} ${job}`) ?? []);
    if (watchers.length === 0) return [];
    const { rid, source, at, counts } = signal;
    await keepHeard(tx, { job, environments, rid, runId: run, source, what, at, rows: rowsOf(counts) });
    return watchers;
  };

  const hearPlace = async (tx: Tx, { signal }: Joining, now: Instant): Promise<readonly string[]> => {
    const environments = placesOf(signal);
    const wanted = signal.tags[PLACE_TAGS.monitor];
    const placeAt = instantOf(signal.tags[PLACE_TAGS.at]);
    if (placeAt === null && signal.kind !== "finished") return [];
    const mine = followers.filter(
      ({ name, monitor }) =>
        environments.includes(monitor.environment) &&
        (wanted === undefined
          ? signal.job !== null && (signal.job === monitor.job || signal.job === monitor.service)
          : wanted === name),
    );
    for (const { name } of mine) {
      if (signal.kind === "finished") await countSuccess(tx, name);
      if (placeAt === null) continue;
      const position = signal.tags[PLACE_TAGS.position] ?? null;
      await keepPlace(tx, name, { placeAt: notAfter(placeAt, now), position, at: signal.at });
    }
    return mine.map(({ name }) => name);
  };

  return async (tx, joinings, now) => {
    if (scheduled.size === 0 && followers.length === 0) return;
    const heard = new Set<string>();
    // In the order in which it happened: an end is looked for among what has begun.
    const inOrder = [...joinings].sort((a, b) => a.signal.at.epochMilliseconds - b.signal.at.epochMilliseconds);
    for (const joining of inOrder) {
      for (const name of await hearExecution(tx, joining)) heard.add(name);
      for (const name of await hearPlace(tx, joining, now)) heard.add(name);
    }
    await wakeMonitors(tx, [...heard], now);
  };
}

/** The monitors of a job in an environment: `prod ndw-etl` -> their names. */
export function watchersOf(catalogue: Catalogue): ReadonlyMap<string, readonly string[]> {
  const watchers = new Map<string, string[]>();
  for (const [name, monitor] of Object.entries(catalogue.monitors)) {
    if ("checkpoint" in monitor) continue;
    const place = `${monitor.environment} ${monitor.job}`;
    watchers.set(place, [...(watchers.get(place) ?? []), name]);
  }
  return watchers;
}

const WHAT = new Map<string, "started" | "succeeded" | "failed">([
  ["started", "started"],
  ["finished", "succeeded"],
  ["failed", "failed"],
]);

/** What jobs call the number of what they wrote; the first that is there counts. */
const ROWS = ["rows", "records", "items", "documents", "messages", "written", "processed", "count", "total"];

export function rowsOf(counts: Readonly<Record<string, number>> | null): number | null {
  if (counts === null) return null;
  const named = new Map(Object.entries(counts).map(([name, number]) => [name.toLowerCase(), number]));
  const found = ROWS.map((name) => named.get(name)).find((number) => number !== undefined);
  return found === undefined ? null : Math.round(found);
}
