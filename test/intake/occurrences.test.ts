import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { clearAll } from "../../src/incidents/conditions.ts";
import { moved } from "../../src/incidents/incident.ts";
import { listIncidents, updateIncident } from "../../src/incidents/incidents.store.ts";
import { plug } from "../../src/intake/plugin.ts";
import { createInboxProcessor } from "../../src/intake/process.ts";
import { createReceiver } from "../../src/intake/receive.ts";
import { alertmanager } from "../../src/intake/sources/alertmanager.ts";
import { aws } from "../../src/intake/sources/aws.ts";
import { taskEvent } from "../helpers/aws-events.ts";
import { testDatabase } from "../helpers/database.ts";
import { catalogueOf, ESTATE } from "../helpers/hear.ts";

async function desk() {
  const { store } = await testDatabase();
  const clock = manualClock("2021-03-16T14:42:00Z");
  const sources = {
    prom: { kind: "alertmanager", secret: "s" },
    tasks: { kind: "aws", auth: "path", secret: "s", environment: "prod" },
  };
  const plugins = [plug(alertmanager), plug(aws)];
  const shared = { store, catalogue: catalogueOf({ ...ESTATE, sources }), sources: plugins, clock, log: silentLogger };
  const receiver = createReceiver(shared);
  const linked: string[] = [];
  const processor = createInboxProcessor({
    ...shared,
    ports: {
      linkSignal: async (_, { kind }) => {
        linked.push(kind);
        return null;
      },
      signalsJoined: async () => {},
      captureSlackEvent: async () => {},
      channelName: async () => null,
      self: () => ({}),
    },
  });
  const send = async (source: string, body: unknown) => {
    await receiver.receive(source, {
      method: "POST",
      path: "/s",
      query: {},
      headers: {},
      body: Buffer.from(JSON.stringify(body)),
    });
    await processor.process();
  };
  return {
    store,
    clock,
    linked,
    tell: (...alerts: readonly unknown[]) => send("prom", { alerts }),
    task: (event: unknown) => send("tasks", event),
    incidents: () => listIncidents(store.db, { statuses: ["open", "resolved"], limit: 10 }),
    reasons: () => store.db.selectFrom("inbox").select("reason").orderBy("id").execute(),
  };
}

const alert = (fingerprint: string, over: Record<string, unknown> = {}) => ({
  status: "firing",
  labels: { alertname: "PodCrashes", service: "esr-notifier", env: "prod" },
  startsAt: "2021-03-16T14:40:00Z",
  fingerprint,
  ...over,
});
const over = (endsAt: string) => ({ status: "resolved", endsAt });

test("a group that grows counts each alert once, and is over when the last is", async () => {
  const { tell, clock, incidents, reasons } = await desk();
  await tell(alert("a"));
  clock.advance({ minutes: 5 });
  await tell(alert("a"), alert("b"));
  clock.advance({ hours: 3 });
  await tell(alert("a"), alert("b"));
  expect(await incidents()).toMatchObject([{ signalCount: 2, firingCount: 2, lastSeenAt: clock.now() }]);
  // Told again three hours ago at the latest: what is new now is near enough, four hours after the first alert.
  clock.advance({ hours: 3 });
  await tell(alert("a", over("2021-03-16T20:40:00Z")), alert("b"), alert("c", { startsAt: "2021-03-16T20:45:00Z" }));
  expect(await incidents()).toMatchObject([{ status: "open", firingCount: 3 }]);
  clock.advance({ minutes: 5 });
  await tell(
    alert("b", over("2021-03-16T20:50:00Z")),
    alert("c", { startsAt: "2021-03-16T20:45:00Z", ...over("2021-03-16T20:50:00Z") }),
  );
  expect(await incidents()).toMatchObject([{ status: "resolved", signalCount: 6, firingCount: 3 }]);
  expect((await reasons()).map(({ reason }) => reason)).toEqual([
    null,
    "1 of 2 were told before",
    "2 of 2 were told before",
    "1 of 3 were told before",
    null,
  ]);
});

test("what a person resolved and still fires comes back with the next repetition", async () => {
  const { store, tell, clock, incidents } = await desk();
  await tell(alert("a"));
  clock.advance({ minutes: 10 });
  const [opened] = await incidents();
  if (opened === undefined) throw new Error("no incident");
  const conditions = clearAll(opened.conditions, clock.now().epochMilliseconds);
  await store.tx((tx) => updateIncident(tx, { ...moved(opened, "resolved", clock.now()), conditions }));
  clock.advance({ minutes: 10 });
  await tell(alert("a"));
  expect(await incidents()).toMatchObject([{ status: "open", reopenedCount: 1, firingCount: 2 }]);
  clock.advance({ minutes: 10 });
  await tell(alert("a"));
  expect(await incidents()).toMatchObject([{ status: "open", firingCount: 2 }]);
});

test("an end that was told too early is taken back by what fires on, and not by what was overtaken", async () => {
  const { tell, clock, incidents } = await desk();
  await tell(alert("a"));
  await tell(alert("a", over("2021-03-16T14:41:00Z")));
  clock.advance({ minutes: 2 });
  await tell(alert("a"));
  expect(await incidents()).toMatchObject([{ status: "resolved", firingCount: 1 }]);
  clock.advance({ minutes: 10 });
  await tell(alert("a"));
  expect(await incidents()).toMatchObject([{ status: "open", firingCount: 2 }]);
  clock.advance({ minutes: 1 });
  await tell(alert("a", over("2021-03-16T14:54:30Z")));
  expect(await incidents()).toMatchObject([{ status: "resolved", firingCount: 2 }]);
});

test("an execution starts and ends once, and does not start after its end", async () => {
  const { task, linked, clock } = await desk();
  const running = { lastStatus: "RUNNING", stopCode: undefined, stoppedAt: undefined, version: 3 };
  await task(taskEvent({}, { id: "e1" }));
  await task(taskEvent({ version: 6 }, { id: "e2" }));
  clock.advance({ minutes: 1 });
  await task(taskEvent(running, { id: "e3" }));
  expect(linked).toEqual(["failed"]);
  const other = { taskArn: "arn:aws:ecs:eu-west-2:111122223333:task/tis-prod/another" };
  await task(taskEvent({ ...running, ...other }, { id: "e4" }));
  await task(taskEvent({ ...running, ...other, version: 4 }, { id: "e5" }));
  expect(linked).toEqual(["failed", "started"]);
});
