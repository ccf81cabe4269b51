import type { Clock, Instant } from "../base/clock.ts";
import type { Http } from "../base/http.ts";
import type { Catalogue, CheckpointMonitor, Monitor } from "../config/catalogue.ts";
import { knownFreezes } from "../guard/freezes.store.ts";
import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import type { Db, Store, Tx } from "../store/store.ts";
import { keepPlace, keepPolled, keepTrouble, placeOf } from "./checkpoints.store.ts";
import { earliest } from "./judge.ts";
import { holdMonitor, type KeptMonitor, keepMonitor, keptMonitors, monitorNumbered } from "./monitors.store.ts";
import { digestOf, sameWatched } from "./plan.ts";
import { askPlace } from "./poll.ts";
import { closeSlots, dropSlotsAfter, forgetBefore } from "./slots.store.ts";
import { type RaiseMonitor, tellProblems } from "./tell.ts";
import { pollAt, watchCheckpoint } from "./watch-checkpoint.ts";
import { watchSchedule } from "./watch-schedule.ts";

export interface MonitorParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly http: Http;
  readonly raise: RaiseMonitor;
  /** Asks for the cards of what this monitor has told: the time that is left on them is another by now. Joined by app.ts. */
  readonly redraw: (tx: Tx, name: string, now: Instant) => Promise<void>;
  /** Whether deliveries wait that nobody has understood yet. Joined by app.ts. */
  readonly behind: (db: Db) => Promise<boolean>;
}

const KEPT_MS = 90 * 86_400_000;

/**
 * Work of kind `monitors`: ref 0 looks at every monitor whose time has come, any other at the one that was heard of. Each is
 * judged anew from what is kept, in a transaction of its own that holds its row, so that however often and by how many it
 * is looked at, each problem is found once.
 */
export function createMonitorSweep(parts: MonitorParts): (ref: number) => Promise<WorkOutcome> {
  const { store, clock, catalogue } = parts;
  const look = async (name: string, monitor: Monitor): Promise<Instant | null> => {
    if ("checkpoint" in monitor) await poll(parts, name, monitor);
    return store.tx((tx) => watch(tx, parts, { name, monitor }));
  };
  return async (ref) => {
    if (ref !== 0) {
      const name = await monitorNumbered(store.db, ref);
      const monitor = name === null ? undefined : catalogue.monitors[name];
      if (name === null || monitor === undefined) return { done: true };
      const dueAt = await look(name, monitor);
      if (dueAt !== null) await store.tx((tx) => requestWork(tx, { kind: "monitors", ref: 0, dueAt }));
      return { done: true };
    }
    await dropGone(parts);
    const kept = await keptMonitors(store.db);
    const next: (Instant | null)[] = [];
    for (const [name, monitor] of Object.entries(catalogue.monitors)) {
      const known = kept.get(name);
      next.push(isDue(known, monitor, clock.now()) ? await look(name, monitor) : (known?.nextAt ?? null));
    }
    await forgetBefore(store.db, clock.now().subtract({ milliseconds: KEPT_MS }));
    const dueAt = earliest(next);
    return dueAt === null ? { done: true } : { done: false, dueAt };
  };
}

function isDue(known: KeptMonitor | undefined, monitor: Monitor, now: Instant): boolean {
  if (known === undefined || known.goneAt !== null || known.digest !== digestOf(monitor)) return true;
  return known.nextAt === null || known.nextAt.epochMilliseconds <= now.epochMilliseconds;
}

async function watch(
  tx: Tx,
  { catalogue, clock, raise, behind, redraw }: MonitorParts,
  { name, monitor }: { name: string; monitor: Monitor },
): Promise<Instant | null> {
  const now = clock.now();
  const digest = digestOf(monitor);
  const held = await holdMonitor(tx, name, { digest, at: now });
  const zone = monitor.zone ?? catalogue.zone;
  const kept = await replanned(tx, { held, digest, now });
  const watching = { name, kept, now, raise, behind: await behind(tx) };
  if ("checkpoint" in monitor) return watchCheckpoint(tx, monitor, { ...watching, zone });
  return watchSchedule(tx, monitor, {
    ...watching,
    redraw,
    siblings: Object.entries(catalogue.monitors).flatMap(([sibling, other]) =>
      "checkpoint" in other || other.job !== monitor.job ? [] : [{ name: sibling, environment: other.environment }],
    ),
    freezes: await knownFreezes(tx, catalogue, now),
    expectedMs: catalogue.jobs[monitor.job]?.expect.durationMs ?? null,
  });
}

/** The catalogue says something else of it than when it was last looked at: what is to come is planned anew. */
async function replanned(tx: Tx, at: { held: KeptMonitor; digest: string; now: Instant }): Promise<KeptMonitor> {
  const { held, digest, now } = at;
  if (held.digest === digest && held.goneAt === null) return held;
  await dropSlotsAfter(tx, held.name, now);
  const plannedTo = held.plannedTo.epochMilliseconds > now.epochMilliseconds ? now : held.plannedTo;
  if (held.goneAt === null && sameWatched(held.digest, digest)) {
    await keepMonitor(tx, held.name, { digest, plannedTo });
    return { ...held, digest, plannedTo };
  }
  await closeSlots(tx, held.name, now);
  const set = { digest, plannedTo: now, knownAt: now, state: "ok", since: now, goneAt: null };
  await keepMonitor(tx, held.name, set);
  return { ...held, ...set };
}

/** What the catalogue does not name any more is not watched: what was told of it is over, and says so. */
async function dropGone({ store, clock, catalogue, raise }: MonitorParts): Promise<void> {
  const kept = await keptMonitors(store.db);
  const gone = [...kept.values()].filter((one) => one.goneAt === null && catalogue.monitors[one.name] === undefined);
  for (const { name, digest } of gone) {
    const now = clock.now();
    await store.tx(async (tx) => {
      const held = await holdMonitor(tx, name, { digest, at: now });
      if (held.goneAt !== null) return;
      const [watched = "", environment = ""] = digest.slice(0, digest.lastIndexOf(" ")).split(" in ");
      const monitor: Monitor = {
        ...{ job: watched.replace(/^place of /, ""), environment, schedule: "0 0 * * *", zone: catalogue.zone },
        ...{ grace: 0, quiet: [] },
      };
      const title = `${name} is not watched any more: it is no longer in the catalogue`;
      const telling = { name, monitor, zone: catalogue.zone, kept: held, now, raise };
      await tellProblems(tx, telling, { wrong: [], over: () => ({ title, at: now }) });
      await closeSlots(tx, name, now);
      await keepMonitor(tx, name, { goneAt: now, nextAt: null });
    });
  }
}

/** Outside of any transaction: a follower may be slow to answer. */
async function poll(parts: MonitorParts, name: string, monitor: CheckpointMonitor): Promise<void> {
  const { store, clock } = parts;
  const now = clock.now();
  const due = pollAt(monitor, await placeOf(store.db, name), now);
  if (due === null || due.epochMilliseconds > now.epochMilliseconds) return;
  const asked = await askPlace(parts, monitor, now);
  await store.tx(async (tx) => {
    if (asked.ok) await keepPlace(tx, name, { ...asked, at: now });
    else await keepTrouble(tx, name, asked.trouble);
    await keepPolled(tx, name, now);
  });
}
