import { expect, test } from "vitest";
import { createCounters } from "../../src/http/counters.ts";
import { createMetrics } from "../../src/http/metrics.ts";
import { asking, incidentDesk } from "../services/desk.ts";

test("the record in numbers, in Prometheus' text format", async () => {
  const { store, clock, incidents } = await incidentDesk();
  const requested = { surface: "slash", actor: "slack:U012", text: "x", context: "{}", requested_at: clock.now() };
  await store.db
    .insertInto("command_requests")
    .values([
      { ...requested, key: "a", answered_at: clock.now().add({ milliseconds: 500 }) },
      { ...requested, key: "b" },
    ])
    .execute();
  await store.db
    .insertInto("unauthenticated_counts")
    .values({ day: "2021-03-17", source: 'a"b\\c', reason: "wrong\nsecret", count: 3 })
    .execute();
  await store.db
    .insertInto("inbox")
    .values({ source: "jobs", delivery_key: "1", request: "{}", body: "x", received_at: clock.now() })
    .execute();
  await incidents.open(asking(), { title: "x" });
  clock.advance({ minutes: 1 });
  const text = await createMetrics({ db: store.db, clock, counters: createCounters() })();
  for (const line of [
    "nightdesk_inbox_pending 1",
    "nightdesk_inbox_oldest_seconds 60",
    "nightdesk_refused 0",
    'nightdesk_unauthenticated_total{source="a\\"b\\\\c",reason="wrong\\nsecret"} 3',
    'nightdesk_outbox_due{kind="incident"} 1',
    "nightdesk_outbox_oldest_seconds 60",
    "nightdesk_outbox_failing 0",
    'nightdesk_runs{state="running"} 0',
    'nightdesk_incidents{status="open"} 1',
    "nightdesk_commands_unanswered 1",
    'nightdesk_command_answer_seconds{quantile="0.99"} 0.5',
    "nightdesk_command_answer_seconds_count 1",
  ]) {
    expect(text.split("\n")).toContain(line);
  }
  for (const line of text.trimEnd().split("\n")) {
    expect(line).toMatch(/^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{(?:\w+="(?:[^"\\]|\\.)*",?)*\})? (?:NaN|[\d.e+-]+))$/);
  }
});
