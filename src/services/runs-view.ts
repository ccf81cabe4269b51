import type { Clock } from "../base/clock.ts";
import { UserError } from "../base/errors.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { countsOf } from "../fanout/counts.ts";
import type { Connections } from "../jobs/connections.ts";
import type { Capabilities } from "../jobs/connectors/contract.ts";
import { whyLost } from "../jobs/lost.ts";
import { openPins } from "../jobs/pins.store.ts";
import { lastReasons, type Run, runNumbered } from "../jobs/runs.store.ts";
import { isTerminal } from "../jobs/states.ts";
import type { Db } from "../store/store.ts";
import { chainsById } from "./chains.store.ts";
import type { ChainPlace, Mended, RunAbilities, RunView } from "./contract.ts";
import { viewPin } from "./pins-view.ts";
import { whyNotAgain } from "./runs-again.ts";
import { courseOf, expectedEnd, leftWords, usualFor, usualWords } from "./runs-expected.ts";
import { gapOfRun } from "./runs-gap.ts";
import { mendedBy } from "./runs-mended.store.ts";
import { NOT_MENDED } from "./runs-mended.ts";

/** What a view is made from. */
export interface Viewing {
  readonly store: { readonly db: Db };
  readonly clock: Pick<Clock, "now">;
  readonly catalogue: Pick<Catalogue, "jobs" | "monitors">;
  readonly connections: Connections;
}

/** Runs as people and the API see them, in the order given. */
export async function viewRuns(parts: Viewing, runs: readonly Run[]): Promise<RunView[]> {
  const { db } = parts.store;
  const ids = runs.map((run) => run.id);
  const because = await lastReasons(db, ids);
  const incidents = await numbersOf(
    db,
    "incidents",
    runs.map((run) => run.incidentId),
  );
  const parents = await numbersOf(
    db,
    "runs",
    runs.map((run) => run.parentId),
  );
  const approved = await approversOf(db, ids);
  const items = await itemsOf(db, runs);
  const mends = await mendedBy(db, ids);
  const chains = await chainPlaces(db, runs);
  const pins = new Map((await openPins(db)).map((pin) => [placeKey(pin), pin]));
  const views: RunView[] = [];
  for (const run of runs) {
    const capabilities = parts.connections.of(run.target)?.capabilities ?? null;
    const pin = pins.get(placeKey(run));
    const mended = mends.get(run.id) ?? NOT_MENDED;
    views.push({
      number: run.number,
      state: run.state,
      job: run.job,
      environment: run.environment,
      parameters: run.parameters,
      version: run.version,
      by: run.requestedByKey,
      byName: run.requestedByName,
      approvedBy: approved.get(run.id) ?? [],
      requestedAt: run.requestedAt,
      startedAt: run.startedAt,
      finishedAt: run.finishedAt,
      stateSince: run.stateSince,
      incident: run.incidentId === null ? null : (incidents.get(run.incidentId) ?? null),
      parent: run.parentId === null ? null : (parents.get(run.parentId) ?? null),
      proved: run.proved,
      restored: run.restored,
      because: because.get(run.id) ?? "",
      attempt: run.attempt,
      kind: run.kind,
      ...(await expectedOf(parts, run)),
      items: items.get(run.id)?.counts ?? null,
      found: items.get(run.id)?.found ?? null,
      mended,
      chain: chains.get(run.id) ?? null,
      then: thenOf(parts, run, chains.get(run.id)),
      gap: await gapOfRun(db, parts.catalogue, run),
      pin: pin === undefined ? null : viewPin(pin),
      can: abilitiesOf(run, capabilities, mended),
      lost: isTerminal(run.state) || inParts(run) ? null : whyLost(parts, run),
      noRerun: await whyNotAgain(db, run, { versions: capabilities?.versions === true }),
    });
  }
  return views;
}

export async function viewRun(parts: Viewing, run: Run): Promise<RunView> {
  const [view] = await viewRuns(parts, [run]);
  if (view === undefined) throw new Error(`run ${run.number} has no view`);
  return view;
}

async function expectedOf(
  { store, clock, catalogue }: Viewing,
  run: Run,
): Promise<Pick<RunView, "expectedEndAt" | "left" | "usual">> {
  const course = courseOf(run, clock.now());
  if (course === null) return { expectedEndAt: null, left: null, usual: null };
  const usual = await usualFor(store.db, run, catalogue);
  return {
    expectedEndAt: expectedEnd(course, usual),
    left: leftWords(course, usual),
    usual: usual === null ? null : usualWords(usual),
  };
}

/** What the catalogue has after a run that succeeded, where a chain does not see to it. */
function thenOf({ catalogue }: Viewing, run: Run, chain: ChainPlace | undefined): string[] {
  const seenTo = chain !== undefined && (chain.state !== "done" || chain.position < chain.jobs.length);
  if (run.state !== "succeeded" || run.kind !== "run" || seenTo) return [];
  const then = catalogue.jobs[run.job]?.then ?? [];
  return then.filter((job) => catalogue.jobs[job]?.environments[run.environment] !== undefined);
}

/** What the target can do with this run, as it stands. */
function abilitiesOf(run: Run, capabilities: Capabilities | null, mended: Mended): RunAbilities {
  const badEnd = run.state === "failed" || run.state === "aborted";
  const restored = run.restored || mended.restored !== null;
  return {
    abort: inParts(run) || (capabilities !== null && capabilities.abort !== "none"),
    pause: inParts(run) || capabilities?.pause === true,
    // What was brought back from the snapshot is not where it ended.
    resumeFailed:
      capabilities?.resumeFailed === true &&
      badEnd &&
      !restored &&
      run.kind === "run" &&
      run.handle?.externalId != null,
    restore:
      capabilities?.restore === true &&
      run.snapshot !== null &&
      !restored &&
      (badEnd || run.state === "restore_failed"),
  };
}

/** What goes out in calls of ours stops and waits when we do. */
const inParts = ({ kind }: Run): boolean => kind === "fanout" || kind === "compare";

/** Who said yes to exactly what the run is. */
async function approversOf(db: Db, ids: readonly number[]): Promise<ReadonlyMap<number, string[]>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom("run_approvals")
    .innerJoin("runs", "runs.id", "run_approvals.run_id")
    .select(["run_approvals.run_id", "run_approvals.actor_key"])
    .where("run_approvals.run_id", "in", [...ids])
    .where("run_approvals.decision", "=", "approved")
    .whereRef("run_approvals.digest", "=", "runs.bound_digest")
    .orderBy("run_approvals.id")
    .execute();
  const by = Map.groupBy(rows, (row) => row.run_id);
  return new Map([...by].map(([id, approvals]) => [id, approvals.map((one) => one.actor_key)]));
}

interface Handed {
  readonly counts: Readonly<Record<string, number>>;
  readonly found: RunView["found"];
}

async function itemsOf(db: Db, runs: readonly Run[]): Promise<ReadonlyMap<number, Handed>> {
  const ids = runs.filter((run) => run.kind === "fanout" || run.kind === "compare").map((run) => run.id);
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom("fanouts")
    .select(["run_id", "counts", "total"])
    .where("run_id", "in", ids)
    .execute();
  return new Map(
    rows.map((row) => {
      const kept = numbersIn(row.counts);
      const { orphans, lost } = kept;
      const found = orphans === undefined || lost === undefined ? null : { orphans, lost };
      return [row.run_id, { counts: countsOf(kept, row.total), found }];
    }),
  );
}

function numbersIn(kept: unknown): Partial<Record<string, number>> {
  if (typeof kept !== "object" || kept === null) return {};
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => typeof value === "number"));
}

async function chainPlaces(db: Db, runs: readonly Run[]): Promise<ReadonlyMap<number, ChainPlace>> {
  const ids = [...new Set(runs.flatMap((run) => (run.chainId === null ? [] : [run.chainId])))];
  if (ids.length === 0) return new Map();
  const chains = await chainsById(db, ids);
  const rows = await db
    .selectFrom("runs")
    .select(["chain_id", "chain_position", "number"])
    .where("chain_id", "in", ids)
    .execute();
  return new Map(
    runs.flatMap((run): [number, ChainPlace][] => {
      const chain = run.chainId === null ? undefined : chains.get(run.chainId);
      if (chain === undefined || run.chainPosition === null) return [];
      const { state, said, jobs } = chain;
      const after = run.chainPosition + 1;
      const next = rows.find((row) => row.chain_id === chain.id && row.chain_position === after);
      return [[run.id, { position: run.chainPosition, jobs, state, said, next: next?.number ?? null }]];
    }),
  );
}

const placeKey = (place: { job: string; environment: string }): string => `${place.environment} ${place.job}`;

/** The run that people call by this number. Throws `not_found`. */
export async function needRun(db: Db, number: number): Promise<Run> {
  const run = await runNumbered(db, number);
  if (run !== null) return run;
  throw new UserError("not_found", {
    code: "run_not_found",
    message: `There is no run ${number}.`,
    wayOut: "`/sync history` lists the runs there were.",
  });
}

/** Row id of the incident that people call INC-n; null when there is none. */
export async function incidentIdOf(db: Db, number: number | null): Promise<number | null> {
  if (number === null) return null;
  const row = await db.selectFrom("incidents").select("id").where("number", "=", number).executeTakeFirst();
  return row?.id ?? null;
}

async function numbersOf(
  db: Db,
  table: "incidents" | "runs",
  ids: readonly (number | null)[],
): Promise<ReadonlyMap<number, number>> {
  const wanted = [...new Set(ids.filter((id) => id !== null))];
  if (wanted.length === 0) return new Map();
  const rows = await db.selectFrom(table).select(["id", "number"]).where("id", "in", wanted).execute();
  return new Map(rows.map((row) => [row.id, row.number]));
}
