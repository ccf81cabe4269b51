import type { Clock, Instant } from "../base/clock.ts";
import type { PersonActor } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { ANEW, DEADLINE_MS } from "../jobs/abort.ts";
import type { Connections } from "../jobs/connections.ts";
import { leftBefore, leftWords } from "../jobs/left-before.store.ts";
import { wayOutOfLost, whyLost } from "../jobs/lost.ts";
import { moveRun, noteRun } from "../jobs/record.ts";
import { lockRun, type Proof, type Run } from "../jobs/runs.store.ts";
import { requestWork } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import type { Unstoppable } from "./contract.ts";
import { unstoppable } from "./runs-unstoppable.ts";

/** What an abort came to, in words that promise nothing. */
export interface Aborted {
  readonly run: Run;
  readonly said: string;
  /** The target has no way to stop it: asking again changes nothing. */
  readonly cannot?: Unstoppable;
}

/** Does what an allowed abort can do in the run's state. Nothing delays it; what it cannot do is said. */
export async function abortRun(
  tx: Tx,
  runId: number,
  asked: {
    readonly by: PersonActor;
    readonly reason: string | null;
    readonly at: Instant;
    readonly parts: { readonly catalogue: Catalogue; readonly connections: Connections; readonly clock: Clock };
  },
): Promise<Aborted> {
  const { by, at, parts } = asked;
  const run = await lockRun(tx, runId);
  const why = `${by.name} asked for an abort${asked.reason === null ? "" : `: ${asked.reason}`}`;
  const happening = { at, actor: by, reason: why };
  const request = { abortRequestedAt: at, abortRequestedBy: by, abortReason: asked.reason };
  const name = `Run ${run.number}`;
  const ran = run.executionsEnded > 0;
  const untouched = run.state === "retry_wait" ? "no start had an effect" : "its start was never called";
  const proof: Proof = ran
    ? { kind: "target", text: `the attempt before failed by itself: ${run.error?.message ?? "it said no more"}` }
    : { kind: "not_started", text: untouched };

  switch (run.state) {
    case "awaiting_approval":
    case "deferred":
    case "queued":
      return {
        run: await wake(
          tx,
          await moveRun(tx, run, { ...happening, event: "withdraw", set: { ...request, proof } }),
          at,
        ),
        said: `${name} is withdrawn. Nothing was started.`,
      };
    case "preparing":
    case "retry_wait":
      return {
        run: await wake(
          tx,
          await moveRun(tx, run, { ...happening, event: "aborted", set: { ...request, proof, proved: true } }),
          at,
        ),
        said: ran
          ? `${name} is aborted: it is not tried again. The attempt before ran and failed${run.snapshot === null ? "." : "; Restore brings the snapshot back."}`
          : `${name} is aborted. Nothing was started.`,
      };
    case "starting":
    case "unknown":
    case "running":
    case "paused": {
      if (run.kind === "restore") {
        return { run, said: `${name} brings a snapshot back; that is not interrupted.` };
      }
      const lost = whyLost(parts, run);
      if (lost !== null) {
        const kept = `${lost}, so it cannot be told. The abort is kept and sent when it is named again`;
        const said = `${name} may go on: ${kept}. ${wayOutOfLost(run)}.`;
        if (run.abortRequestedAt !== null) return { run, said };
        const noted = await noteRun(tx, run, { ...happening, reason: `${why}; ${kept}`, set: request });
        return { run: await wake(tx, noted, at), said };
      }
      const capabilities = parts.connections.of(run.target)?.capabilities;
      // What goes out in calls of ours stops when we stop calling.
      const inParts = run.kind === "fanout" || run.kind === "compare";
      if (!inParts && (capabilities === undefined || capabilities.abort === "none")) {
        const cannot = `it cannot be stopped from here, because ${run.target} has no way to stop a job`;
        const told = await unstoppable(tx, run, { catalogue: parts.catalogue, now: at });
        const left = told.left === null ? "" : ` Time left: ${told.left}.`;
        const readers = told.readers === null ? "" : ` Until then: ${told.readers}.`;
        return {
          run: await noteRun(tx, run, {
            ...happening,
            reason: `${why}; ${cannot}. It goes on`,
            evidence: CANNOT_STOP,
          }),
          said: `${name} goes on: ${cannot}.${left}${readers} Wait for its end, or stop it by hand at ${run.target}. No other run of it starts meanwhile.`,
          cannot: told,
        };
      }
      if (run.abortRequestedAt !== null) return { run, said: `${name} was asked to stop before; that stands.` };
      if (run.state === "starting" || (run.state === "unknown" && run.handle === null)) {
        const noted = await noteRun(tx, run, { ...happening, set: request });
        return {
          run: await wake(tx, noted, at),
          said: `The abort of run ${run.number} is kept. Nobody knows yet where it is; the abort is sent as soon as that is known.`,
        };
      }
      const deadlineMs = parts.catalogue.jobs[run.job]?.abortDeadlineMs ?? DEADLINE_MS;
      const abortDeadlineAt = at.add({ milliseconds: deadlineMs });
      const moved = await moveRun(tx, run, {
        ...happening,
        event: "abort",
        set: { ...request, abortDeadlineAt, ...ANEW },
      });
      if (!inParts) await requestWork(tx, { kind: "abort", ref: run.id, dueAt: at });
      const before = run.snapshot === null ? null : await leftBefore(tx, run);
      const left = before === null ? "" : ` :warning: Then its snapshot is brought back. ${leftWords(before)}.`;
      return {
        run: await wake(tx, moved, at),
        said: `${name} is being aborted. It counts as aborted when the target has proved it.${left}`,
      };
    }
    case "aborting":
      return { run, said: `${name} is being aborted already, since ${run.abortRequestedByName ?? "somebody"} asked.` };
    case "abort_unconfirmed": {
      const lost = whyLost(parts, run);
      if (lost !== null) {
        return {
          run,
          said: `${name} was asked to stop and nobody knows whether it did: ${lost}, so it cannot be asked. ${wayOutOfLost(run)}.`,
        };
      }
      return {
        run: await wake(tx, run, at),
        said: `${name} was asked to stop and nobody knows whether it did. The target is asked again now; \`/sync settle run ${run.number}\` when you know.`,
      };
    }
    case "restore_failed":
      return {
        run,
        said: `${name} is stopped, and what was there before is not back. \`/sync restore run ${run.number}\` tries again.`,
      };
    case "restoring":
      return { run, said: `${name} is stopped and is being restored; that is not interrupted.` };
    case "refused":
    case "rejected":
    case "expired":
    case "withdrawn":
    case "succeeded":
    case "failed":
    case "aborted":
      return { run, said: `${name} has ended already: ${run.state}.` };
  }
}

/** The mark of an abort that changed nothing, on the run's history. */
export const CANNOT_STOP = { abort: "none" } as const;

async function wake(tx: Tx, run: Run, dueAt: Instant): Promise<Run> {
  await requestWork(tx, { kind: "run", ref: run.id, dueAt });
  return run;
}
