import type { Clock, Instant } from "../base/clock.ts";
import type { Catalogue, Monitor } from "../config/catalogue.ts";
import { ageMs } from "../monitors/checkpoint.ts";
import { placeOf } from "../monitors/checkpoints.store.ts";
import { earliest, PROBLEM_STATES } from "../monitors/judge.ts";
import { type KeptMonitor, keptMonitors, openProblems } from "../monitors/monitors.store.ts";
import { quietUntil } from "../monitors/quiet.ts";
import { type PastSlot, slotsAround } from "../monitors/slots.store.ts";
import type { Db } from "../store/store.ts";
import type { CheckpointView, MonitorView, SlotView } from "./monitors-contract.ts";

interface Viewing {
  readonly store: { readonly db: Db };
  readonly clock: Pick<Clock, "now">;
  readonly catalogue: Pick<Catalogue, "monitors" | "jobs" | "zone">;
}

/** All monitors of the catalogue, in its order. */
export async function viewMonitors({ store, clock, catalogue }: Viewing): Promise<MonitorView[]> {
  const { db } = store;
  const now = clock.now();
  const kept = await keptMonitors(db);
  const { last, next } = await slotsAround(db, now);
  const views: MonitorView[] = [];
  for (const [name, monitor] of Object.entries(catalogue.monitors)) {
    const known = kept.get(name) ?? null;
    const slot = slotOf(last.find((one) => one.monitor === name));
    const coming = slotOf(next.find((one) => one.monitor === name));
    const snoozed = known?.snooze ?? null;
    const problems = known === null ? [] : await openProblems(db, name);
    const worstFirst = [...problems].sort((a, b) => PROBLEM_STATES.indexOf(a.state) - PROBLEM_STATES.indexOf(b.state));
    const follows = "checkpoint" in monitor;
    views.push({
      name,
      job: monitor.job ?? null,
      service: follows
        ? monitor.service
        : (catalogue.jobs[monitor.job]?.environments[monitor.environment]?.service ?? null),
      environment: monitor.environment,
      state: known?.state ?? "ok",
      since: known?.since ?? null,
      // Of a follower the worst says all; of a job each says something of its own.
      says: [...new Set((follows ? worstFirst.slice(-1) : worstFirst).map((problem) => problem.title))],
      schedule: follows ? null : { cron: monitor.schedule, zone: monitor.zone },
      slot,
      next: coming,
      deadline: deadlineOf(slot, coming, now),
      checkpoint: follows ? await checkpointOf(db, { name, monitor, known, now }) : null,
      snooze: snoozed !== null && snoozed.until.epochMilliseconds > now.epochMilliseconds ? snoozed : null,
      quietUntil: quietUntil(monitor.quiet, now, monitor.zone ?? catalogue.zone),
    });
  }
  return views;
}

function deadlineOf(slot: SlotView | null, next: SlotView | null, now: Instant): Instant | null {
  const open =
    slot === null ? [] : [slot.startedAt === null ? slot.startBy : null, slot.endedAt === null ? slot.finishBy : null];
  const ahead = [...open, next?.startBy ?? null, next?.finishBy ?? null];
  return earliest(ahead.filter((at) => at !== null && at.epochMilliseconds > now.epochMilliseconds));
}

async function checkpointOf(
  db: Db,
  of: { name: string; monitor: Extract<Monitor, { checkpoint: true }>; known: KeptMonitor | null; now: Instant },
): Promise<CheckpointView> {
  const { monitor, known, now } = of;
  const place = await placeOf(db, of.name);
  const age = ageMs(place, { now, knownAt: known?.knownAt ?? now });
  return {
    at: place.placeAt,
    position: place.position,
    ageMs: age,
    retentionMs: monitor.retention,
    share: Math.round((age / monitor.retention) * 1_000) / 1_000,
    trouble: place.trouble,
    canReset: monitor.reset !== undefined,
  };
}

const slotOf = (slot: PastSlot | undefined): SlotView | null =>
  slot === undefined
    ? null
    : {
        at: slot.at,
        startBy: slot.startByAt,
        finishBy: slot.finishByAt,
        before: slot.beforeAt,
        startedAt: slot.startedAt,
        endedAt: slot.endedAt,
      };
