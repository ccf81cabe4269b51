import type { Instant } from "../base/clock.ts";
import { UserError } from "../base/errors.ts";
import type { PersonActor } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Connections } from "../jobs/connections.ts";
import { wayOutOfLost, whyLost } from "../jobs/lost.ts";
import { noteRun } from "../jobs/record.ts";
import { lockRun, type Run } from "../jobs/runs.store.ts";
import { isTerminal } from "../jobs/states.ts";
import { requestWork } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";

export type PauseWish = "pause" | "resume";

interface Wished {
  readonly by: PersonActor;
  readonly at: Instant;
}

/** Why this run can be neither paused nor told to go on; null when it can. The row stays locked. */
export async function unpausable(
  tx: Tx,
  runId: number,
  of: { wish: PauseWish; catalogue: Catalogue; connections: Connections },
): Promise<UserError | null> {
  const run = await lockRun(tx, runId);
  const name = `Run ${run.number}`;
  const inParts = run.kind === "fanout" || run.kind === "compare";
  const capabilities = of.connections.of(run.target)?.capabilities;
  if (isTerminal(run.state)) {
    return no("run_over", `${name} has ended already: ${run.state}.`, "`/sync rerun` starts it again.");
  }
  if (run.kind === "restore" && of.wish === "pause") {
    return no("restore_goes_on", `${name} brings a snapshot back; that is not interrupted.`, "Wait for its end.");
  }
  const lost = inParts ? null : whyLost(of, run);
  if (lost !== null) return no("target_lost", `${name} cannot be told anything: ${lost}.`, `${wayOutOfLost(run)}.`);
  if (!inParts && capabilities?.pause !== true) {
    const way =
      capabilities === undefined || capabilities.abort === "none"
        ? "It cannot be stopped either: wait for its end."
        : `\`/sync abort run ${run.number}\` stops it.`;
    return no("cannot_pause", `${name} cannot be paused: ${run.target} has no way to do that.`, way);
  }
  const from = of.wish === "pause" ? "running" : "paused";
  if (run.state === "running" || run.state === "paused") return null;
  const words = run.state.replaceAll("_", " ");
  return no("not_now", `${name} stands at "${words}"; only one that is ${from} can ${PAST[of.wish]}.`, WAYS[of.wish]);
}

const PAST = { pause: "be paused", resume: "go on" } as const;
const WAYS = {
  pause: "`/sync abort` stops it; or wait until it runs.",
  resume: "`/sync status` shows where it is.",
} as const;

const no = (code: string, message: string, wayOut: string): UserError =>
  new UserError("conflict", { code, message, wayOut });

/** Keeps the wish; the run's own step asks the target, and says so when it shows. */
export async function wishPause(
  tx: Tx,
  runId: number,
  wished: Wished & { readonly wish: PauseWish },
): Promise<{ run: Run; said: string }> {
  const run = await lockRun(tx, runId);
  const { by, at, wish } = wished;
  const name = `Run ${run.number}`;
  if (wish === "pause" && run.state === "paused") return { run, said: `${name} is paused already.` };
  if (wish === "resume" && run.state === "running" && run.pauseRequestedAt === null) {
    return { run, said: `${name} is running already.` };
  }
  const since = wish === "pause" ? run.pauseRequestedAt : run.resumeRequestedAt;
  if (since !== null) return { run, said: `${name} was asked to ${VERB[wish]} before; that stands.` };
  // A pause that is not there yet is taken back; was it told to the target already, the target is told to go on.
  const set =
    wish === "pause"
      ? { pauseRequestedAt: at, resumeRequestedAt: null, wishBy: by }
      : { resumeRequestedAt: at, pauseRequestedAt: null, wishBy: by };
  const noted = await noteRun(tx, run, { at, actor: by, reason: `${by.name} asked it to ${VERB[wish]}`, set });
  await requestWork(tx, { kind: "run", ref: run.id, dueAt: at });
  return { run: noted, said: `${name} is asked to ${VERB[wish]}. ${PROOF[wish]}` };
}

const VERB = { pause: "pause", resume: "go on" } as const;
const PROOF = {
  pause: "It counts as paused when the target says so; its place stays taken meanwhile.",
  resume: "It counts as running when the target says so.",
} as const;
