import { UserError } from "../base/errors.ts";
import { actorId, type PersonActor } from "../config/actor.ts";
import { decideApproval, digestOf } from "../guard/approvals.ts";
import { type AuditEntry, writeAudit } from "../guard/audit.ts";
import { type Act, type Authorise, refusal } from "../guard/authorise.ts";
import type { Denial } from "../guard/decision.ts";
import { freezeWords } from "../guard/freezes.ts";
import { type KnownGroups, knowGroups } from "../guard/grants.ts";
import { before } from "../guard/windows.ts";
import { redactorOf } from "../incidents/redact.ts";
import { type Approval, approvalsOf, keepApproval } from "../jobs/approvals.store.ts";
import { moveRun, noteRun } from "../jobs/record.ts";
import { lockRun, type Run } from "../jobs/runs.store.ts";
import { isTerminal, isWaiting } from "../jobs/states.ts";
import { freezeOn, goodApprovals } from "../jobs/waiting.ts";
import { requestWork } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import type { Asking, Outcome, Question, RunView, Services } from "./contract.ts";
import { hinted } from "./hinted.ts";
import type { Requesting } from "./runs-request.ts";
import { needRun, viewRun } from "./runs-view.ts";

type Refused = { readonly no: UserError; readonly reason: string };
type Decided = { readonly run: Run } | { readonly ask: Question } | Refused;

/** What other people say to a run that waits for them, and how whoever asked for it takes it back. */
export function createRunApprovals(
  parts: Requesting & { readonly authorise: Authorise },
): Pick<Services["runs"], "approve" | "reject" | "withdraw"> {
  const { store, clock, catalogue, authorise } = parts;
  const redact = redactorOf(catalogue);

  const auditOf = (asking: Asking, run: Run, action: string): Omit<AuditEntry, "outcome" | "reason"> => ({
    ...{ at: clock.now(), actor: asking.actor, action, surface: asking.surface },
    ...{ job: run.job, environment: run.environment, runId: run.id, incidentId: run.incidentId },
  });

  /** One decision of one person, in one transaction with its audit entry; a refusal is thrown after that was committed. */
  const decide = async (
    asking: Asking,
    number: number,
    act: { audit: string; say: (tx: Tx, run: Run, groups: KnownGroups) => Promise<Decided> },
  ): Promise<Outcome<RunView>> => {
    const asked = await needRun(store.db, number);
    const groups = await knowGroups(catalogue, parts.groupMembers);
    const decided = await store.tx(async (tx) => {
      const run = await lockRun(tx, asked.id);
      const done = await act.say(tx, run, groups);
      const audit = auditOf(asking, run, act.audit);
      if ("no" in done) await writeAudit(tx, { ...audit, outcome: "denied", reason: done.reason });
      else if ("ask" in done) await writeAudit(tx, { ...audit, outcome: "asked", reason: "why not is not said" });
      else {
        const reason = `has the role ${run.approvalsRole ?? ""}`;
        await writeAudit(tx, { ...audit, outcome: "allowed", reason, details: { digest: run.boundDigest } });
      }
      return done;
    });
    if ("no" in decided) throw decided.no;
    if ("ask" in decided) return { kind: "ask", question: decided.ask };
    return { kind: "done", value: await viewRun(parts, decided.run) };
  };

  const mayNot = (asking: Asking, run: Run, groups: KnownGroups): Refused | null => {
    const role = run.approvalsRole;
    if (run.state !== "awaiting_approval" || role === null) {
      return refused("conflict", { code: "nothing_to_approve", ...noLonger(run) });
    }
    const expires = run.approvalsExpireAt;
    if (expires !== null && !before(clock.now(), expires)) {
      return refused("conflict", {
        code: "approval_expired",
        message: `The time to approve run ${run.number} is over.`,
        wayOut: "Nothing was started. Ask for it again if it is still needed.",
      });
    }
    const denial = decideApproval({ catalogue, groups, actor: asking.actor, run, role });
    return denial === null ? null : byGuard(denial);
  };

  return {
    approve: async (asking, number) => {
      const decided = await decide(asking, number, {
        audit: "run.approve",
        say: async (tx, run, groups) => {
          const before = await saidBefore(tx, run, asking.actor);
          if (before?.decision === "approved") return { run };
          const not = mayNot(asking, run, groups);
          if (not !== null) return not;
          const now = clock.now();
          const digest = digestOf(run, catalogue);
          if (digest === null || digest !== run.boundDigest) return voidRun(tx, run, { asking, now });
          await keepApproval(tx, {
            runId: run.id,
            by: asking.actor,
            decision: "approved",
            reason: null,
            digest,
            at: now,
          });
          const had = goodApprovals(await approvalsOf(tx, [run.id]), run).length;
          const happening = { at: now, actor: asking.actor, evidence: { digest } };
          if (had < run.approvalsNeeded) {
            const reason = `${asking.actor.name} approved it: ${had} of ${run.approvalsNeeded}`;
            return { run: await noteRun(tx, run, { ...happening, reason }) };
          }
          return { run: await goOn(tx, run, { ...happening, reason: `${asking.actor.name} approved it` }) };
        },
      });
      if (decided.kind === "ask") throw new Error("an approval asks for nothing");
      return decided.value;
    },

    reject: (asking, number, why) =>
      decide(asking, number, {
        audit: "run.reject",
        say: async (tx, run, groups) => {
          const not = mayNot(asking, run, groups);
          if (not !== null) return not;
          if (why.trim() === "") return { ask: whyNot(run, catalogue) };
          const reason = redact(why);
          const [at, digest] = [clock.now(), run.boundDigest ?? ""];
          await tx
            .deleteFrom("run_approvals")
            .where("run_id", "=", run.id)
            .where("actor", "=", actorId(asking.actor))
            .execute();
          await keepApproval(tx, { runId: run.id, by: asking.actor, decision: "rejected", reason, digest, at });
          const words = `${asking.actor.name} rejected it: ${reason}. Nothing was started`;
          return { run: await moveRun(tx, run, { event: "reject", at, actor: asking.actor, reason: words }) };
        },
      }),

    withdraw: async (asking, number, why) => {
      const asked = await needRun(store.db, number);
      const act: Act = {
        ...{ action: "abort", audit: "run.withdraw", job: asked.job, environment: asked.environment },
        ...{ runId: asked.id, incidentId: asked.incidentId },
      };
      const own = asked.requestedBy === actorId(asking.actor);
      const allowed = own ? null : await hinted(authorise.need(asking, act), () => mayWithdraw(asked));
      const words = why === null ? "" : `: ${redact(why)}`;
      const done = await store.tx(async (tx): Promise<Refused | { readonly run: Run }> => {
        const run = await lockRun(tx, asked.id);
        const audit = auditOf(asking, run, act.audit);
        if (run.state === "withdrawn") return { run };
        if (!isWaiting(run.state)) {
          const no = noLonger(run);
          await writeAudit(tx, { ...audit, outcome: "denied", reason: no.message });
          return refused("conflict", { code: "nothing_to_withdraw", ...no });
        }
        if (allowed !== null) await allowed.record(tx);
        else await writeAudit(tx, { ...audit, outcome: "allowed", reason: "it is the request of this person" });
        const reason = `${asking.actor.name} withdrew it${words}. Nothing was started`;
        const set = { proof: { kind: "not_started", text: "its start was never called" } } as const;
        return {
          run: await moveRun(tx, run, { event: "withdraw", at: clock.now(), actor: asking.actor, reason, set }),
        };
      });
      if ("no" in done) throw done.no;
      return viewRun(parts, done.run);
    },
  };

  /** All approvals are there: it starts, or waits for the end of a freeze that has begun meanwhile. */
  async function goOn(tx: Tx, run: Run, happening: Parameters<typeof noteRun>[2]): Promise<Run> {
    const frozen = await freezeOn(tx, run, { catalogue, now: happening.at });
    await requestWork(tx, { kind: "run", ref: run.id, dueAt: happening.at });
    if (frozen === null) return moveRun(tx, run, { ...happening, event: "approve" });
    const { freeze, until } = frozen;
    const reason = `${happening.reason}. ${freezeWords({ ...freeze, until }, catalogue.zone)}`;
    return moveRun(tx, run, {
      ...happening,
      ...{ event: "defer", reason, set: { deferredUntil: until, deferredBy: freeze.name } },
    });
  }

  /** What would be started is not what was asked for any more. */
  async function voidRun(
    tx: Tx,
    run: Run,
    by: { asking: Asking; now: ReturnType<typeof clock.now> },
  ): Promise<Decided> {
    const why = "the catalogue has changed since it was asked for";
    const reason = `${why}, so no approval can be given. Nothing was started`;
    await moveRun(tx, run, { event: "withdraw", at: by.now, actor: { kind: "system" }, reason });
    return refused("conflict", {
      code: "approval_void",
      message: `Run ${run.number} cannot be approved: ${why}. It is withdrawn.`,
      wayOut: `Ask for ${run.job} in ${run.environment} again; that run can be approved.`,
    });
  }
}

const saidBefore = async (tx: Tx, run: Run, actor: PersonActor): Promise<Approval | undefined> =>
  (await approvalsOf(tx, [run.id])).get(run.id)?.find((one) => one.actor === actorId(actor));

/** Kept nowhere: its answer is checked as a rejection in words is. */
function whyNot(run: Run, { environments }: Requesting["catalogue"]): Question {
  const { number, job, environment, requestedByName } = run;
  return {
    id: "reject-run",
    title: `Reject run ${number}`,
    lines: [
      `Run ${number} of *${job}* in *${environment}*, asked for by ${requestedByName}.`,
      "It is not started, and whoever asked for it reads why.",
    ],
    look: environments[environment]?.look ?? "amber",
    submit: "Reject",
    fields: [{ key: "reason", label: "Why not?", multiline: true }],
  };
}

const byGuard = (denial: Denial): Refused => ({ no: refusal(denial), reason: denial.reason });

const refused = (kind: UserError["kind"], what: { code: string; message: string; wayOut: string }): Refused => ({
  no: new UserError(kind, what),
  reason: what.message,
});

/** Without the grant: whose request it is may take it back. */
const mayWithdraw = ({ number, requestedByName }: Run): string =>
  `${requestedByName} asked for run ${number} and may withdraw it.`;

/** Why there is nothing to decide about it any more. */
function noLonger(run: Run): { message: string; wayOut: string } {
  const is = `Run ${run.number} is ${run.state.replaceAll("_", " ")}`;
  if (isTerminal(run.state))
    return { message: `${is}.`, wayOut: "Nothing was changed. Ask for it again if it is still needed." };
  if (isWaiting(run.state))
    return {
      message: `${is}: nobody's approval is needed now.`,
      wayOut: `It can be taken back: \`/sync withdraw run ${run.number}\`.`,
    };
  return { message: `${is}.`, wayOut: `It can be stopped: \`/sync abort run ${run.number}\`.` };
}
