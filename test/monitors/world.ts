import { type Clock, manualClock } from "../../src/base/clock.ts";
import type { Http } from "../../src/base/http.ts";
import type { Catalogue } from "../../src/config/catalogue.ts";
import { foldSignals } from "../../src/incidents/fold.ts";
import { conditionOf, type NewSignal } from "../../src/incidents/signal.ts";
import { saveSignals } from "../../src/incidents/signals.store.ts";
import { createHearMonitors } from "../../src/monitors/hear.ts";
import { createMonitorSweep } from "../../src/monitors/sweep.ts";
import { redrawTold } from "../../src/services/monitors.store.ts";
import { createRaiseMonitor } from "../../src/services/monitors-raise.ts";
import { viewMonitors } from "../../src/services/monitors-view.ts";
import type { Store } from "../../src/store/store.ts";
import { testDatabase } from "../helpers/database.ts";
import { catalogueOf } from "../helpers/hear.ts";

const BASE = {
  zone: "Europe/London",
  environments: { prod: { protected: true, look: "red" } },
  people: { asha: { name: "Asha Rao" } },
  services: { warehouse: {}, reval: {} },
  targets: { nothing: { connector: "noop" } },
  jobs: { etl: { environments: { prod: { target: "nothing", service: "warehouse" } } } },
  routes: [{ channel: "ops" }],
};

export type Monitored = Awaited<ReturnType<typeof monitored>>;

/** Monitors over a database of their own: `turn` looks at them as a worker would, `hear` is a job's message. */
export async function monitored(
  monitors: Record<string, unknown>,
  more: { at?: string; sections?: Record<string, unknown>; http?: Http } = {},
) {
  const { store } = await testDatabase();
  const clock = manualClock(more.at ?? "2024-01-16T01:00:00Z");
  const catalogue = catalogueOf({ ...BASE, ...more.sections, monitors });
  const state = { behind: false };
  const sweepOf = (which: Catalogue, by: { store: Store; clock: Clock }) =>
    createMonitorSweep({
      ...by,
      catalogue: which,
      http: more.http ?? (() => Promise.reject(new Error("nobody is asked here"))),
      raise: createRaiseMonitor(which),
      behind: async () => state.behind,
      redraw: redrawTold,
    });
  const sweep = sweepOf(catalogue, { store, clock });
  const hearing = createHearMonitors(catalogue);

  const turn = async (ref = 0) => sweep(ref);
  /** Goes on to that instant, looking whenever it is said that something falls due. */
  const until = async (text: string) => {
    const target = Date.parse(text);
    for (let looks = 0; looks < 500; looks += 1) {
      const outcome = await turn();
      const due = outcome.done ? Number.POSITIVE_INFINITY : outcome.dueAt.epochMilliseconds;
      const now = clock.now().epochMilliseconds;
      if (due > target) break;
      clock.advance({ milliseconds: Math.max(0, due - now) });
    }
    clock.advance({ milliseconds: Math.max(0, target - clock.now().epochMilliseconds) });
    return turn();
  };
  const hear = async (over: Partial<NewSignal> & Pick<NewSignal, "kind">) => {
    const now = clock.now();
    const made = {
      ...{ inboxId: null, ordinal: 0, source: "jobs", title: `etl ${over.kind}`, service: "warehouse", job: "etl" },
      ...{ environment: "prod", environments: [], cause: "etl", severity: null, rid: null, tags: {}, counts: null },
      ...{ error: null, url: null, at: now, receivedAt: now },
      ...over,
    } satisfies Omit<NewSignal, "condition">;
    await store.tx(async (tx) => {
      const saved = await saveSignals(tx, [{ ...made, condition: conditionOf(made) }]);
      const folded = await foldSignals(
        tx,
        { catalogue, now },
        saved.map((signal) => ({ signal, run: null, incident: null })),
      );
      await hearing(tx, folded, now);
    });
    await turn();
    const rows = await store.db.selectFrom("outbox").select("ref").where("kind", "=", "monitors").execute();
    for (const { ref } of rows) await turn(ref);
  };
  const told = async () => {
    const rows = await store.db
      .selectFrom("signals")
      .select(["kind", "title", "error"])
      .where("source", "=", "monitor")
      .orderBy("id")
      .execute();
    return rows.map(({ kind, title, error }) => `${kind}: ${title}${error === null ? "" : ` | ${error}`}`);
  };
  /** What people see of incidents: what opened them, and what was told after. */
  const lines = async () => {
    const rows = await store.db
      .selectFrom("timeline_entries")
      .select(["text", "visible", "data"])
      .orderBy("id")
      .execute();
    return rows
      .filter(({ visible, data }) => visible || (typeof data === "object" && data !== null && "first" in data))
      .map(({ text }) => text);
  };
  const view = () => viewMonitors({ store, clock, catalogue });
  const stateOf = async (name: string) =>
    (await store.db.selectFrom("monitors").select("state").where("name", "=", name).executeTakeFirst())?.state;
  const incidents = async () =>
    store.db
      .selectFrom("incidents")
      .select(["number", "status", "title", "services", "jobs", "severity"])
      .orderBy("number")
      .execute();
  return { store, clock, catalogue, state, sweepOf, turn, until, hear, told, lines, view, stateOf, incidents };
}
