import type { Instant } from "../base/clock.ts";
import type { CheckpointMonitor } from "../config/catalogue.ts";
import type { Tx } from "../store/store.ts";
import {
  checkpointDetail,
  checkpointTitle,
  LEVEL_SEVERITY,
  type Level,
  levelAt,
  reachedAt,
  worseAt,
} from "./checkpoint.ts";
import { placeOf } from "./checkpoints.store.ts";
import { earliest } from "./judge.ts";
import { keepMonitor } from "./monitors.store.ts";
import { tellProblems, type Wrong } from "./tell.ts";
import { snoozeEnd, type Watching } from "./watch-schedule.ts";

/** Judges the place of one follower. Returns when to look again. The monitor's row is held. */
export async function watchCheckpoint(
  tx: Tx,
  monitor: CheckpointMonitor,
  watching: Pick<Watching, "name" | "kept" | "now" | "raise" | "behind"> & { readonly zone: string },
): Promise<Instant | null> {
  const { name, kept, now, zone } = watching;
  const place = await placeOf(tx, name);
  const at = { now, knownAt: kept.knownAt };
  const level = levelAt(place, monitor, at);
  const since = level === 0 ? null : (kept.levelSince ?? now);
  const words = { ...monitor, name, zone, place };
  const wrong = ([1, 2, 3] as const)
    .filter((one) => one <= level)
    .map((one): Wrong => {
      const reached = reachedAt(place, monitor, { level: one, knownAt: kept.knownAt });
      return {
        key: `${since} ${one}`,
        state: "stale",
        title: checkpointTitle({ ...words, level: one }, at),
        detail: checkpointDetail({
          ...{ name, place, level: one, environment: monitor.environment },
          ...{ job: monitor.job ?? null, reset: monitor.reset !== undefined },
        }),
        severity: LEVEL_SEVERITY[one],
        page: one >= 2,
        ...{ rid: null, run: null, at: reached, findableAt: reached, covered: one < level },
      };
    });
  const title = checkpointTitle({ ...words, level: 0 }, at);
  const heldUntil = await tellProblems(
    tx,
    { ...watching, monitor, zone },
    { wrong, over: () => ({ title, at: place.toldAt }) },
  );
  const state = snoozeEnd(kept, now) !== null ? "snoozed" : stateOf(level);
  const nextAt = earliest([worseAt(place, monitor, at), heldUntil, snoozeEnd(kept, now), pollAt(monitor, place, now)]);
  const moved = state === kept.state ? {} : { state, since: now };
  await keepMonitor(tx, name, { ...moved, level, levelSince: since, nextAt });
  return nextAt;
}

const stateOf = (level: Level): "ok" | "stale" => (level === 0 ? "ok" : "stale");

/** When it is asked again; null: it tells by itself. */
export function pollAt(
  monitor: CheckpointMonitor,
  place: { readonly polledAt: Instant | null },
  now: Instant,
): Instant | null {
  if (monitor.poll === undefined) return null;
  return place.polledAt === null ? now : place.polledAt.add({ milliseconds: monitor.every });
}
