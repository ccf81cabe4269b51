import type { Instant } from "../base/clock.ts";
import type { Finding } from "../jobs/connectors/contract.ts";
import { holdsLease } from "../jobs/leases.ts";
import { keepRun, moveRun } from "../jobs/record.ts";
import type { Run } from "../jobs/runs.store.ts";
import { again, backoffMs, DONE, errorOf, inMs, isTransient, lineOf, ours, settle } from "../jobs/step.ts";
import type { WorkOutcome } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { DOUBTFUL } from "./chunk.ts";
import { dropWaiting, openChunks, putBack } from "./chunks.store.ts";
import { firstFound, foundBy, keepResult } from "./compare.store.ts";
import { readCursor } from "./compare.ts";
import { countWords, type EndedState, number, rest, verdict } from "./counts.ts";
import type { Fanning } from "./fanning.ts";
import { type Fanout, fill, fillCompare, needFanout } from "./fanouts.store.ts";
import { countEnded, topUp } from "./hand.ts";
import { ONLY_IN_SOURCE, ONLY_IN_TARGET } from "./merge.ts";
import { publishResult } from "./result.ts";

/** A target that cannot be asked before the first call is asked this often, at least. */
const LEAST_PREFLIGHTS = 3;

/**
 * One step of a run of kind `fanout` or `compare`: the same states as any run. Its lease is taken as any run's; from then
 * on this is asked. The ids themselves are handed over by work of kind `chunk`.
 */
export function createAdvanceFanout(fanning: Fanning): (run: Run) => Promise<WorkOutcome> {
  return async (run) => {
    switch (run.state) {
      case "preparing":
        return begin(fanning, run);
      case "running":
        return watch(fanning, run);
      case "paused":
        return whilePaused(fanning, run);
      case "aborting":
        return stop(fanning, run);
      case "succeeded":
      case "failed":
      case "aborted":
        return publishResult(fanning, run);
      // Its lease is not taken yet, it waits for a person, it ended before anything was handed over, or it is a state
      // that only an execution of the target has: whether a fan-out runs is known here.
      case "queued":
      case "retry_wait":
      case "awaiting_approval":
      case "deferred":
      case "starting":
      case "unknown":
      case "abort_unconfirmed":
      case "restoring":
      case "restore_failed":
      case "refused":
      case "rejected":
      case "expired":
      case "withdrawn":
        return DONE;
    }
  };
}

/** preparing -> refused | running: asks the target, takes over the ids, asks for the first chunks. */
async function begin(fanning: Fanning, run: Run): Promise<WorkOutcome> {
  const line = lineOf(fanning, run);
  const place = fanning.catalogue.jobs[run.job]?.environments[run.environment];
  const can = run.kind === "compare" ? line?.connection.ids : line?.connection.items;
  if (line === null || can === undefined || place?.target !== run.target) {
    return refuse(fanning, run, { text: `the catalogue has changed: ${run.target} cannot be asked for this any more` });
  }
  let findings: readonly Finding[];
  try {
    findings = await line.connection.preflight(line.intent);
  } catch (error) {
    return preflightFailed(fanning, run, error);
  }
  const block = findings.find((finding) => finding.level === "block");
  if (block !== undefined) return refuse(fanning, run, block);
  return settle(fanning, run, async (tx, fresh) => {
    if (fresh.fence === null || !(await holdsLease(tx, fresh.id, fresh.fence))) {
      throw new Error(`run ${fresh.number} is preparing without its lease`);
    }
    const now = fanning.clock.now();
    const fanout = await needFanout(tx, fresh.id);
    if (fanout.op === "compare") await fillCompare(tx, fresh.id);
    else await fill(tx, fanout);
    const reason = findings.map((finding) => finding.text).join("; ") || "nothing speaks against it";
    const called = await moveRun(tx, fresh, {
      event: "call_start",
      ...ours(fanning.clock, reason, { evidence: { findings }, set: { startCalledAt: now } }),
    });
    const what = fanout.op === "compare" ? "both sides are being read" : `${number(fanout.total)} ids, ${fanout.said}`;
    await moveRun(tx, called, {
      event: "started",
      ...ours(fanning.clock, what, {
        set: {
          handle: { scope: fresh.target, externalId: null },
          startedAt: now,
          progress: fanout.op === "compare" ? {} : { done: 0, total: fanout.total, unit: "ids" },
        },
      }),
    });
    await topUp(tx, fanning, fanout);
    return DONE;
  });
}

/** running: pauses or aborts when that was asked for, ends when every id has ended; else asks for what is next. */
async function watch(fanning: Fanning, run: Run): Promise<WorkOutcome> {
  const { clock } = fanning;
  return settle(fanning, run, async (tx, fresh) => {
    const fanout = await needFanout(tx, fresh.id);
    if (fresh.abortRequestedAt !== null) {
      const by = fresh.abortRequestedByName ?? "somebody";
      await moveRun(tx, fresh, { event: "abort", ...ours(clock, `${by} had asked for an abort`) });
      return again(clock.now());
    }
    const open = await openChunks(tx, fresh.id);
    if (open.pending + open.asked === 0) return end(tx, fanning, { run: fresh, fanout });
    if (fresh.pauseRequestedAt !== null) {
      await putBack(tx, fresh.id);
      // The last call under way rings again.
      if (open.calling > 0) return DONE;
      const left = fanout.op === "compare" ? "nothing is being read" : `${number(fanout.counts.pending)} ids wait`;
      await moveRun(tx, fresh, {
        event: "pause",
        ...ours(clock, `paused, no call is under way: ${left}`, { set: { pauseRequestedAt: null } }),
      });
      return DONE;
    }
    await topUp(tx, fanning, fanout);
    return DONE;
  });
}

async function whilePaused(fanning: Fanning, run: Run): Promise<WorkOutcome> {
  const { clock } = fanning;
  if (run.abortRequestedAt === null && run.resumeRequestedAt === null) return DONE;
  return settle(fanning, run, async (tx, fresh) => {
    if (fresh.abortRequestedAt !== null) {
      const by = fresh.abortRequestedByName ?? "somebody";
      await moveRun(tx, fresh, { event: "abort", ...ours(clock, `${by} had asked for an abort`) });
      return again(clock.now());
    }
    const fanout = await needFanout(tx, fresh.id);
    const heldMs = clock.now().epochMilliseconds - fresh.stateSince.epochMilliseconds;
    await moveRun(tx, fresh, {
      event: "resume",
      ...ours(clock, "it goes on where it was paused", {
        set: { resumeRequestedAt: null, pauseRequestedAt: null, pausedMs: fresh.pausedMs + heldMs },
      }),
    });
    await topUp(tx, fanning, fanout);
    return DONE;
  });
}

/** aborting: nothing more goes out; the calls under way are waited for, then it is known what was handed over. */
async function stop(fanning: Fanning, run: Run): Promise<WorkOutcome> {
  const { clock } = fanning;
  return settle(fanning, run, async (tx, fresh) => {
    const fanout = await needFanout(tx, fresh.id);
    const { calling, pending, asked } = await openChunks(tx, fresh.id);
    if (pending + asked === 0) return end(tx, fanning, { run: fresh, fanout });
    if (calling > 0) {
      await putBack(tx, fresh.id);
      return DONE;
    }
    const at = clock.now();
    const detail = "the fan-out was aborted before its turn";
    const dropped = await dropWaiting(tx, fresh.id, { detail, doubtful: DOUBTFUL, at });
    const states = [...times("failed", dropped.failed), ...times("skipped", dropped.skipped)];
    const { run: shown, counts } = await countEnded(tx, fanning, { run: fresh, fanout, states });
    const since = lastHanded(fresh, at);
    const text =
      fanout.op === "compare"
        ? "a comparison only reads: nothing was changed"
        : `nothing more was handed over after ${since}: ${countWords(counts)}`;
    await moveRun(tx, shown, {
      event: "aborted",
      ...ours(clock, `${text}${rest(fresh.number, counts)}`, {
        set: { proved: true, proof: { kind: "target", text } },
      }),
    });
    return again(at);
  });
}

const lastHanded = (run: Run, at: Instant): string =>
  `${(run.abortRequestedAt ?? at).toString({ smallestUnit: "second" }).replace("T", " ").replace("Z", " UTC")}`;

/** Every id has ended, by the target's word. */
async function end(tx: Tx, fanning: Fanning, about: { run: Run; fanout: Fanout }): Promise<WorkOutcome> {
  const { run, fanout } = about;
  const { clock } = fanning;
  if (fanout.op === "compare") return endCompare(tx, fanning, about);
  const { counts } = fanout;
  const event = verdict(counts);
  const text = countWords(counts);
  const error = event === "fail" ? { error: { kind: "ids", message: `${number(counts.failed)} ids failed` } } : {};
  await moveRun(tx, run, {
    event,
    ...ours(clock, event === "fail" ? `${text}${rest(run.number, counts)}` : text, {
      evidence: { items: { ...counts } },
      set: {
        proved: true,
        proof: { kind: "target", text: `${run.target} answered for each id: ${text}` },
        progress: { done: fanout.total, total: fanout.total, unit: "ids" },
        ...error,
      },
    }),
  });
  return again(clock.now());
}

async function endCompare(
  tx: Tx,
  fanning: Fanning,
  { run, fanout }: { run: Run; fanout: Fanout },
): Promise<WorkOutcome> {
  const { clock } = fanning;
  const { orphans, lost } = await foundBy(tx, run.id);
  await keepResult(tx, run.id, { orphans, lost });
  const { read } = readCursor(fanout.cursor);
  const compared = `${number(read.source)} ids in the source, ${number(read.target)} in the target`;
  const found =
    orphans + lost === 0
      ? "the same on both sides"
      : `${number(orphans)} only in the target, ${number(lost)} only in the source`;
  const repair = [
    ...(orphans > 0 ? [`\`/sync repair run ${run.number} --delete\``] : []),
    ...(lost > 0 ? [`\`/sync repair run ${run.number} --resync\``] : []),
  ];
  const way = repair.length === 0 ? "" : `. Mend it with ${repair.join(" and ")}`;
  const named = [
    idsLine("Only in the target", orphans, await firstFound(tx, run.id, ONLY_IN_TARGET)),
    idsLine("Only in the source", lost, await firstFound(tx, run.id, ONLY_IN_SOURCE)),
  ].join("");
  await moveRun(tx, run, {
    event: "succeed",
    ...ours(clock, `${compared}: ${found}${way}${named}`, {
      evidence: { orphans, lost, read: { ...read } },
      set: { proved: true, proof: { kind: "target", text: `${compared}: ${found}` } },
    }),
  });
  return again(clock.now());
}

/** A card has room for so many characters of one side's ids. */
const NAMED_CHARS = 250;

/** `. Only in the target: 11004, 11007 and 3 more`; "" when there is none. As many ids as there is room for, at least one. */
function idsLine(where: string, count: number, first: readonly string[]): string {
  if (count === 0) return "";
  let chars = 0;
  const named = first.filter((id, index) => {
    chars += id.length + 2;
    return index === 0 || chars <= NAMED_CHARS;
  });
  const more = count - named.length;
  return `. ${where}: ${named.join(", ")}${more === 0 ? "" : ` and ${number(more)} more`}`;
}

async function refuse(
  fanning: Fanning,
  run: Run,
  why: { readonly text: string; readonly wayOut?: string },
): Promise<WorkOutcome> {
  return settle(fanning, run, async (tx, fresh) => {
    const reason = `nothing was handed over: ${why.text}${why.wayOut === undefined ? "" : `. ${why.wayOut}`}`;
    await moveRun(tx, fresh, {
      event: "refuse",
      ...ours(fanning.clock, reason, {
        set: { error: { kind: "refused", message: why.text }, proof: { kind: "not_started", text: why.text } },
      }),
    });
    return DONE;
  });
}

async function preflightFailed(fanning: Fanning, run: Run, thrown: unknown): Promise<WorkOutcome> {
  const { kind, message, afterMs } = errorOf(fanning, thrown);
  const job = fanning.catalogue.jobs[run.job];
  const tries = run.stepAttempts + 1;
  if (!isTransient(kind) || tries >= Math.max(LEAST_PREFLIGHTS, job?.maxAttempts ?? 1)) {
    return refuse(fanning, run, { text: isTransient(kind) ? `${message} (asked ${tries} times)` : message });
  }
  return settle(fanning, run, async (tx, fresh) => {
    await keepRun(tx, fresh, { set: { stepAttempts: tries, error: { kind, message } } });
    return inMs(fanning.clock, Math.max(afterMs, backoffMs(job, tries)));
  });
}

const times = (state: EndedState, count: number): EndedState[] => Array.from({ length: count }, () => state);
