import { Temporal } from "temporal-polyfill";
import { type Clock, type Instant, manualClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { type Catalogue, catalogueSchema } from "../../src/config/catalogue.ts";
import { monitorSchema } from "../../src/config/sections/monitors.ts";
import { createInboxProcessor } from "../../src/intake/process.ts";
import { createReceiver, type Receiver } from "../../src/intake/receive.ts";
import { HOOK_SOURCES, SOURCES } from "../../src/intake/sources/index.ts";
import { createAlertLate } from "../../src/services/alert-late.ts";
import { attachRuns } from "../../src/services/attach-runs.store.ts";
import { linkSignal } from "../../src/services/link-signal.ts";
import { createRaiseMonitor } from "../../src/services/monitors-raise.ts";
import type { Store } from "../../src/store/store.ts";
import type { Judged } from "./score.ts";
import type { Arriving, Delivery, Storm } from "./storm.ts";

/** What comes within this time is taken from the inbox together, as a worker that is rung does. */
const TOGETHER_MS = 1_000;

/** Plays a storm over the whole intake into an empty database, and tells where each of its alerts went. */
export async function play(storm: Storm, store: Store): Promise<Judged[]> {
  const catalogue = catalogueSchema.parse({ version: 1, ...storm.catalogue });
  const beginsAt = Temporal.Instant.from(storm.startsAt);
  const clock = manualClock(beginsAt.add({ milliseconds: Math.min(0, storm.deliveries[0]?.atMs ?? 0) }).toString());
  const { receiver, process } = deskOf(store, catalogue, clock);
  const labels = new Map<number, readonly string[]>();
  const found = new Map<number, string>();
  for (const together of batchesOf(storm.deliveries)) {
    for (const delivery of together) {
      const at = beginsAt.add({ milliseconds: delivery.atMs });
      clock.advance({ milliseconds: Math.max(0, at.epochMilliseconds - clock.now().epochMilliseconds) });
      if ("monitor" in delivery.arriving) {
        const signal = await raiseMissing(store, catalogue, { ...delivery.arriving.monitor, at: clock.now() });
        found.set(signal, delivery.labels[0] ?? "");
        continue;
      }
      await arrive(receiver, delivery.arriving, clock);
      const id = await newestDelivery(store);
      // The same bytes once more are no new delivery.
      if (!labels.has(id)) labels.set(id, delivery.labels);
    }
    clock.advance({ milliseconds: 50 });
    await process();
  }
  return judged(store, labels, found);
}

function deskOf(store: Store, catalogue: Catalogue, clock: Clock) {
  const shared = { store, catalogue, clock, log: silentLogger };
  const alertLate = createAlertLate(catalogue);
  const receiver = createReceiver({ ...shared, sources: HOOK_SOURCES });
  const processor = createInboxProcessor({
    ...shared,
    sources: SOURCES,
    ports: {
      linkSignal: (tx, signal, now) => linkSignal(tx, signal, now, alertLate),
      signalsJoined: attachRuns,
      captureSlackEvent: async () => {},
      channelName: async () => "monitoring",
      self: () => ({}),
    },
  });
  return {
    receiver,
    process: async () => {
      const outcome = await processor.process();
      if (!outcome.done) throw new Error("a batch was not done at once");
    },
  };
}

async function arrive(
  receiver: Receiver,
  arriving: Exclude<Arriving, { monitor: unknown }>,
  clock: Clock,
): Promise<void> {
  const machineMs = clock.machineNow().epochMilliseconds;
  if ("slack" in arriving) return receiver.receiveSlackEvent(arriving.slack(machineMs));
  const answer = await receiver.receive(arriving.hook, arriving.request(machineMs));
  if (answer.status >= 300)
    throw new Error(`a delivery to ${arriving.hook} was answered ${answer.status}: ${answer.body}`);
}

function batchesOf(deliveries: readonly Delivery[]): Delivery[][] {
  const batches: Delivery[][] = [];
  for (const delivery of deliveries) {
    const batch = batches.at(-1);
    const first = batch?.[0];
    if (batch === undefined || first === undefined || delivery.atMs - first.atMs >= TOGETHER_MS)
      batches.push([delivery]);
    else batch.push(delivery);
  }
  return batches;
}

async function newestDelivery(store: Store): Promise<number> {
  const row = await store.db.selectFrom("inbox").select("id").orderBy("id", "desc").limit(1).executeTakeFirstOrThrow();
  return row.id;
}

/** As the sweep of the monitors does it. Returns the signal's id. */
async function raiseMissing(
  store: Store,
  catalogue: Catalogue,
  missing: { job: string; environment: string; title: string; at: Instant },
): Promise<number> {
  const { job, environment, title, at } = missing;
  const monitor = monitorSchema.parse({ job, environment, schedule: "0 2 * * *", zone: "UTC", finishBy: "2h" });
  const alert = { name: `${job}-night`, monitor, kind: "firing" as const, key: `${job} ${at}`, title, at, now: at };
  const rest = { detail: null, severity: null, rid: null, run: null, page: false, silent: false };
  await store.tx((tx) => createRaiseMonitor(catalogue)(tx, { ...alert, ...rest }));
  const row = await store.db
    .selectFrom("signals")
    .select("id")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirstOrThrow();
  return row.id;
}

async function judged(
  store: Store,
  labels: ReadonlyMap<number, readonly string[]>,
  found: ReadonlyMap<number, string>,
): Promise<Judged[]> {
  const refused = await store.db.selectFrom("inbox").select("reason").where("state", "!=", "done").execute();
  if (refused.length > 0) throw new Error(`${refused.length} deliveries were not done: ${refused[0]?.reason}`);
  const alerts = await store.db
    .selectFrom("signals")
    .select(["id", "inbox_id", "ordinal", "incident_id", "source", "title", "service", "job"])
    .where("kind", "in", ["firing", "failed"])
    .orderBy("id")
    .execute();
  return alerts.map((alert) => {
    const label = alert.inbox_id === null ? found.get(alert.id) : labels.get(alert.inbox_id)?.[alert.ordinal];
    if (label === undefined) throw new Error(`nobody said what "${alert.title}" was about`);
    const from = alert.job ?? alert.service ?? "?";
    return { label, incident: alert.incident_id, title: `${alert.source} ${from}: ${alert.title}` };
  });
}
