import type { WorkOutcome } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { wishIntentOf } from "./connections.ts";
import type { AbortReply, Observation } from "./connectors/contract.ts";
import { ended, keepLook, lose, loseTarget } from "./look.ts";
import { moveRun, noteRun } from "./record.ts";
import type { Run } from "./runs.store.ts";
import { again, errorOf, inMs, type Line, lineOf, ours, type Stepping, settle } from "./step.ts";

/** A wish is asked of the target so often until it shows, and given up after this long. */
const ASK_MS = 1_000;
const GIVE_UP_MS = 2 * 60_000;
const PAUSED_POLL_MS = 15_000;

/** running, with the wish to pause: asks for it; it is paused when the target says so. Null: nothing is wished. */
export async function askToPause(stepping: Stepping, run: Run, line: Line): Promise<WorkOutcome | null> {
  if (run.pauseRequestedAt === null) return null;
  const pause = line.connection.pause;
  return ask(stepping, run, {
    since: run.pauseRequestedAt,
    call: pause === undefined ? null : () => pause(line.handle, wishIntentOf(run, line.intent, stepping.catalogue)),
    wish: "pause",
  });
}

/** paused: looked at seldom; asked to go on when somebody wishes it. */
export async function watchPaused(stepping: Stepping, run: Run): Promise<WorkOutcome> {
  const { clock } = stepping;
  const line = lineOf(stepping, run);
  if (line === null) {
    return settle(stepping, run, async (tx, fresh) => {
      const evidence = "it was paused when it was last seen";
      return loseTarget(tx, stepping, await goOn(tx, stepping, fresh, { phase: "unknown", evidence }));
    });
  }
  const resume = line.connection.resume;
  const asked =
    run.resumeRequestedAt === null
      ? null
      : await ask(stepping, run, {
          since: run.resumeRequestedAt,
          call:
            resume === undefined ? null : () => resume(line.handle, wishIntentOf(run, line.intent, stepping.catalogue)),
          wish: "go on",
        });
  let seen: Observation;
  try {
    seen = await line.connection.observe(line.handle, line.intent, run.cursor);
  } catch {
    return asked ?? inMs(clock, PAUSED_POLL_MS);
  }
  if (seen.phase === "paused" || seen.phase === "unknown") return asked ?? inMs(clock, PAUSED_POLL_MS);
  return settle(stepping, run, async (tx, locked) => {
    const fresh = await keepLook(tx, stepping, locked, seen);
    const running = await goOn(tx, stepping, fresh, seen);
    switch (seen.phase) {
      case "succeeded":
      case "failed":
      case "aborted":
        return ended(tx, stepping, running, seen);
      case "not_found":
        return lose(tx, stepping, running, `${seen.evidence}; how it ended is not known`);
      default:
        return again(clock.now());
    }
  });
}

/** running -> paused, by the target's own word. */
export async function paused(tx: Tx, stepping: Stepping, run: Run, seen: Observation): Promise<WorkOutcome> {
  const { clock } = stepping;
  const asked = run.pauseRequestedAt !== null || run.resumeRequestedAt !== null;
  const why = !asked ? `${seen.evidence}; nobody asked for it here` : seen.evidence;
  // Nothing interrupts a restore: it is told to go on.
  const goesOn =
    run.kind === "restore" && run.resumeRequestedAt === null ? { resumeRequestedAt: clock.now(), wishBy: null } : {};
  const moved = await moveRun(tx, run, {
    event: "pause",
    ...ours(clock, why, { evidence: { observation: seen }, set: { pauseRequestedAt: null, ...goesOn } }),
  });
  return inMs(clock, moved.resumeRequestedAt === null ? PAUSED_POLL_MS : 0);
}

async function goOn(tx: Tx, { clock }: Stepping, run: Run, seen: Observation): Promise<Run> {
  const pausedMs = run.pausedMs + clock.now().epochMilliseconds - run.stateSince.epochMilliseconds;
  return moveRun(tx, run, {
    event: "resume",
    ...ours(clock, seen.evidence, {
      set: { pausedMs: Math.max(0, Math.round(pausedMs)), resumeRequestedAt: null, pauseRequestedAt: null },
    }),
  });
}

async function ask(
  stepping: Stepping,
  run: Run,
  how: {
    since: NonNullable<Run["pauseRequestedAt"]>;
    call: (() => Promise<AbortReply>) | null;
    wish: "pause" | "go on";
  },
): Promise<WorkOutcome> {
  const { clock } = stepping;
  let no: string | null = how.call === null ? `${run.target} has no way to do that` : null;
  try {
    if (how.call !== null && (await how.call()) === "unsupported") no = `${run.target} says that it cannot`;
  } catch (error) {
    const { kind, message } = errorOf(stepping, error);
    if (kind === "invalid" || kind === "auth") no = message;
  }
  const waitedMs = clock.now().epochMilliseconds - how.since.epochMilliseconds;
  if (no === null && waitedMs < GIVE_UP_MS) return inMs(clock, ASK_MS);
  const why = no ?? `${run.target} did not do it within ${GIVE_UP_MS / 60_000} min`;
  return settle(stepping, run, async (tx, fresh) => {
    const set = how.wish === "pause" ? { pauseRequestedAt: null } : { resumeRequestedAt: null };
    const reason = how.wish === "pause" ? `it does not pause and goes on: ${why}` : `it stays paused: ${why}`;
    await noteRun(tx, fresh, ours(clock, reason, { set }));
    return again(clock.now());
  });
}
