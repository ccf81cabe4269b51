import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { doubt, isLate, tell } from "./abort.ts";
import type { Observation } from "./connectors/contract.ts";
import { ended, keepLook, lostReason } from "./look.ts";
import { LOST_MS } from "./lost.ts";
import { keepRun, moveRun } from "./record.ts";
import { beginRestore } from "./restore.ts";
import type { Run } from "./runs.store.ts";
import { again, clamp, errorOf, inMs, lineOf, ours, type Stepping, settle } from "./step.ts";

/** Looked for proof this often at first, then less. */
const FIRST_POLL_MS = 1_000;
const SLOWEST_POLL_MS = 5_000;
/** After an abort was accepted, this long without the run at the target is taken for the end. */
const GONE_MS = 10_000;
const RECHECK_MS = 60_000;
/** The word to stop is sent by work of its own; past the deadline it gets this long before people are asked. */
const UNTOLD_MS = 5_000;

/** aborting: look for the proof, ask harder at the deadline, and say honestly when it is not known. */
export async function stop(stepping: Stepping, run: Run): Promise<WorkOutcome> {
  const { clock } = stepping;
  const line = lineOf(stepping, run);
  if (line === null) return doubt(stepping, run, lostReason(stepping, run));
  const seen = await line.connection
    .observe(line.handle, line.intent, run.cursor)
    .catch((error: unknown) => errorOf(stepping, error).message);
  if (typeof seen !== "string" && isOver(seen)) return stopped(stepping, run, seen);
  if (!isLate(stepping, run))
    return typeof seen === "string" ? inMs(clock, pollMs(stepping, run)) : goesOn(stepping, run, seen);
  if (run.abortSent === null) return untold(stepping, run);
  if (run.abortSent === "soft" && line.connection.capabilities.abort === "hard") {
    await tell(stepping, run, { line, mode: "hard" });
    return inMs(clock, FIRST_POLL_MS);
  }
  return doubt(stepping, run, typeof seen === "string" ? `the target does not answer: ${seen}` : seen.evidence);
}

/** abort_unconfirmed: looked at every minute, for as long as nobody settles it. */
export async function recheckAbort(stepping: Stepping, run: Run): Promise<WorkOutcome> {
  const line = lineOf(stepping, run);
  if (line === null) return inMs(stepping.clock, LOST_MS);
  const seen = await line.connection.observe(line.handle, line.intent, run.cursor).catch(() => null);
  if (seen === null || !isOver(seen)) return inMs(stepping.clock, RECHECK_MS);
  return stopped(stepping, run, seen);
}

/** A target that does not know the execution any more proves nothing: it may have lost its memory, not its work. */
const isOver = ({ phase }: Observation): boolean =>
  phase === "succeeded" || phase === "failed" || phase === "aborted" || phase === "not_running";

async function goesOn(stepping: Stepping, run: Run, seen: Observation): Promise<WorkOutcome> {
  return settle(stepping, run, async (tx, fresh) => {
    await keepLook(tx, stepping, fresh, seen);
    return inMs(stepping.clock, pollMs(stepping, run));
  });
}

function untold(stepping: Stepping, run: Run): Promise<WorkOutcome> | WorkOutcome {
  const { clock } = stepping;
  const overMs = clock.now().epochMilliseconds - (run.abortDeadlineAt ?? run.stateSince).epochMilliseconds;
  if (overMs < UNTOLD_MS) return inMs(clock, FIRST_POLL_MS);
  return doubt(stepping, run, "the abort could not be delivered in time");
}

/** A tenth of how long it has been asked to stop. */
function pollMs({ clock }: Stepping, run: Run): number {
  return clamp((clock.now().epochMilliseconds - run.stateSince.epochMilliseconds) / 10, FIRST_POLL_MS, SLOWEST_POLL_MS);
}

/** It no longer runs there: by its own word, or twice seen gone after it had accepted the abort. */
async function stopped(stepping: Stepping, run: Run, seen: Observation): Promise<WorkOutcome> {
  const { clock } = stepping;
  return settle(stepping, run, async (tx, locked) => {
    const fresh = await keepLook(tx, stepping, locked, seen);
    if (seen.phase === "succeeded" || seen.phase === "failed") return ended(tx, stepping, fresh, seen);
    if (seen.phase === "aborted") return stoppedFor(tx, stepping, fresh, { seen, text: seen.evidence });
    const now = clock.now();
    if (fresh.endedSeenAt === null) {
      await keepRun(tx, fresh, { set: { endedSeenAt: now } });
      return inMs(clock, GONE_MS);
    }
    const goneMs = now.epochMilliseconds - fresh.endedSeenAt.epochMilliseconds;
    if (goneMs < GONE_MS) return inMs(clock, GONE_MS - goneMs);
    const text = `${fresh.abortSent === null ? "an abort was asked for" : "the target accepted the abort"}, and now ${seen.evidence}`;
    return stoppedFor(tx, stepping, fresh, { seen, text });
  });
}

/** Proved: the end, or the way back to what was there before. */
async function stoppedFor(
  tx: Tx,
  stepping: Stepping,
  run: Run,
  proof: { seen: Observation; text: string },
): Promise<WorkOutcome> {
  const { clock } = stepping;
  const evidence = { observation: proof.seen };
  const able = stepping.connections.of(run.target)?.capabilities.restore === true;
  if (run.snapshot !== null && able) {
    await beginRestore(tx, run, ours(clock, `it is stopped: ${proof.text}`, { evidence }));
    return again(clock.now());
  }
  const left = run.snapshot === null ? "" : `; its snapshot ${run.snapshot.ref} cannot be restored from here`;
  await moveRun(tx, run, {
    event: "aborted",
    ...ours(clock, `${proof.text}${left}`, {
      evidence,
      set: { proved: true, proof: { kind: "target", text: proof.text } },
    }),
  });
  await requestWork(tx, { kind: "run", ref: run.id, dueAt: clock.now() });
  return again(clock.now());
}
