import type { Instant } from "../base/clock.ts";
import { actorId } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { approvalWords, digestOf } from "../guard/approvals.ts";
import { type AuditEntry, writeAudit } from "../guard/audit.ts";
import type { Hold } from "../guard/decision.ts";
import { freezeWords, OVERRIDE_MS } from "../guard/freezes.ts";
import { bearRun } from "../jobs/record.ts";
import { lockRun, type Run, type RunKind, runOf } from "../jobs/runs.store.ts";
import { nextNumber } from "../store/counters.ts";
import { jsonb, type Tx } from "../store/store.ts";
import type { Asking } from "./contract.ts";
import type { WantedRun } from "./runs-wanted.ts";

/** What the guard said yes to, and under what. */
export interface Birth {
  readonly catalogue: Catalogue;
  readonly intentKey: string;
  readonly asking: Asking;
  readonly wanted: WantedRun;
  readonly audit: Omit<AuditEntry, "outcome" | "reason">;
  readonly because: string;
  readonly hold: Hold;
  readonly now: Instant;
}

/**
 * Makes the run that the guard has allowed: its row, the first line of its history, the audit and what belongs to it.
 * Only `requestRun` calls it.
 */
export async function bearAllowed(tx: Tx, yes: Birth): Promise<Run> {
  const { asking, wanted, hold, now } = yes;
  const { placed, parent, incidentId } = wanted;
  const number = await nextNumber(tx, "run");
  const row = await tx
    .insertInto("runs")
    .values({
      number,
      kind: wanted.kind ?? "run",
      version: wanted.version ?? null,
      because_asked: wanted.reason,
      resume_of:
        wanted.resumeOf === undefined || wanted.resumeOf === null ? null : jsonb<never>(wanted.resumeOf as never),
      chain_id: wanted.chain?.id ?? null,
      chain_position: wanted.chain?.position ?? null,
      pin_after_start: wanted.pinAfterStart ?? false,
      intent_key: yes.intentKey,
      job: placed.job,
      environment: placed.environment,
      target: placed.place.target,
      parameters: jsonb({ ...wanted.parameters }),
      state: hold.freeze !== undefined ? "deferred" : hold.approvals !== undefined ? "awaiting_approval" : "queued",
      ...heldColumns(hold, yes),
      state_since: now,
      requested_by: actorId(asking.actor),
      requested_by_key: asking.actor.key,
      requested_by_name: asking.actor.name,
      requested_at: now,
      surface: asking.surface,
      incident_id: incidentId,
      parent_id: parent?.id ?? null,
      channel: asking.channel,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  const run = await bind(tx, runOf(row), yes.catalogue);
  await bearRun(tx, run, {
    at: now,
    actor: asking.actor,
    reason: birthWords(yes),
    evidence: { grant: yes.because },
  });
  await writeAudit(tx, { ...yes.audit, outcome: "allowed", reason: yes.because, runId: run.id });
  if (hold.overridden !== undefined) {
    const reason = `${hold.overridden.grant}; ${wanted.override ?? ""}`;
    const details = { freeze: hold.overridden.freeze };
    await writeAudit(tx, {
      ...yes.audit,
      action: "freeze.override",
      outcome: "allowed",
      reason,
      runId: run.id,
      details,
    });
  }
  if (wanted.afterBirth === undefined) return run;
  await wanted.afterBirth(tx, run);
  return lockRun(tx, run.id);
}

function heldColumns({ freeze, approvals, overridden }: Hold, { asking, wanted, now }: Birth) {
  const until = now.add({ milliseconds: OVERRIDE_MS }).toString();
  const { name: by } = asking.actor;
  return {
    deferred_until: freeze?.until ?? null,
    deferred_by: freeze?.name ?? null,
    approvals_needed: approvals?.count ?? 0,
    approvals_role: approvals?.role ?? null,
    approvals_expire_at:
      approvals === undefined || freeze !== undefined ? null : now.add({ milliseconds: approvals.expiresMs }),
    freeze_override:
      overridden === undefined ? null : jsonb({ freeze: overridden.freeze, by, reason: wanted.override ?? "", until }),
  };
}

/** What approvals will be bound to, with the run's number in it. */
async function bind(tx: Tx, run: Run, catalogue: Catalogue): Promise<Run> {
  const bound_digest = digestOf(run, catalogue);
  const row = await tx.updateTable("runs").set({ bound_digest }).where("id", "=", run.id).returningAll();
  return runOf(await row.executeTakeFirstOrThrow());
}

function birthWords({ asking, wanted, hold, catalogue }: Birth): string {
  const again = wanted.parent === null ? "" : AFTER[wanted.kind ?? "run"](wanted.parent.number);
  const why = wanted.reason === null ? "" : `: ${wanted.reason}`;
  const lifted =
    hold.overridden === undefined ? "" : `. The freeze ${hold.overridden.freeze} is overridden: ${wanted.override}`;
  const held = hold.freeze === undefined ? "" : `. ${freezeWords(hold.freeze, catalogue.zone)}`;
  const asked = hold.approvals === undefined || hold.freeze !== undefined ? "" : `. ${approvalWords(hold.approvals)}`;
  return `${asking.actor.name} asked for it${again}${why}${lifted}${held}${asked}`;
}

/** What a run is to the one that it comes from. */
const AFTER = {
  run: (parent) => ` again, after run ${parent}`,
  restore: (parent) => `, to bring back what was there before run ${parent}`,
  fanout: (parent) => `, after run ${parent}`,
  compare: (parent) => `, after run ${parent}`,
} as const satisfies Record<RunKind, (parent: number) => string>;
