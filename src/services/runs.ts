import type { Clock } from "../base/clock.ts";
import type { UserError } from "../base/errors.ts";
import { actorId } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { writeAudit } from "../guard/audit.ts";
import type { Authorise } from "../guard/authorise.ts";
import type { GroupMembers } from "../guard/grants.ts";
import { needPlaced } from "../guard/names.ts";
import { redactorOf } from "../incidents/redact.ts";
import type { Connections } from "../jobs/connections.ts";
import { type Run, readRun, runHistory } from "../jobs/runs.store.ts";
import { isTerminal, isWaiting } from "../jobs/states.ts";
import type { Store } from "../store/store.ts";
import { openConfirmation, takeConfirmation } from "./confirmations.ts";
import type { Asking, Outcome, RunView, Services } from "./contract.ts";
import { dryRun } from "./dry-run.ts";
import { hinted } from "./hinted.ts";
import { abortRun } from "./runs-abort.ts";
import { createRunApprovals } from "./runs-approvals.ts";
import { wantedRerun, wantedRun } from "./runs-asked.ts";
import { createRunControl } from "./runs-control.ts";
import { requestRun, type WantedRun } from "./runs-request.ts";
import { isOutcome, type SettleOutcome, settleQuestion, settleRun, unsettled } from "./runs-settle.ts";
import { needRun, viewRun } from "./runs-view.ts";

export interface RunsParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly connections: Connections;
  readonly groupMembers: GroupMembers;
  readonly authorise: Authorise;
}

/** The use cases of runs, as commands call them. */
export function createRuns(parts: RunsParts): Services["runs"] {
  const { store, clock, catalogue, authorise } = parts;
  const redact = redactorOf(catalogue);
  const place = (run: Run) => ({ job: run.job, environment: run.environment });

  const ask = async (asking: Asking, wanted: WantedRun): Promise<Outcome<RunView>> => {
    const outcome = await requestRun(parts, asking, wanted);
    return outcome.kind === "ask" ? outcome : { kind: "done", value: await viewRun(parts, outcome.value) };
  };

  const settle: Services["runs"]["settle"] = async (asking, number, word) => {
    const run = await needRun(store.db, number);
    const act = {
      action: "settle",
      audit: "run.settle",
      runId: run.id,
      incidentId: run.incidentId,
      ...place(run),
    } as const;
    const allowed = await authorise.need(asking, act);
    const answers = asking.confirmation?.values;
    const outcome = word.outcome ?? answers?.["outcome"];
    const reason = (word.reason ?? answers?.["reason"])?.trim();
    const bound = { run: run.number };
    const verdict = await store.tx(async (tx): Promise<Outcome<Run> | { kind: "refused"; error: UserError }> => {
      const now = clock.now();
      const denied = (reasonOf: string) =>
        writeAudit(tx, {
          ...act,
          at: now,
          actor: asking.actor,
          action: act.audit,
          outcome: "denied",
          reason: reasonOf,
          surface: asking.surface,
        });
      if (asking.confirmation !== undefined) {
        const { id } = asking.confirmation;
        const wrong = await takeConfirmation(tx, { id, kind: "settle", by: asking.actor, bound, typed: null, at: now });
        // Submitted twice: what the first did is the answer.
        const fresh = wrong?.code === "confirmation_used" ? await readRun(tx, run.id) : null;
        if (fresh !== null && isTerminal(fresh.state)) return { kind: "done", value: fresh };
        if (wrong !== null) {
          await denied(wrong.message);
          return { kind: "refused", error: wrong };
        }
      }
      const not = await unsettled(tx, run.id, outcome);
      if (not !== null) {
        await denied(not.message);
        return { kind: "refused", error: not };
      }
      if (!isOutcome(outcome) || reason === undefined || reason === "") {
        const about = { kind: "settle", of: asking.actor, bound, expected: null, at: now } as const;
        const id = await openConfirmation(tx, { ...about, requestKey: asking.requestKey });
        await writeAudit(tx, {
          ...act,
          at: now,
          actor: asking.actor,
          action: act.audit,
          outcome: "asked",
          reason: "how it ended is not said",
          surface: asking.surface,
        });
        return { kind: "ask", question: settleQuestion(run, id, catalogue) };
      }
      await allowed.record(tx, { details: { outcome, reason: redact(reason) } });
      return {
        kind: "done",
        value: await settleRun(tx, run.id, { outcome, reason: redact(reason), by: asking.actor, at: now }),
      };
    });
    if (verdict.kind === "refused") throw verdict.error;
    return verdict.kind === "ask" ? verdict : { kind: "done", value: await viewRun(parts, verdict.value) };
  };

  return {
    request: async (asking, wanted) => ask(asking, await wantedRun(parts, asking, wanted)),
    rerun: async (asking, number, options) => ask(asking, await wantedRerun(parts, asking, { number, ...options })),
    dryRun: async (asking, wanted) => dryRun(parts, asking, await wantedRun(parts, asking, wanted)),
    dryRerun: async (asking, number, options) =>
      dryRun(parts, asking, await wantedRerun(parts, asking, { number, ...options })),

    abort: async (asking, number, reason) => {
      const run = await needRun(store.db, number);
      const act = {
        action: "abort",
        audit: "run.abort",
        runId: run.id,
        incidentId: run.incidentId,
        ...place(run),
      } as const;
      const own = isWaiting(run.state) && run.requestedBy === actorId(asking.actor);
      const allowed = await hinted(authorise.need(asking, act), () =>
        own ? `It is your own request and has not begun: \`/sync withdraw run ${run.number}\` takes it back.` : null,
      );
      const why = reason === null ? null : redact(reason);
      const done = await store.tx(async (tx) => {
        await allowed.record(tx);
        return abortRun(tx, run.id, { by: asking.actor, reason: why, at: clock.now(), parts });
      });
      const view = await viewRun(parts, done.run);
      return { run: view, said: done.said, ...(done.cannot === undefined ? {} : { cannot: done.cannot }) };
    },

    settle,
    ...createRunControl(parts),
    ...createRunApprovals(parts),

    get: async (asking, number) => {
      const run = await needRun(store.db, number);
      await authorise.need(asking, { action: "view", audit: "run.view", runId: run.id, ...place(run) });
      return viewRun(parts, run);
    },

    newest: async (asking, job, environment) => {
      const placed = needPlaced(catalogue, { job, environment });
      const [run] = await runHistory(store.db, { job: placed.job, environment: placed.environment, limit: 1 });
      if (run === undefined) return null;
      const may = await authorise.may(asking.actor, { action: "view", ...place(run) });
      const act = may.kind === "allow" ? may : await authorise.may(asking.actor, { action: "abort", ...place(run) });
      return act.kind === "allow" ? viewRun(parts, run) : null;
    },
  };
}

export type { SettleOutcome };
