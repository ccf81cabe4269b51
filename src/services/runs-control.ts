import { writeAudit } from "../guard/audit.ts";
import type { Act, Authorise } from "../guard/authorise.ts";
import { needPlaced } from "../guard/names.ts";
import { redactorOf } from "../incidents/redact.ts";
import { leftBefore } from "../jobs/left-before.store.ts";
import type { Run } from "../jobs/runs.store.ts";
import type { Asking, Services } from "./contract.ts";
import { dryRun } from "./dry-run.ts";
import { type PauseWish, unpausable, wishPause } from "./runs-pause.ts";
import { type Requesting, requestRun } from "./runs-request.ts";
import { restoreAgain, triedAgain, unrestorable, untriable, wantedRestore } from "./runs-restore.ts";
import { incidentIdOf, needRun, viewRun } from "./runs-view.ts";

/** What people do with a run that is there: pause, go on, bring its snapshot back. */
export function createRunControl(
  parts: Requesting & { readonly authorise: Authorise },
): Pick<Services["runs"], "pause" | "resume" | "restore" | "dryRestore"> {
  const { store, clock, catalogue, connections, authorise } = parts;
  const redact = redactorOf(catalogue);

  const actOn = (run: Run, act: Pick<Act, "action" | "audit">): Act => ({
    ...act,
    runId: run.id,
    incidentId: run.incidentId,
    job: run.job,
    environment: run.environment,
  });

  const denied = (asking: Asking, act: Act, reason: string) =>
    store.tx((tx) =>
      writeAudit(tx, {
        ...act,
        action: act.audit,
        at: clock.now(),
        actor: asking.actor,
        outcome: "denied",
        reason,
        surface: asking.surface,
      }),
    );

  const wish = async (asking: Asking, number: number, wished: PauseWish) => {
    const run = await needRun(store.db, number);
    // Whoever may stop it may hold it; going on is as much as running it.
    const act = actOn(run, { action: wished === "pause" ? "abort" : "run", audit: `run.${wished}` });
    const allowed = await authorise.need(asking, act);
    const done = await store.tx(async (tx) => {
      const not = await unpausable(tx, run.id, { wish: wished, catalogue, connections });
      if (not !== null) return not;
      await allowed.record(tx);
      return wishPause(tx, run.id, { wish: wished, by: asking.actor, at: clock.now() });
    });
    if (done instanceof Error) {
      await denied(asking, act, done.message);
      throw done;
    }
    return { run: await viewRun(parts, done.run), said: done.said };
  };

  const wanted = async (asking: Asking, run: Run, how: { reason: string | null; override?: string }) => {
    const not = unrestorable(run, parts);
    if (not !== null) {
      await denied(asking, actOn(run, { action: "run", audit: "run.restore" }), not.message);
      throw not;
    }
    const incidentId = (await incidentIdOf(store.db, asking.incident)) ?? run.incidentId;
    return wantedRestore(run, {
      before: await leftBefore(store.db, run),
      ...{ placed: needPlaced(catalogue, run), reason: how.reason, incidentId, now: clock.now() },
      ...(how.override === undefined ? {} : { override: redact(how.override) }),
    });
  };

  return {
    pause: (asking, number) => wish(asking, number, "pause"),
    resume: (asking, number) => wish(asking, number, "resume"),

    restore: async (asking, number, reason, options = {}) => {
      const run = await needRun(store.db, number);
      const act = actOn(run, { action: "run", audit: "run.restore" });
      const allowed = await authorise.need(asking, act);
      const why = reason === null ? null : redact(reason);
      if (run.state === "restore_failed") {
        const not = untriable(run, parts);
        if (not !== null) {
          await denied(asking, act, not.message);
          throw not;
        }
        const again = await store.tx(async (tx) => {
          await allowed.record(tx);
          return restoreAgain(tx, run.id, { by: asking.actor, at: clock.now(), reason: why });
        });
        return { kind: "done", value: await viewRun(parts, again) };
      }
      const outcome = await requestRun(parts, asking, await wanted(asking, run, { reason: why, ...options }));
      return outcome.kind === "ask" ? outcome : { kind: "done", value: await viewRun(parts, outcome.value) };
    },

    dryRestore: async (asking, number, options = {}) => {
      const run = await needRun(store.db, number);
      await authorise.need(asking, actOn(run, { action: "run", audit: "run.dry_run" }));
      if (run.state === "restore_failed") throw triedAgain(run);
      return dryRun(parts, asking, await wanted(asking, run, { reason: null, ...options }));
    },
  };
}
