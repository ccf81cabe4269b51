import type { Instant } from "../base/clock.ts";
import { UserError } from "../base/errors.ts";
import type { PersonActor } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { moveRun } from "../jobs/record.ts";
import { lockRun, type Run } from "../jobs/runs.store.ts";
import { can } from "../jobs/states.ts";
import { requestWork } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import type { Question } from "./contract.ts";

const OUTCOMES = ["succeeded", "failed", "aborted"] as const;
export type SettleOutcome = (typeof OUTCOMES)[number];

export const isOutcome = (text: string | undefined): text is SettleOutcome =>
  (OUTCOMES as readonly (string | undefined)[]).includes(text);

/** Why this run cannot be settled by this word; null when it can, or when none is given yet. The row stays locked. */
export async function unsettled(tx: Tx, runId: number, outcome?: string): Promise<UserError | null> {
  const run = await lockRun(tx, runId);
  if (run.state === "unknown" || run.state === "abort_unconfirmed") return null;
  if (run.state === "restore_failed") {
    if (outcome === undefined || outcome === "failed") return null;
    return new UserError("conflict", {
      code: "only_failed",
      message: `Run ${run.number} is stopped and was not restored: it can only be settled as failed.`,
      wayOut: `\`/sync restore run ${run.number}\` tries again; \`/sync settle run ${run.number} failed\` ends it.`,
    });
  }
  return new UserError("conflict", {
    code: "nothing_to_settle",
    message: `There is nothing to settle: run ${run.number} stands at "${run.state.replaceAll("_", " ")}".`,
    wayOut:
      "Only a run whose end nobody knows (unknown, abort unconfirmed, restore failed) is settled by a person's word.",
  });
}

/** Ends a run on a person's word: kept as such, never shown as proved. */
export async function settleRun(
  tx: Tx,
  runId: number,
  word: { outcome: SettleOutcome; reason: string; by: PersonActor; at: Instant },
): Promise<Run> {
  const run = await lockRun(tx, runId);
  const said = { at: word.at, actor: word.by, reason: `${word.by.name} says so: ${word.reason}` };
  const event = word.outcome === "succeeded" ? "succeed" : word.outcome === "failed" ? "fail" : "aborted";
  // An unknown run is aborted by way of aborting: there is no shorter edge.
  const from = can(run.state, event) ? run : await moveRun(tx, run, { ...said, event: "abort" });
  const settled = await moveRun(tx, from, {
    ...said,
    event,
    evidence: { word: word.outcome },
    set: {
      proved: false,
      proof: { kind: "person", text: `${word.by.name}: ${word.reason}` },
      ...(event === "fail" ? { error: { kind: "settled", message: word.reason } } : {}),
    },
  });
  await requestWork(tx, { kind: "run", ref: run.id, dueAt: word.at });
  return settled;
}

const WORDS = [
  { value: "succeeded", label: "succeeded" },
  { value: "failed", label: "failed" },
  { value: "aborted", label: "was stopped before its end" },
] as const satisfies readonly { value: SettleOutcome; label: string }[];

export function settleQuestion(run: Run, id: string, catalogue: Catalogue): Question {
  return {
    id,
    title: `How did run ${run.number} end?`,
    lines: [
      run.state === "restore_failed"
        ? `${run.job} in ${run.environment} was stopped, and its snapshot could not be brought back. Repair it at the target, then say so.`
        : `Nightdesk does not know how ${run.job} in ${run.environment} ended. Look at the target, then say it.`,
      "Your word is kept as your word, never shown as proved. It frees the job for a new run.",
    ],
    look: catalogue.environments[run.environment]?.look ?? "amber",
    submit: "Settle it",
    fields: [
      {
        key: "outcome",
        label: "It",
        options: WORDS.filter(({ value }) => run.state !== "restore_failed" || value === "failed"),
      },
      { key: "reason", label: "How do you know?", hint: "Seen in the log, asked the team, …", multiline: true },
    ],
  };
}
