import type { Instant } from "../base/clock.ts";
import type { Asking, Outcome, RunView } from "./contract.ts";

export const MONITOR_STATES = [
  "ok",
  "due",
  "late",
  "missing_end",
  "overrun",
  "too_fast",
  "too_few",
  "missing_start",
  "stale",
  "paused",
  "snoozed",
] as const;

/** A monitor as people and the API see it. */
export interface MonitorView {
  readonly name: string;
  /** The job that it watches, or that moves the follower; null: none is named. */
  readonly job: string | null;
  readonly service: string | null;
  readonly environment: string;
  readonly state: string;
  readonly since: Instant | null;
  /** What does not hold, in words, the worst first. */
  readonly says: readonly string[];
  readonly schedule: { readonly cron: string; readonly zone: string } | null;
  /** The slot that is or was last, and the one to come. */
  readonly slot: SlotView | null;
  readonly next: SlotView | null;
  /** The next instant by which something has to be heard. */
  readonly deadline: Instant | null;
  readonly checkpoint: CheckpointView | null;
  readonly snooze: { readonly until: Instant; readonly byName: string; readonly because: string } | null;
  /** Nobody is told before. */
  readonly quietUntil: Instant | null;
}

export interface SlotView {
  readonly at: Instant;
  readonly startBy: Instant | null;
  readonly finishBy: Instant | null;
  readonly before: Instant | null;
  readonly startedAt: Instant | null;
  readonly endedAt: Instant | null;
}

export interface CheckpointView {
  readonly at: Instant | null;
  readonly position: string | null;
  readonly ageMs: number;
  readonly retentionMs: number;
  /** Of the time for which its log keeps what is not read: 1 and more is lost. */
  readonly share: number;
  readonly trouble: string | null;
  readonly canReset: boolean;
}

/** Use cases over monitors. */
export interface MonitorServices {
  list(asking: Asking): Promise<readonly MonitorView[]>;
  /** Nobody is told of it until then; null ends that. */
  snooze(
    asking: Asking,
    wanted: { readonly monitor: string; readonly forMs: number | null; readonly because: string },
  ): Promise<MonitorView>;
  /** Puts a follower to a new place (now, unless told), by a run that proves it. Always shows the gap first. */
  reset(
    asking: Asking,
    wanted: {
      readonly monitor: string;
      readonly environment: string;
      readonly to?: Instant;
      readonly reason?: string;
      readonly override?: string;
    },
  ): Promise<Outcome<RunView>>;
}
