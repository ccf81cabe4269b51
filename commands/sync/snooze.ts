import { defineCommand } from "../../src/command/command.ts";
import { dateTime, escaped } from "../../src/command/format.ts";
import { usage } from "../../src/command/names.ts";
import { monitorData, monitorLine } from "../../src/command/say-monitors.ts";
import { duration } from "../../src/config/scalars.ts";
import type { MonitorView } from "../../src/services/monitors-contract.ts";

interface Wanted {
  readonly monitor: string;
  /** Null: the snooze is over. */
  readonly forMs: number | null;
  readonly because: string;
}

const MOST_MS = 7 * 86_400_000;

export const snooze = defineCommand<Wanted, MonitorView>({
  family: "sync",
  name: "snooze",
  summary: "Tell nobody of a monitor for a while",
  usage: "snooze MONITOR 2h REASON | snooze MONITOR off",
  examples: ["sync snooze ndw-etl-night 2h the warehouse is being moved", "sync snooze ndw-etl-night off"],
  hint: "What it finds meanwhile is kept and shown by `/sync monitors`, and told at its end if it is still true. At most 7 days.",
  needs: "incident",
  takes: { prose: true },
  parse: ({ words, prose }) => {
    const [monitor, time] = words;
    if (monitor === undefined) throw usage("Which monitor?", "`/sync monitors` lists them by name.");
    if (time?.toLowerCase() === "off") return { monitor, forMs: null, because: prose(2) };
    const read = duration.safeParse(time ?? "");
    if (!read.success || read.data <= 0) {
      throw usage("For how long?", "Write the time after its name: `snooze NAME 2h REASON`, or `off` to end one.");
    }
    if (read.data > MOST_MS) throw usage("That is too long.", "A snooze lasts 7 days at most.");
    const because = prose(2);
    if (because === "") throw usage("Why?", "Write the reason last: whoever comes next reads it.");
    return { monitor, forMs: read.data, because };
  },
  call: (services, asking, wanted) => services.monitors.snooze(asking, wanted),
  say: (monitor, _, { now }) => ({
    tone: "done",
    text:
      monitor.snooze === null
        ? `*${escaped(monitor.name)}* is not snoozed any more.`
        : `*${escaped(monitor.name)}* is snoozed until ${dateTime(monitor.snooze.until)}.`,
    sections: [{ lines: [monitorLine(monitor, now)] }],
    data: { monitor: monitorData(monitor) },
  }),
});
