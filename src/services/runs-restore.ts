import type { Instant } from "../base/clock.ts";
import { lasting } from "../base/duration.ts";
import { UserError } from "../base/errors.ts";
import type { PersonActor } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Placed } from "../guard/names.ts";
import type { Connections } from "../jobs/connections.ts";
import { leftWords } from "../jobs/left-before.store.ts";
import { whyLost } from "../jobs/lost.ts";
import { beginRestore } from "../jobs/restore.ts";
import { lockRun, type Run } from "../jobs/runs.store.ts";
import { isTerminal } from "../jobs/states.ts";
import { requestWork } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import type { WantedRun } from "./runs-wanted.ts";

/** Why the snapshot of this run cannot be brought back by a run of its own; null when it can. */
export function unrestorable(
  run: Run,
  parts: { readonly catalogue: Catalogue; readonly connections: Connections },
): UserError | null {
  const name = `run ${run.number}`;
  if (run.kind === "restore") {
    return no("is_a_restore", `Run ${run.number} is a restore itself.`, "Name the run whose snapshot is meant.");
  }
  if (run.state === "restoring") {
    return no("is_restoring", `The snapshot of ${name} is being brought back already.`, "Wait for its end.");
  }
  if (!isTerminal(run.state)) {
    const way = `\`/sync abort ${name}\` stops it, and then its snapshot is brought back.`;
    return no("not_over", `Run ${run.number} has not ended.`, way);
  }
  if (run.snapshot === null) {
    return no(
      "no_snapshot",
      `No snapshot was kept for ${name}.`,
      `Declare \`snapshot: { maxAge: … }\` for ${run.job}.`,
    );
  }
  const now = parts.catalogue.jobs[run.job]?.environments[run.environment]?.target;
  if (now !== run.target) {
    const message = `The catalogue no longer has ${run.job} in ${run.environment} at ${run.target}, where the snapshot of ${name} is.`;
    return no("target_lost", message, `Its snapshot is ${run.snapshot.ref}: bring it back there by hand.`);
  }
  if (parts.connections.of(run.target)?.capabilities.restore !== true) {
    const message = `${run.target} has no way to bring a snapshot back from here.`;
    return no("cannot_restore", message, `Its snapshot is ${run.snapshot.ref}: bring it back there by hand.`);
  }
  return null;
}

const no = (code: string, message: string, wayOut: string): UserError =>
  new UserError("conflict", { code, message, wayOut });

/** The run that brings the snapshot back, as the guard is asked for it. */
export function wantedRestore(
  parent: Run,
  of: {
    placed: Placed;
    reason: string | null;
    override?: string;
    incidentId: number | null;
    now: Instant;
    before: Run | null;
  },
): WantedRun {
  const { placed, now } = of;
  const ref = parent.snapshot?.ref ?? "";
  const ageMs = now.epochMilliseconds - Date.parse(parent.snapshot?.takenAt ?? now.toString());
  return {
    placed,
    parameters: {},
    reason: of.reason,
    ...(of.override === undefined ? {} : { override: of.override }),
    parent,
    incidentId: of.incidentId,
    kind: "restore",
    action: "run",
    audit: "run.restore",
    bound: { snapshot: ref },
    says: {
      title: `${placed.environment.toUpperCase()}: restore ${placed.job}?`,
      does: `This replaces what *${placed.job}* has written at ${placed.place.target} with the snapshot ${ref} of run ${parent.number}, taken ${lasting(ageMs)} ago: ${parent.snapshot?.evidence ?? ""}.`,
      submit: "Restore it",
      lines: [
        ...(of.before === null ? [] : [`:warning: ${leftWords(of.before)}.`]),
        ":warning: What was written since is lost. A restore is not interrupted by an abort.",
      ],
    },
  };
}

/** Why there is nothing to be looked at before this run's restore is tried once more. */
export const triedAgain = (run: Run): UserError =>
  new UserError("unsupported", {
    code: "no_dry_run",
    message: `The restore of run ${run.number} failed; asked for again, the same snapshot is tried once more and nothing else is checked.`,
    wayOut: "Nothing was done. Leave --dry-run out.",
  });

/** Why a restore that failed cannot be tried once more: then it is repaired by hand, and settled. */
export function untriable(
  run: Run,
  parts: { readonly catalogue: Catalogue; readonly connections: Connections },
): UserError | null {
  const lost = whyLost(parts, run);
  if (lost === null) return null;
  const wayOut = `Repair it at ${run.target}, then \`/sync settle run ${run.number} failed\`; or put it back into the catalogue.`;
  return no("target_lost", `The snapshot of run ${run.number} cannot be brought back: ${lost}.`, wayOut);
}

/** restore_failed -> restoring, on a person's word. */
export async function restoreAgain(
  tx: Tx,
  runId: number,
  asked: { by: PersonActor; at: Instant; reason: string | null },
): Promise<Run> {
  const run = await lockRun(tx, runId);
  if (run.state !== "restore_failed") return run;
  const because = asked.reason === null ? "" : `: ${asked.reason}`;
  const moved = await beginRestore(tx, run, {
    at: asked.at,
    actor: asked.by,
    reason: `${asked.by.name} asked for another try${because}`,
  });
  await requestWork(tx, { kind: "run", ref: run.id, dueAt: asked.at });
  return moved;
}
