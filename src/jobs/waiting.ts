import { Temporal } from "temporal-polyfill";
import type { Instant } from "../base/clock.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { approvalWords, approversOf, digestOf } from "../guard/approvals.ts";
import { knownFreezes } from "../guard/freezes.store.ts";
import { type Frozen, freezeWords, frozenBy } from "../guard/freezes.ts";
import { conflictsOf } from "../guard/what-else.ts";
import { before } from "../guard/windows.ts";
import type { WorkOutcome } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { approvalsOf } from "./approvals.store.ts";
import { targetWord } from "./ask.ts";
import { intentOf } from "./connections.ts";
import { lockPlaces } from "./leases.ts";
import { type Happening, moveRun, noteRun } from "./record.ts";
import { activeRuns, lastReasons, type Run } from "./runs.store.ts";
import { isWaiting } from "./states.ts";
import { again, DONE, inMs, ours, type Stepping, settle } from "./step.ts";

/** A freeze without a known end is looked at this often; whoever ends it wakes the run. */
const LOOK_AGAIN_MS = 3_600_000;
const CONFLICT_MS = 5_000;
const ASK_TARGETS_MS = 2_000;
const JUST_ASKED_MS = 10_000;
const USUAL_EXPIRY_MS = 30 * 60_000;

type Placing = { readonly catalogue: Catalogue; readonly now: Instant };

/** deferred -> deferred until another time | awaiting_approval | queued: what the freezes say now decides. */
export async function waitOutFreeze(stepping: Stepping, run: Run): Promise<WorkOutcome> {
  const { clock, catalogue } = stepping;
  return settle(stepping, run, async (tx, fresh) => {
    const now = clock.now();
    const frozen = await freezeOn(tx, fresh, { catalogue, now });
    if (frozen === null) {
      await leaveFreeze(tx, fresh, { catalogue, ...ours(clock, "the freeze is over") });
      return again(now);
    }
    const { freeze, until } = frozen;
    const next = until ?? now.add({ milliseconds: LOOK_AGAIN_MS });
    if (freeze.name === fresh.deferredBy && sameTime(until, fresh.deferredUntil)) return again(next);
    const words = freezeWords({ ...freeze, until }, catalogue.zone);
    await noteRun(tx, fresh, ours(clock, words, { set: { deferredUntil: until, deferredBy: freeze.name } }));
    return again(next);
  });
}

/** awaiting_approval -> expired, when its time is over. */
export async function waitForApproval(stepping: Stepping, run: Run): Promise<WorkOutcome> {
  const { clock } = stepping;
  return settle(stepping, run, async (tx, fresh) => {
    const { approvalsExpireAt: expires } = fresh;
    if (expires === null) return DONE;
    if (clock.now().epochMilliseconds < expires.epochMilliseconds) return again(expires);
    const had = goodApprovals(await approvalsOf(tx, [fresh.id]), fresh).length;
    const reason = `it had ${had} of ${fresh.approvalsNeeded} approvals when its time was over. Nothing was started`;
    await moveRun(tx, fresh, { event: "expire", ...ours(clock, reason) });
    return DONE;
  });
}

/** What holds this run now; null when nothing does, or somebody's word lifted it and still counts. */
export async function freezeOn(tx: Tx, run: Run, { catalogue, now }: Placing): Promise<Frozen | null> {
  const lifted = run.freezeOverride?.until;
  if (run.kind === "compare" || (lifted !== undefined && before(now, Temporal.Instant.from(lifted)))) return null;
  return frozenBy(await knownFreezes(tx, catalogue, now), { job: run.job, environment: run.environment, now });
}

/** A deferred run that nothing freezes any more goes on to the people who have to approve it, or to its start. */
export async function leaveFreeze(tx: Tx, run: Run, happening: Happening & { catalogue: Catalogue }): Promise<Run> {
  const { catalogue, ...happened } = happening;
  const set = { ...happened.set, deferredUntil: null, deferredBy: null };
  const approved = goodApprovals(await approvalsOf(tx, [run.id]), run).length;
  const { approvalsNeeded: count, approvalsRole: role } = run;
  if (role === null || approved >= count) return moveRun(tx, run, { ...happened, event: "approve", set });
  const except = { slack: run.requestedBy.replace(/^slack:/, ""), key: run.requestedByKey };
  const may = approversOf({ catalogue, groups: new Map(), role, except }).names;
  const expiresMs = catalogue.jobs[run.job]?.environments[run.environment]?.approvals?.expiresMs ?? USUAL_EXPIRY_MS;
  return moveRun(tx, run, {
    ...happened,
    event: "await_approval",
    reason: `${happened.reason}. ${approvalWords({ count, role, may })}`,
    set: { ...set, approvalsExpireAt: happened.at.add({ milliseconds: expiresMs }) },
  });
}

/** Those that say yes to exactly this run. */
export const goodApprovals = (all: Awaited<ReturnType<typeof approvalsOf>>, run: Run) =>
  (all.get(run.id) ?? []).filter((one) => one.decision === "approved" && one.digest === run.boundDigest);

/**
 * The last look before a run takes its place: time has passed since the guard's yes. `go` is called in a transaction in
 * which its place and those of its conflicts are locked; otherwise the run stays as it is and says once why, or, when what
 * was approved is not what would be started, is withdrawn.
 */
export async function passDoor(
  stepping: Stepping,
  run: Run,
  go: (tx: Tx, fresh: Run) => Promise<WorkOutcome>,
): Promise<WorkOutcome> {
  const beside = hasWaited(run, stepping.clock.now()) ? await besideAtTarget(stepping, run) : null;
  return settle(
    stepping,
    run,
    async (tx, fresh) => (await keptOut(stepping, tx, { run: fresh, beside })) ?? go(tx, fresh),
  );
}

async function keptOut(
  stepping: Stepping,
  tx: Tx,
  { run, beside }: { run: Run; beside: string | null },
): Promise<WorkOutcome | null> {
  const { clock, catalogue } = stepping;
  const now = clock.now();
  if (run.state === "queued" && run.approvalsNeeded > 0 && digestOf(run, catalogue) !== run.boundDigest) {
    const reason = "the catalogue has changed since it was approved, so the approval is void. Ask for it again";
    await moveRun(tx, run, { event: "withdraw", ...ours(clock, reason) });
    return DONE;
  }
  const frozen = await freezeOn(tx, run, { catalogue, now });
  if (frozen !== null) {
    await sayOnce(stepping, tx, { run, words: freezeWords({ ...frozen.freeze, until: frozen.until }, catalogue.zone) });
    return again(frozen.until ?? now.add({ milliseconds: LOOK_AGAIN_MS }));
  }
  const conflict = (await conflictOf(tx, run, catalogue)) ?? beside;
  if (conflict === null) return null;
  await sayOnce(stepping, tx, { run, words: `it waits: it must not run beside ${conflict}` });
  return inMs(clock, CONFLICT_MS);
}

/** A run of a conflicting job that has taken its place. Two that wait do not wait for each other. */
async function conflictOf(tx: Tx, run: Run, catalogue: Catalogue): Promise<string | null> {
  const { environment } = run;
  const jobs = conflictsOf(catalogue, run.job);
  if (jobs.length === 0) return null;
  await lockPlaces(
    tx,
    [run.job, ...jobs].map((job) => ({ job, environment })),
  );
  const other = (await activeRuns(tx, { jobs, environments: [environment] })).find((one) => !isWaiting(one.state));
  return other === undefined
    ? null
    : `${other.job}, and run ${other.number} of it is ${other.state.replaceAll("_", " ")}`;
}

/** What the targets say of the conflicting jobs. One that does not answer in time holds nothing back. */
async function besideAtTarget({ catalogue, connections }: Stepping, run: Run): Promise<string | null> {
  const words = conflictsOf(catalogue, run.job).map(async (job) => {
    const place = catalogue.jobs[job]?.environments[run.environment];
    if (place === undefined) return null;
    const intent = { ...intentOf(run, catalogue), job, name: place.name ?? job, parameters: {} };
    const word = await targetWord(connections.of(place.target), intent, ASK_TARGETS_MS);
    return word.kind === "running"
      ? `${job}, which runs there though Nightdesk did not start it (${word.evidence})`
      : null;
  });
  return (await Promise.all(words)).find((word) => word !== null) ?? null;
}

/** Longer than it takes from the guard's own look to the first step. */
const hasWaited = (run: Run, now: Instant): boolean =>
  run.state === "queued" && now.epochMilliseconds - run.requestedAt.epochMilliseconds > JUST_ASKED_MS;

async function sayOnce(stepping: Stepping, tx: Tx, { run, words }: { run: Run; words: string }): Promise<void> {
  if ((await lastReasons(tx, [run.id])).get(run.id) === words) return;
  await noteRun(tx, run, ours(stepping.clock, words));
}

const sameTime = (one: Instant | null, other: Instant | null): boolean =>
  one?.epochMilliseconds === other?.epochMilliseconds;
