import { z } from "zod";
import type { Connection, IdPage, Intent } from "../jobs/connectors/contract.ts";
import { keepRun, moveRun } from "../jobs/record.ts";
import { lockRun, type Run } from "../jobs/runs.store.ts";
import { backoffMs, DONE, errorOf, inMs, isTransient, lineOf, ours } from "../jobs/step.ts";
import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { type Chunk, keepChunk, readChunk } from "./chunks.store.ts";
import { keepFound } from "./compare.store.ts";
import type { Fanning } from "./fanning.ts";
import { needFanout } from "./fanouts.store.ts";
import { goesOn } from "./hand.ts";
import { type Difference, disorder, merge } from "./merge.ts";

/** How far a comparison is. A page that is half used up is read again: `upTo` tells what of it was compared. */
const cursorSchema = z.object({
  /** What each side's page at hand is asked after. */
  source: z.string().nullable(),
  target: z.string().nullable(),
  upTo: z.string().nullable(),
  /** Where each side's last page that was used up ended. */
  last: z.object({ source: z.string().nullable(), target: z.string().nullable() }),
  /** Ids of each side that were compared. */
  read: z.object({ source: z.number(), target: z.number() }),
});
export type CompareCursor = z.output<typeof cursorSchema>;

const BEGIN: CompareCursor = {
  source: null,
  target: null,
  upTo: null,
  last: { source: null, target: null },
  read: { source: 0, target: 0 },
};

/** Kept, a cursor is read back; before the first page there is none. */
export const readCursor = (kept: unknown): CompareCursor => cursorSchema.nullable().parse(kept ?? null) ?? BEGIN;

/** A worker stays with one comparison for so many pages, then lets others go first. */
const PAGES_A_STEP = 50;

interface Pages {
  readonly source: IdPage;
  readonly target: IdPage;
}

/**
 * Work of a comparison: reads both sides a page at a time and keeps what only one of them has, with how far it is. One
 * page of each side is all that is ever held.
 */
export async function compareStep(fanning: Fanning, run: Run, chunk: Chunk): Promise<WorkOutcome> {
  const line = lineOf(fanning, run);
  if (line?.connection.ids === undefined) return give(fanning, chunk, `${run.target} shows no ids any more`);
  const asked = { connection: line.connection, intent: line.intent };
  const fanout = await needFanout(fanning.store.db, run.id);
  let cursor = readCursor(fanout.cursor);
  let pages: Partial<Pages> = {};
  for (let turn = 0; turn < PAGES_A_STEP; turn += 1) {
    let next: Step;
    try {
      next = await step(asked, cursor, pages);
    } catch (thrown) {
      return troubled(fanning, run, { chunk, thrown });
    }
    const { kept, stay } = await fanning.store.tx((tx) => keepStep(tx, fanning, { chunk, cursor, next }));
    if (!stay) return DONE;
    cursor = kept;
    pages = next.pages;
  }
  return inMs(fanning.clock, 0);
}

interface Step {
  readonly cursor: CompareCursor;
  readonly found: readonly Difference[];
  /** The page of each side that is not used up. */
  readonly pages: Partial<Pages>;
  readonly ended: boolean;
}

async function step(
  asked: { connection: Connection; intent: Intent },
  cursor: CompareCursor,
  held: Partial<Pages>,
): Promise<Step> {
  const { connection, intent } = asked;
  const page = async (side: "source" | "target"): Promise<IdPage> => {
    const read = held[side] ?? (await connection.ids?.(intent, side, cursor[side]));
    if (read === undefined) throw new Error("a target that compares shows no ids");
    const wrong = held[side] === undefined ? disorder(read.ids, cursor.last[side]) : null;
    if (wrong !== null) throw new OutOfOrder(`the ${side}'s ids are not in ascending order: ${wrong}`);
    return read;
  };
  const [source, target] = await Promise.all([page("source"), page("target")]);
  const left = unread(source, cursor.upTo);
  const right = unread(target, cursor.upTo);
  const merged = merge({ ids: left, more: source.next !== null }, { ids: right, more: target.next !== null });
  const after = (side: "source" | "target", from: IdPage, ids: readonly string[]) => {
    const usedUp = merged.used[side] === ids.length && from.next !== null;
    return {
      cursor: usedUp ? from.next : cursor[side],
      last: usedUp ? (from.ids.at(-1) ?? cursor.last[side]) : cursor.last[side],
      page: usedUp ? undefined : from,
    };
  };
  const s = after("source", source, left);
  const t = after("target", target, right);
  return {
    found: merged.found,
    cursor: {
      source: s.cursor,
      target: t.cursor,
      upTo: merged.upTo ?? cursor.upTo,
      last: { source: s.last, target: t.last },
      read: {
        source: cursor.read.source + merged.used.source,
        target: cursor.read.target + merged.used.target,
      },
    },
    pages: {
      ...(s.page === undefined ? {} : { source: s.page }),
      ...(t.page === undefined ? {} : { target: t.page }),
    },
    ended:
      source.next === null &&
      target.next === null &&
      merged.used.source === left.length &&
      merged.used.target === right.length,
  };
}

class OutOfOrder extends Error {
  override readonly name = "OutOfOrder";
}

const unread = (page: IdPage, upTo: string | null): readonly string[] =>
  upTo === null ? page.ids : page.ids.filter((id) => id > upTo);

async function keepStep(
  tx: Tx,
  fanning: Fanning,
  about: { chunk: Chunk; cursor: CompareCursor; next: Step },
): Promise<{ kept: CompareCursor; stay: boolean }> {
  const { clock } = fanning;
  const { cursor, next } = about;
  const run = await lockRun(tx, about.chunk.runId);
  const chunk = await readChunk(tx, about.chunk.id);
  const fanout = await needFanout(tx, run.id);
  const elsewhere = JSON.stringify(readCursor(fanout.cursor)) !== JSON.stringify(cursor);
  if (chunk === null || chunk.state !== "asked" || elsewhere) return { kept: cursor, stay: false };
  if (!goesOn(run)) {
    await keepChunk(tx, chunk.id, { state: "pending" });
    await requestWork(tx, { kind: "run", ref: run.id, dueAt: clock.now() });
    return { kept: cursor, stay: false };
  }
  await keepFound(tx, fanout, { found: next.found, cursor: next.cursor, at: clock.now() });
  const done = next.cursor.read.source + next.cursor.read.target;
  const progress = { done, unit: "ids compared" };
  await keepRun(tx, run, { set: { progress, stepAttempts: 0 }, shownAt: clock.now() });
  if (next.ended) {
    await keepChunk(tx, chunk.id, { state: "done", doneAt: clock.now(), error: null });
    await requestWork(tx, { kind: "run", ref: run.id, dueAt: clock.now() });
  }
  return { kept: next.cursor, stay: !next.ended };
}

async function troubled(fanning: Fanning, run: Run, about: { chunk: Chunk; thrown: unknown }): Promise<WorkOutcome> {
  const { chunk, thrown } = about;
  if (thrown instanceof OutOfOrder) return give(fanning, chunk, thrown.message);
  const { kind, message, afterMs } = errorOf(fanning, thrown);
  const job = fanning.catalogue.jobs[run.job];
  const transient = isTransient(kind) || kind === "ambiguous";
  return fanning.store.tx(async (tx) => {
    const fresh = await lockRun(tx, run.id);
    const tries = fresh.stepAttempts + 1;
    if (!transient || tries >= Math.max(3, job?.maxAttempts ?? 1)) return giveIn(tx, fanning, { chunk, why: message });
    await keepRun(tx, fresh, { set: { stepAttempts: tries, error: { kind, message } } });
    return inMs(fanning.clock, Math.max(afterMs, backoffMs(job, tries)));
  });
}

const give = (fanning: Fanning, chunk: Chunk, why: string): Promise<WorkOutcome> =>
  fanning.store.tx((tx) => giveIn(tx, fanning, { chunk, why }));

/** It cannot be finished: what was found until here is kept, and it is no result. */
async function giveIn(tx: Tx, fanning: Fanning, { chunk, why }: { chunk: Chunk; why: string }): Promise<WorkOutcome> {
  const run = await lockRun(tx, chunk.runId);
  await keepChunk(tx, chunk.id, { state: "done", error: why, doneAt: fanning.clock.now() });
  if (run.state !== "running") {
    await requestWork(tx, { kind: "run", ref: run.id, dueAt: fanning.clock.now() });
    return DONE;
  }
  await moveRun(tx, run, {
    event: "fail",
    ...ours(fanning.clock, `both sides could not be read to their end: ${why}`, {
      set: {
        error: { kind: "compare", message: why },
        proved: true,
        proof: { kind: "target", text: "nothing was changed: a comparison only reads" },
      },
    }),
  });
  await requestWork(tx, { kind: "run", ref: run.id, dueAt: fanning.clock.now() });
  return DONE;
}
