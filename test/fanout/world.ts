import type { Instant } from "../../src/base/clock.ts";
import { manualClock } from "../../src/base/clock.ts";
import { http } from "../../src/base/http.ts";
import { silentLogger } from "../../src/base/log.ts";
import { createAdvanceFanout } from "../../src/fanout/advance.ts";
import { createChunkHandler } from "../../src/fanout/chunk.ts";
import type { Fanning, ResultFiles } from "../../src/fanout/fanning.ts";
import { createAuthorise } from "../../src/guard/authorise.ts";
import { createAdvance } from "../../src/jobs/advance.ts";
import { createConnections } from "../../src/jobs/connections.ts";
import { createAlertLate } from "../../src/services/alert-late.ts";
import type { Asking, Outcome, Question, RunView } from "../../src/services/contract.ts";
import type { ReadAttached } from "../../src/services/id-lists-file.ts";
import { createFanouts } from "../../src/services/orphans.ts";
import { createRuns } from "../../src/services/runs.ts";
import { claimWork, releaseWork, type WorkOutcome } from "../../src/store/outbox.ts";
import type { Store } from "../../src/store/store.ts";
import { catalogueOf } from "../guard/fixture.ts";
import { testDatabase } from "../helpers/database.ts";
import { asking } from "../jobs/world.ts";
import { newStock, stockConnector } from "./stock.ts";

export { asking };

export interface Uploaded {
  readonly name: string;
  readonly text: string;
  /** Where it says more than whose it is. */
  readonly title?: string;
}

/** Two jobs at two targets that take ids by reference; `fast` has no rate, `slow` takes 10 a second. */
export async function fanoutWorld(
  more: { catalogue?: Record<string, unknown>; fanout?: Record<string, unknown> } = {},
) {
  const { store, url } = await testDatabase({ connections: 10 });
  const clock = manualClock("2024-11-20T09:00:00Z");
  const fast = newStock();
  const slow = newStock();
  const files = new Map<string, string>();
  const catalogue = catalogueOf({
    environments: { prod: { look: "red", protected: true }, preprod: {} },
    roles: {
      all: { members: ["asha"], allow: [{ actions: ["*"] }] },
      viewer: { members: ["dev"], allow: [{ actions: ["view"] }] },
    },
    targets: {
      fast: { connector: "stock", fanout: { batch: 10, parallel: 2, ...more.fanout } },
      slow: { connector: "stock", fanout: { batch: 100, parallel: 4, rate: 10 } },
      nothing: { connector: "noop" },
    },
    jobs: {
      placements: {
        backoff: { first: "10s", factor: 2, max: "1m" },
        environments: { prod: { target: "fast" }, preprod: { target: "fast" } },
      },
      posts: { environments: { preprod: { target: "slow" } } },
      sites: { environments: { preprod: { target: "slow" } } },
      whole: { environments: { preprod: { target: "nothing" } } },
    },
    ...more.catalogue,
  });
  const connections = createConnections({
    catalogue,
    clock,
    http,
    connectors: [stockConnector({ fast, slow })],
  });
  const groupMembers = async () => [];
  const authorise = createAuthorise({ store, clock, catalogue, groupMembers });
  const readAttached: ReadAttached = async (file) => files.get(file.id) ?? "";
  const ground = { store, clock, catalogue, connections, groupMembers, authorise };
  const fanouts = createFanouts({ ...ground, http, readAttached });
  const runs = createRuns(ground);
  const uploads: Uploaded[] = [];
  const resultFiles = shelf(uploads);
  const fanning: Fanning = { store, clock, catalogue, connections, log: silentLogger, resultFiles };
  const handlers = processOf(fanning);
  return {
    store,
    url,
    clock,
    catalogue,
    fast,
    slow,
    files,
    connections,
    fanouts,
    runs,
    uploads,
    fanning,
    ground,
    ...handlers,
  };
}

/** Where results go: what is shown is in `uploads`, and a file is shown once. */
function shelf(uploads: Uploaded[]): ResultFiles {
  const kept: Uploaded[] = [];
  const shown = new Set<string>();
  return {
    ready: async () => true,
    keep: async (file) => `F${kept.push(file)}`,
    show: async ({ id, title }) => {
      const file = kept[Number(id.slice(1)) - 1];
      if (file === undefined) return null;
      if (!shown.has(id)) uploads.push({ ...file, ...(title.includes(",") ? { title } : {}) });
      shown.add(id);
      return `https://files.example.org/${file.name}`;
    },
  };
}

export type FanoutWorld = Awaited<ReturnType<typeof fanoutWorld>>;

/** What a worker does; a second call is a second worker. */
export function processOf(fanning: Fanning) {
  const advanceFanout = createAdvanceFanout(fanning);
  const kinds = { fanout: advanceFanout, compare: advanceFanout };
  const advance = createAdvance({ ...fanning, alert: createAlertLate(fanning.catalogue), kinds });
  return { advance, chunk: createChunkHandler(fanning) };
}

/** Asks, answers the question as it has to be answered, and returns the run. */
export async function handed(
  ask: (over: Partial<Asking>) => Promise<Outcome<RunView>>,
  over: Partial<Asking> = {},
): Promise<RunView> {
  const question = await questioned(ask, over);
  const confirm = question.fields[0]?.expected;
  const values = confirm === undefined ? {} : { confirm };
  const outcome = await ask({ ...over, confirmation: { id: question.id, values: { ...values } } });
  if (outcome.kind !== "done") throw new Error("it was asked twice");
  return outcome.value;
}

export async function questioned(
  ask: (over: Partial<Asking>) => Promise<Outcome<RunView>>,
  over: Partial<Asking> = {},
): Promise<Question> {
  const outcome = await ask(over);
  if (outcome.kind !== "ask") throw new Error("nothing was asked");
  return outcome.question;
}

interface Due {
  readonly kind: string;
  readonly ref: number;
  readonly due_at: Instant;
}

/** The work of runs and chunks in the outbox, the earliest first. */
export async function waiting(store: Store): Promise<Due[]> {
  return store.db
    .selectFrom("outbox")
    .select(["kind", "ref", "due_at"])
    .where("kind", "in", ["run", "chunk"])
    .orderBy("due_at")
    .orderBy("id")
    .execute();
}

/** Does the work of runs and chunks as workers would, time included, until nothing is left or `until` holds. */
export async function work(
  here: Pick<FanoutWorld, "store" | "clock" | "advance" | "chunk">,
  until: () => Promise<boolean> | boolean = () => false,
): Promise<void> {
  for (let step = 0; step < 5_000; step += 1) {
    if (await until()) return;
    const [next] = await waiting(here.store);
    if (next === undefined) return;
    const aheadMs = next.due_at.epochMilliseconds - here.clock.now().epochMilliseconds;
    if (aheadMs > 0) here.clock.advance({ milliseconds: aheadMs });
    await perform(here, next);
    here.clock.advance({ milliseconds: 1 });
  }
  throw new Error("it does not come to an end");
}

async function perform(
  { store, clock, advance, chunk }: Pick<FanoutWorld, "store" | "clock" | "advance" | "chunk">,
  next: Due,
): Promise<void> {
  const ring = { kind: next.kind === "run" ? "run" : "chunk", ref: next.ref } as const;
  const by = { worker: "test", now: clock.now(), machineNow: clock.machineNow(), forMs: 60_000 };
  const claim = await claimWork(store.db, ring, by);
  if (claim === null) {
    clock.advance({ milliseconds: 10 });
    return;
  }
  const outcome: WorkOutcome = ring.kind === "run" ? await advance(ring.ref) : await chunk(ring.ref);
  await releaseWork(store.db, claim, { worker: "test", now: clock.now(), outcome });
}

export async function items(here: Pick<FanoutWorld, "store">, run: number): Promise<Record<string, string>> {
  const rows = await here.store.db
    .selectFrom("run_items")
    .innerJoin("runs", "runs.id", "run_items.run_id")
    .select(["run_items.ref", "run_items.state", "run_items.detail"])
    .where("runs.number", "=", run)
    .orderBy("run_items.seq")
    .execute();
  return Object.fromEntries(
    rows.map(({ ref, state, detail }) => [ref, detail === null ? state : `${state}: ${detail}`]),
  );
}

export const numbers = (count: number, from = 1): string[] =>
  Array.from({ length: count }, (_, index) => String(index + from).padStart(6, "0"));
