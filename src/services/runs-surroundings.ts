import type { Clock, Instant } from "../base/clock.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Placed } from "../guard/names.ts";
import { conflictsOf, type Others } from "../guard/what-else.ts";
import { targetWord } from "../jobs/ask.ts";
import type { Connections } from "../jobs/connections.ts";
import {
  endFreeObserved,
  endStaleObserved,
  lastEndedInFailure,
  openExecutions,
  STALE_MS,
} from "../jobs/observed.store.ts";
import { activeRuns, type Run, type RunKind } from "../jobs/runs.store.ts";
import type { Tx } from "../store/store.ts";
import type { Asking } from "./contract.ts";

/** The targets' own word is waited for this long; without it the checks before the start will decide. */
const ASK_TARGETS_MS = 2_000;

export type Word = Awaited<ReturnType<typeof targetWord>>;

/** What the targets said before the deciding transaction of a job and of the jobs it must not run beside. */
export interface Surroundings {
  readonly askedAt: Instant;
  readonly own: Word;
  readonly conflicting: readonly { readonly job: string; readonly word: Word }[];
}

interface Asks {
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly connections: Connections;
}

/** Asks the targets, all at once. `silent`: nobody is asked (whoever may not run it learns nothing and costs nothing). */
export async function askAround(
  parts: Asks,
  asking: Asking,
  about: { placed: Placed; silent: boolean },
): Promise<Surroundings> {
  const { placed, silent } = about;
  const askedAt = parts.clock.now();
  const ask = async (job: string): Promise<Word> => {
    const place = parts.catalogue.jobs[job]?.environments[placed.environment];
    if (silent || place === undefined) return { kind: "not_known", why: "it was not asked" };
    const intent = {
      intentKey: asking.requestKey,
      job,
      environment: placed.environment,
      name: place.name ?? job,
      parameters: {},
      version: null,
      requestedBy: { key: asking.actor.key, name: asking.actor.name },
    };
    return targetWord(parts.connections.of(place.target), intent, ASK_TARGETS_MS);
  };
  const conflicts = conflictsOf(parts.catalogue, placed.job);
  const [own, ...words] = await Promise.all([placed.job, ...conflicts].map(ask));
  if (own === undefined) throw new Error("a question without an answer");
  const conflicting = conflicts.flatMap((job, index) => {
    const word = words[index];
    return word === undefined ? [] : [{ job, word }];
  });
  return { askedAt, own, conflicting };
}

/**
 * What else goes on, as the guard is told it, read in the deciding transaction. What the targets disproved, and what
 * nobody has heard of for a day, is put in order first.
 */
export async function othersOf(
  tx: Tx,
  about: {
    placed: Placed;
    around: Surroundings;
    now: Instant;
    kind?: RunKind | undefined;
    connections: Connections;
  },
): Promise<Others> {
  const { placed, around, now, connections } = about;
  const { job, environment } = placed;
  const conflicting = around.conflicting.map((one) => one.job);
  const jobs = [job, ...conflicting];
  await endStaleObserved(tx, { jobs, before: now.subtract({ milliseconds: STALE_MS }), at: now });
  for (const { job: asked, word } of [{ job, word: around.own }, ...around.conflicting]) {
    if (word.kind === "free") await endFreeObserved(tx, { job: asked, environment, before: around.askedAt, at: now });
  }
  const active = (await activeRuns(tx, { jobs, environments: [environment] })).map((run) => ({
    ...run,
    stoppable: canStop(run, connections),
  }));
  const own = around.own;
  return {
    // Ids may be named while others are handed over: they wait for their turn, and what both have is left to the newer.
    active: active.find((run) => run.job === job && !(about.kind === "fanout" && run.kind === "fanout")) ?? null,
    conflicts: active.filter((run) => run.job !== job),
    beside: around.conflicting.flatMap(({ job: other, word }) =>
      word.kind === "running" ? [{ job: other, evidence: word.evidence }] : [],
    ),
    observed: await openExecutions(tx, { jobs, environments: [environment] }),
    target: own.kind === "running" ? { ...own, lastFailed: await lastEndedInFailure(tx, { job, environment }) } : own,
  };
}

/** Whether an abort of it would end it; what goes out in calls of ours stops when we stop calling. */
function canStop({ kind, target }: Run, connections: Connections): boolean {
  if (kind === "restore") return false;
  return kind !== "run" || (connections.of(target)?.capabilities.abort ?? "none") !== "none";
}
