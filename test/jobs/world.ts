import { type Clock, manualClock } from "../../src/base/clock.ts";
import { type Http, http as realHttp } from "../../src/base/http.ts";
import { silentLogger } from "../../src/base/log.ts";
import type { PersonActor } from "../../src/config/actor.ts";
import type { Catalogue } from "../../src/config/catalogue.ts";
import { createAuthorise } from "../../src/guard/authorise.ts";
import { createTellAbort } from "../../src/jobs/abort.ts";
import { type Advance, createAdvance } from "../../src/jobs/advance.ts";
import { createConnections } from "../../src/jobs/connections.ts";
import type { ListedConnector } from "../../src/jobs/connectors/index.ts";
import { type Run, readRun, runNumbered } from "../../src/jobs/runs.store.ts";
import { createAlertLate } from "../../src/services/alert-late.ts";
import type { Asking } from "../../src/services/contract.ts";
import { createJobs } from "../../src/services/jobs.ts";
import { type EvidenceSignal, type LinkedRun, linkSignal } from "../../src/services/link-signal.ts";
import { createPermissions } from "../../src/services/permissions.ts";
import { createRuns } from "../../src/services/runs.ts";
import type { Store } from "../../src/store/store.ts";
import { ASHA, catalogueOf } from "../guard/fixture.ts";
import { testDatabase } from "../helpers/database.ts";
import { syncEntry, syncTarget, targetServer } from "./target-server.ts";

/** Three places of one job; prod and nimdta are told about in one channel, as in the estate. */
export async function world(
  more: {
    job?: Record<string, unknown>;
    targets?: Record<string, unknown>;
    catalogue?: Record<string, unknown>;
    connections?: number;
    connectors?: readonly ListedConnector[];
  } = {},
) {
  const { store, url } = await testDatabase(more.connections === undefined ? {} : { connections: more.connections });
  const clock = manualClock("2021-03-17T05:20:00Z");
  const prod = syncTarget("prod");
  const nimdta = syncTarget("prod,nimdta");
  const servers = { prod: await targetServer(prod.answer), nimdta: await targetServer(nimdta.answer) };
  const place = (target: string) => ({ target, name: "personJob" });
  const catalogue = catalogueOf({
    environments: { prod: { look: "red" }, nimdta: { look: "red" }, safe: { protected: true, look: "red" } },
    roles: {
      all: { members: ["asha", "ben"], allow: [{ actions: ["*"] }] },
      viewer: { members: ["dev"], allow: [{ actions: ["view"], environments: ["prod"] }] },
    },
    targets: {
      "sync-prod": syncEntry(servers.prod.url, ["prod"]),
      "sync-nimdta": syncEntry(servers.nimdta.url, ["prod", "nimdta"]),
      nothing: { connector: "noop" },
      ...more.targets,
    },
    jobs: {
      "person-sync": {
        parameters: { dateOverride: { type: "string", pattern: "ANY|NONE|\\d{4}-\\d{2}-\\d{2}" } },
        conflicts: ["person-rebuild"],
        environments: { prod: place("sync-prod"), nimdta: place("sync-nimdta"), safe: place("sync-prod") },
        ...more.job,
      },
      "person-rebuild": {
        environments: { prod: { target: "nothing" }, nimdta: { target: "sync-nimdta", name: "rebuildJob" } },
      },
    },
    ...more.catalogue,
  });
  const base = { store, clock, catalogue, ...(more.connectors === undefined ? {} : { connectors: more.connectors }) };
  const parts = partsOf(base);
  return { ...base, url, prod: prod.state, nimdta: nimdta.state, servers, ...parts };
}

export type World = Awaited<ReturnType<typeof world>>;

/** Everything a process has; a second call is a second process. */
export function partsOf(base: {
  store: Store;
  clock: Clock;
  catalogue: Catalogue;
  http?: Http;
  connectors?: readonly ListedConnector[];
}) {
  const { store, clock, catalogue, connectors } = base;
  const connections = createConnections({
    catalogue,
    clock,
    http: base.http ?? realHttp,
    ...(connectors === undefined ? {} : { connectors }),
  });
  const groupMembers = async () => [];
  const authorise = createAuthorise({ store, clock, catalogue, groupMembers });
  const shared = { store, clock, catalogue, connections, groupMembers, authorise };
  const stepping = { store, clock, catalogue, connections, log: silentLogger };
  const advance: Advance = createAdvance({ ...stepping, alert: createAlertLate(catalogue) });
  return {
    advance,
    tellAbort: createTellAbort(stepping),
    connections,
    runs: createRuns(shared),
    jobs: createJobs(shared),
    permissions: createPermissions(shared),
  };
}

let asked = 0;
export function asking(more: Partial<Asking> & { actor?: PersonActor } = {}): Asking {
  asked += 1;
  return {
    actor: ASHA,
    surface: "slash",
    requestKey: `request-${asked}`,
    channel: "C_OPS",
    channelName: "ops",
    incident: null,
    run: null,
    ...more,
  };
}

export async function queue(here: World, environment = "prod", job = "person-sync"): Promise<Run> {
  const outcome = await here.runs.request(asking(), { job, environment, parameters: {} });
  if (outcome.kind !== "done") throw new Error("it was asked instead");
  return numbered(here, outcome.value.number);
}

export async function numbered(here: Pick<World, "store">, number: number): Promise<Run> {
  const run = await runNumbered(here.store.db, number);
  if (run === null) throw new Error(`there is no run ${number}`);
  return run;
}

/** Does what is due, moving the clock to each due instant, until nothing is due or the run is as wanted. */
export async function drive(
  here: Driven,
  run: Run,
  until: { state?: string; steps?: number; forMs?: number } = {},
): Promise<Run> {
  const from = here.clock.now().epochMilliseconds;
  for (let step = 0; step < (until.steps ?? 60); step += 1) {
    if ((await reread(here, run)).state === until.state) break;
    const told = await tellDue(here, run);
    const outcome = await here.advance(run.id);
    if (outcome.done || (await reread(here, run)).state === until.state) break;
    const nextMs = Math.min(outcome.dueAt.epochMilliseconds, told ?? Number.POSITIVE_INFINITY);
    if (until.forMs !== undefined && nextMs - from > until.forMs) break;
    const waitMs = nextMs - here.clock.now().epochMilliseconds;
    if (waitMs > 0) here.clock.advance({ milliseconds: waitMs });
  }
  return reread(here, run);
}

type Driven = Pick<World, "store" | "clock" | "advance" | "tellAbort">;

/** The run's abort, when one is to be told: when next (epoch milliseconds), or null. */
async function tellDue(here: Driven, run: Run): Promise<number | null> {
  const row = () =>
    here.store.db.selectFrom("outbox").select("due_at").where("kind", "=", "abort").where("ref", "=", run.id);
  const due = await row().executeTakeFirst();
  if (due === undefined) return null;
  if (due.due_at.epochMilliseconds > here.clock.now().epochMilliseconds) return due.due_at.epochMilliseconds;
  const outcome = await here.tellAbort(run.id);
  if (outcome.done) {
    await here.store.db.deleteFrom("outbox").where("kind", "=", "abort").where("ref", "=", run.id).execute();
    return null;
  }
  const again = here.store.db.updateTable("outbox").set({ due_at: outcome.dueAt });
  await again.where("kind", "=", "abort").where("ref", "=", run.id).execute();
  return outcome.dueAt.epochMilliseconds;
}

export async function reread(here: Pick<World, "store">, run: Run): Promise<Run> {
  const now = await readRun(here.store.db, run.id);
  if (now === null) throw new Error("the run is gone");
  return now;
}

/** A message of the job, as intake would hand it on. */
export function hear(
  here: Pick<World, "store" | "clock" | "catalogue">,
  kind: EvidenceSignal["kind"],
  more: Partial<EvidenceSignal> = {},
): Promise<LinkedRun | null> {
  const signal: EvidenceSignal = {
    kind,
    source: "slack",
    title: `Sync [Person sync job] ${kind}.`,
    job: "person-sync",
    environment: null,
    environments: ["prod", "nimdta"],
    rid: null,
    at: here.clock.now(),
    error: kind === "failed" ? "index missing" : null,
    tags: { "slack.author": "bot" },
    ...more,
  };
  return here.store.tx((tx) => linkSignal(tx, signal, here.clock.now(), createAlertLate(here.catalogue)));
}

export async function history(here: Pick<World, "store">, run: Run): Promise<string[]> {
  const events = await here.store.db
    .selectFrom("run_events")
    .selectAll()
    .where("run_id", "=", run.id)
    .orderBy("id")
    .execute();
  return events.map((event) => event.to_state);
}

export async function heldBy(
  here: Pick<World, "store">,
  job = "person-sync",
  environment = "prod",
): Promise<number | null> {
  const lease = await here.store.db
    .selectFrom("leases")
    .selectAll()
    .where("job", "=", job)
    .where("environment", "=", environment)
    .executeTakeFirst();
  return lease?.run_id ?? null;
}
