import { expect, test } from "vitest";
import { deliver, rootsOf, sentryAlert } from "./desk.ts";
import { testDesk } from "./support.ts";

const DELIVERIES = 300;
const AT_ONCE = 20;

test("a storm of one cause is one thread, few calls and an exact count", { timeout: 60_000 }, async () => {
  const desk = await testDesk();
  const alerts = Array.from({ length: DELIVERIES }, (_, index) =>
    sentryAlert(desk.env, {
      event_id: `e${index}`,
      issue_id: "4001",
      project_slug: "tis-esr-generator",
      level: "error",
      environment: "prod",
      title: "InvalidFormatException: PermitToWork",
      datetime: new Date().toISOString(),
    }),
  );
  const left = [...alerts];
  const statuses: (number | null)[] = [];
  const send = async () => {
    for (let alert = left.pop(); alert !== undefined; alert = left.pop()) statuses.push(await deliver(desk.url, alert));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  expect(statuses).toEqual(alerts.map(() => 202));

  // What was delivered once counts once, however often its sender repeats it.
  const again = alerts[7];
  if (again !== undefined) expect(await deliver(desk.url, again)).toBe(202);
  await desk.settle();

  const [incident, ...others] = await desk.list("incidents");
  expect(others).toEqual([]);
  expect(incident).toMatchObject({ status: "open", environment: "prod", severity: "sev2", signals: DELIVERIES });
  const [root, ...more] = rootsOf(desk, "ops");
  expect(more).toEqual([]);
  expect(root?.replies).toEqual([]);
  expect(root === undefined ? "" : desk.workspace.plain(root)).toContain(String(DELIVERIES));
  const { calls, total, refusedBlocks, missingScopes } = desk.workspace.counters();
  expect(calls["chat.postMessage"]).toBe(1);
  expect(total).toBeLessThanOrEqual(12);
  expect({ refusedBlocks, missingScopes }).toEqual({ refusedBlocks: 0, missingScopes: 0 });
});
