import type { Instant } from "../base/clock.ts";
import { lasting } from "../base/duration.ts";
import type { MonitorView, SlotView } from "../services/monitors-contract.ts";
import type { Answer } from "./answer.ts";
import type { Data } from "./data.ts";
import { count, escaped, near } from "./format.ts";
import { shortened } from "./say.ts";

/** How monitors are called, the same in every answer. */

const MARKS: Readonly<Record<string, string>> = {
  ok: ":white_check_mark:",
  due: ":hourglass_flowing_sand:",
  paused: ":double_vertical_bar:",
  snoozed: ":zzz:",
};
const STATE_WORDS: Readonly<Record<string, string>> = {
  missing_end: "has not ended",
  missing_start: "ended, and no start was heard",
  too_few: "too few rows",
};
const WELL = ["ok", "due", "paused"];
const SHOWN = 25;

export function monitorsAnswer(monitors: readonly MonitorView[], now: Instant): Answer {
  const wrong = monitors.filter(({ state }) => !WELL.includes(state));
  const sorted = [...wrong, ...monitors.filter(({ state }) => WELL.includes(state))];
  return {
    tone: "info",
    text:
      monitors.length === 0
        ? "No monitor is in the catalogue, or none of that name."
        : wrong.length === 0
          ? `${count(monitors.length, "monitor")}, all as expected.`
          : `${wrong.length} of ${count(monitors.length, "monitor")} not as expected:`,
    sections: [
      {
        lines: shortened(
          sorted.map((monitor) => monitorLine(monitor, now)),
          SHOWN,
          "`/sync monitors NAME` shows one.",
        ),
      },
    ],
    data: { monitors: monitors.map(monitorData) },
  };
}

/** `:alarm_clock: *ndw-etl-night* has not ended: ndw-etl has not finished in prod: … Next 02:00.` */
export function monitorLine(monitor: MonitorView, now: Instant): string {
  const { name, state, says, snooze } = monitor;
  const mark = MARKS[state] ?? ":alarm_clock:";
  const words = STATE_WORDS[state] ?? state.replaceAll("_", " ");
  const why = says.length === 0 ? "" : `: ${escaped(says.join("; "))}`;
  const held =
    snooze === null
      ? ""
      : ` (until ${near(snooze.until, now)}, by ${escaped(snooze.byName)}${snooze.because === "" ? "" : `: ${escaped(snooze.because)}`})`;
  const quiet =
    monitor.quietUntil === null || says.length === 0 ? "" : ` Quiet until ${near(monitor.quietUntil, now)}.`;
  return `${mark} *${escaped(name)}* ${words}${held}${why}${why === "" ? "" : "."}${quiet} _${aboutOf(monitor, now)}_`;
}

function aboutOf(monitor: MonitorView, now: Instant): string {
  const { job, service, environment, checkpoint, slot, next } = monitor;
  const what = `${escaped(job ?? service ?? "")} in ${escaped(environment)}`;
  if (checkpoint !== null) {
    const kept = `of ${lasting(checkpoint.retentionMs)}`;
    const at =
      checkpoint.at === null
        ? "its place was never told"
        : `stands at ${near(checkpoint.at, now)}, ${Math.round(checkpoint.share * 100)} % ${kept}`;
    const trouble = checkpoint.trouble === null ? "" : `; it could not be asked: ${escaped(checkpoint.trouble)}`;
    return `${what}: ${at}${trouble}`;
  }
  const deadline = monitor.deadline === null ? "" : `; next deadline ${near(monitor.deadline, now)}`;
  const last = slot === null ? "" : `; last ${near(slot.at, now)} ${heardOf(slot, now)}`;
  return `${what}${next === null ? "" : `: next ${near(next.at, now)}`}${deadline}${last}`;
}

function heardOf({ startedAt, endedAt }: SlotView, now: Instant): string {
  if (endedAt !== null) return `finished ${near(endedAt, now)}`;
  return startedAt === null ? "nothing heard" : `started ${near(startedAt, now)}`;
}

const instant = (at: Instant | null): string | null => at?.toString() ?? null;

const slotData = (slot: SlotView | null): Data | null =>
  slot === null
    ? null
    : {
        at: instant(slot.at),
        startBy: instant(slot.startBy),
        finishBy: instant(slot.finishBy),
        before: instant(slot.before),
        startedAt: instant(slot.startedAt),
        endedAt: instant(slot.endedAt),
      };

export function monitorData(monitor: MonitorView): Data {
  const { checkpoint, snooze } = monitor;
  return {
    ...{ name: monitor.name, job: monitor.job, service: monitor.service, environment: monitor.environment },
    ...{ state: monitor.state, since: instant(monitor.since), says: monitor.says, schedule: monitor.schedule },
    ...{ slot: slotData(monitor.slot), next: slotData(monitor.next), deadline: instant(monitor.deadline) },
    checkpoint: checkpoint === null ? null : { ...checkpoint, at: instant(checkpoint.at) },
    snooze: snooze === null ? null : { ...snooze, until: instant(snooze.until) },
    quietUntil: instant(monitor.quietUntil),
  };
}
