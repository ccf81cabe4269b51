import type { Clock, Instant } from "../base/clock.ts";
import type { PersonActor } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Connections } from "../jobs/connections.ts";
import { moveRun, noteRun } from "../jobs/record.ts";
import { lockRun, type Run } from "../jobs/runs.store.ts";
import { requestWork } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { timeLeft } from "./runs-expected.ts";

/** What an abort came to, in words that promise nothing. */
export interface Aborted {
  readonly run: Run;
  readonly said: string;
  /** The target has no way to stop it: asking again changes nothing. */
  readonly cannot?: boolean;
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
  const nothing = {
    proof: {
      kind: "not_started",
      text: run.state === "retry_wait" ? "no start had an effect" : "its start was never called",
    },
  } as const;

  switch (run.state) {
    case "awaiting_approval":
    case "deferred":
    case "queued":
      return {
        run: await wake(
          tx,
          await moveRun(tx, run, { ...happening, event: "withdraw", set: { ...request, ...nothing } }),
          at,
        ),
        said: `${name} is withdrawn. Nothing was started.`,
      };
    case "preparing":
    case "retry_wait":
      return {
        run: await wake(
          tx,
          await moveRun(tx, run, { ...happening, event: "aborted", set: { ...request, ...nothing, proved: true } }),
          at,
        ),
        said: `${name} is aborted. Nothing was started.`,
      };
    case "starting":
    case "unknown":
    case "running":
    case "paused": {
      const capabilities = parts.connections.of(run.target)?.capabilities;
      if (capabilities === undefined || capabilities.abort === "none") {
        const cannot = `it cannot be stopped from here, because ${run.target} has no way to stop a job`;
        const left = await timeLeft(tx, run, { catalogue: parts.catalogue, now: at });
        return {
          run: await noteRun(tx, run, {
            ...happening,
            reason: `${why}; ${cannot}. It goes on`,
            evidence: CANNOT_STOP,
          }),
          said: `${name} goes on: ${cannot}.${left === null ? "" : ` ${left}`} Wait for its end, or stop it by hand at ${run.target}. No other run of it starts meanwhile.`,
          cannot: true,
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
      const deadlineMs = parts.catalogue.jobs[run.job]?.abortDeadlineMs ?? 120_000;
      const abortDeadlineAt = at.add({ milliseconds: deadlineMs });
      const moved = await moveRun(tx, run, {
        ...happening,
        event: "abort",
        set: { ...request, abortDeadlineAt, endedSeenAt: null },
      });
      return {
        run: await wake(tx, moved, at),
        said: `${name} is being aborted. It counts as aborted when the target has proved it.`,
      };
    }
    case "aborting":
      return { run, said: `${name} is being aborted already, since ${run.abortRequestedByName ?? "somebody"} asked.` };
    case "abort_unconfirmed":
      return {
        run: await wake(tx, run, at),
        said: `${name} was asked to stop and nobody knows whether it did. The target is asked again now; \`/sync settle run ${run.number}\` when you know.`,
      };
    case "restoring":
    case "restore_failed":
      return { run, said: `${name} is being restored; that is not interrupted.` };
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
