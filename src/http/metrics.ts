import type { Clock } from "../base/clock.ts";
import { RUN_STATES } from "../services/contract.ts";
import { MONITOR_STATES } from "../services/monitors-contract.ts";
import type { Db } from "../store/store.ts";
import type { Counters } from "./counters.ts";
import { type Gauges, readGauges } from "./metrics.store.ts";

/** The text of `/metrics` (Prometheus): the record's gauges, read at the moment of asking, and this process's counters. */
export function createMetrics(parts: { db: Db; clock: Clock; counters: Counters }): () => Promise<string> {
  return async () => {
    const gauges = await readGauges(parts.db, parts.clock.now());
    const lines = [
      ...recordLines(gauges),
      ...parts.counters.lines(),
      ...gauge("process_resident_memory_bytes", "Memory of this process.", process.memoryUsage().rss),
    ];
    return `${lines.join("\n")}\n`;
  };
}

function recordLines(gauges: Gauges): string[] {
  const { commands } = gauges;
  return [
    ...gauge("nightdesk_inbox_pending", "Deliveries that wait to be processed.", gauges.inboxPending),
    ...gauge("nightdesk_inbox_oldest_seconds", "Age of the oldest of them.", gauges.inboxOldestSeconds),
    ...gauge("nightdesk_refused", "Authenticated deliveries that were refused and kept.", gauges.refused),
    ...labelled("nightdesk_unauthenticated_total", "counter", {
      help: "Requests to /hooks that could not be authenticated.",
      values: gauges.unauthenticated.map(({ source, reason, count }) => [{ source, reason }, count]),
    }),
    ...labelled("nightdesk_outbox_due", "gauge", {
      help: "Work that is due now.",
      values: gauges.outboxDue.map(({ kind, count }) => [{ kind }, count]),
    }),
    ...gauge("nightdesk_outbox_oldest_seconds", "Age of the oldest due work.", gauges.outboxOldestSeconds),
    ...gauge("nightdesk_outbox_failing", "Work whose last attempt failed.", gauges.outboxFailing),
    ...labelled("nightdesk_runs", "gauge", {
      help: "Runs by state.",
      values: RUN_STATES.map((state) => [{ state }, gauges.runs.get(state) ?? 0]),
    }),
    ...labelled("nightdesk_incidents", "gauge", {
      help: "Incidents by status.",
      values: ["open", "acknowledged", "mitigated", "resolved"].map((status) => [
        { status },
        gauges.incidents.get(status) ?? 0,
      ]),
    }),
    ...labelled("nightdesk_monitors", "gauge", {
      help: "Monitors by state.",
      values: MONITOR_STATES.map((state) => [{ state }, gauges.monitors.get(state) ?? 0]),
    }),
    ...gauge(
      "nightdesk_monitors_oldest_seconds",
      "How long the monitor that is due longest waits to be looked at.",
      gauges.monitorsOldestSeconds,
    ),
    ...gauge("nightdesk_commands_unanswered", "Commands without an answer yet.", commands.unanswered),
    "# HELP nightdesk_command_answer_seconds From a command's arrival to its answer, over the last hour.",
    "# TYPE nightdesk_command_answer_seconds summary",
    `nightdesk_command_answer_seconds{quantile="0.5"} ${commands.median}`,
    `nightdesk_command_answer_seconds{quantile="0.99"} ${commands.p99}`,
    `nightdesk_command_answer_seconds_sum ${commands.sum}`,
    `nightdesk_command_answer_seconds_count ${commands.count}`,
  ];
}

const gauge = (name: string, help: string, value: number): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} gauge`,
  `${name} ${value}`,
];

function labelled(
  name: string,
  type: "gauge" | "counter",
  of: { help: string; values: readonly (readonly [Readonly<Record<string, string>>, number])[] },
): string[] {
  return [
    `# HELP ${name} ${of.help}`,
    `# TYPE ${name} ${type}`,
    ...of.values.map(([labels, value]) => {
      const written = Object.entries(labels).map(([key, text]) => `${key}="${label(text)}"`);
      return `${name}{${written.join(",")}} ${value}`;
    }),
  ];
}

const label = (text: string): string => text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n");
