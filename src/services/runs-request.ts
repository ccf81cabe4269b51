import type { Clock, Instant } from "../base/clock.ts";
import { UserError } from "../base/errors.ts";
import { actorId, type PersonActor } from "../config/actor.ts";
import type { Action, Catalogue } from "../config/catalogue.ts";
import { type AuditEntry, writeAudit } from "../guard/audit.ts";
import { refusal } from "../guard/authorise.ts";
import { decide, decideWho } from "../guard/decide.ts";
import { type GroupMembers, knowGroups } from "../guard/grants.ts";
import type { Placed } from "../guard/names.ts";
import type { Connections } from "../jobs/connections.ts";
import type { Capabilities, Handle } from "../jobs/connectors/contract.ts";
import { lockPlaces } from "../jobs/leases.ts";
import { bearRun } from "../jobs/record.ts";
import { lockRun, type Run, type RunKind, runOf, runOfIntent } from "../jobs/runs.store.ts";
import { nextNumber } from "../store/counters.ts";
import { jsonb, type Store, type Tx } from "../store/store.ts";
import { type Bound, openConfirmation, takeConfirmation } from "./confirmations.ts";
import type { Asking, Outcome, Question } from "./contract.ts";
import type { ParameterValues } from "./runs-parameters.ts";
import { askAround, othersOf, type Word } from "./runs-surroundings.ts";

export interface Requesting {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly connections: Connections;
  readonly groupMembers: GroupMembers;
}

/** A run that somebody wants, everything resolved and validated. */
export interface WantedRun {
  readonly placed: Placed;
  readonly parameters: ParameterValues;
  /** Redacted. */
  readonly reason: string | null;
  readonly parent: Run | null;
  readonly incidentId: number | null;
  /** Of what sort it is; a plain run when absent. */
  readonly kind?: RunKind;
  /** The grant that it needs (`run` when absent), and the audit's noun.verb (`run.request` when absent). */
  readonly action?: Action;
  readonly audit?: string;
  readonly version?: string | null;
  readonly resumeOf?: Handle | null;
  readonly chain?: { readonly id: number; readonly position: number };
  readonly pinAfterStart?: boolean;
  /** What else the typed confirmation is bound to: what distinguishes this request beside the fields above. */
  readonly bound?: Bound;
  /** What the question says instead of `PROD: start JOB?`, of the line on what it does and of `Start it`; further lines. */
  readonly says?: {
    readonly title?: string;
    readonly does?: string;
    readonly submit?: string;
    readonly lines?: readonly string[];
  };
  /** A form that this person answered before covers this run too (a chain's): how it was confirmed, for the audit. */
  readonly coveredBy?: string;
  /** Writes what belongs to the run, in the transaction that made it. May move or keep the run. */
  readonly afterBirth?: (tx: Tx, run: Run) => Promise<void>;
}

type Verdict =
  | { readonly kind: "run"; readonly run: Run }
  | { readonly kind: "ask"; readonly question: Question }
  | { readonly kind: "refused"; readonly error: UserError };

/**
 * Guard, audit and then the run or the question, in one transaction; a refusal is thrown after its audit entry was
 * committed. The same request, delivered however often, is one run.
 */
export async function requestRun(parts: Requesting, asking: Asking, wanted: WantedRun): Promise<Outcome<Run>> {
  const { store, catalogue } = parts;
  const { job, environment } = wanted.placed;
  const action = wanted.action ?? "run";
  const intentKey = asking.confirmation === undefined ? asking.requestKey : `confirmation:${asking.confirmation.id}`;
  const known = await runOfIntent(store.db, intentKey);
  if (known !== null) return ownRun(known, asking.actor);

  const groups = await knowGroups(catalogue, parts.groupMembers);
  const who = decideWho({ catalogue, groups, actor: asking.actor, wanted: { action, job, environment } });
  const around = await askAround(parts, asking, { placed: wanted.placed, silent: who.kind === "deny" });

  const verdict = await store.tx(async (tx): Promise<Verdict> => {
    const jobs = [job, ...around.conflicting.map((one) => one.job)];
    await lockPlaces(
      tx,
      jobs.map((name) => ({ job: name, environment })),
    );
    const twin = await runOfIntent(tx, intentKey);
    if (twin !== null) return { kind: "run", run: twin };

    const now = parts.clock.now();
    const others = await othersOf(tx, { placed: wanted.placed, around, now });
    const from = { channel: asking.channel, channelName: asking.channelName };
    const input = { catalogue, groups, actor: asking.actor, action, placed: wanted.placed, now, from, others };
    const bound = boundTo(wanted);
    const audit = auditOf(asking, wanted, now);

    if (asking.confirmation !== undefined) {
      const decision = decide({ ...input, confirmed: true });
      if (decision.kind === "deny") return deny(tx, audit, refusal(decision), decision.reason);
      const { id, values } = asking.confirmation;
      const typed = values["confirm"] ?? null;
      const wrong = await takeConfirmation(tx, { id, kind: "run", by: asking.actor, bound, typed, at: now });
      if (wrong !== null) return deny(tx, audit, wrong, wrong.message);
      return allow(tx, { intentKey, asking, wanted, audit, because: `${decision.because}; confirmed by typing`, now });
    }
    const decision = decide({ ...input, confirmed: wanted.coveredBy !== undefined });
    switch (decision.kind) {
      case "deny":
        return deny(tx, audit, refusal(decision), decision.reason);
      case "ask": {
        const { expected } = decision;
        const id = await openConfirmation(tx, {
          kind: "run",
          of: asking.actor,
          bound,
          expected,
          requestKey: asking.requestKey,
          at: now,
        });
        await writeAudit(tx, { ...audit, outcome: "asked", reason: decision.because });
        return { kind: "ask", question: questionOf(parts, wanted, { id, expected, word: around.own }) };
      }
      case "allow": {
        const because = wanted.coveredBy === undefined ? decision.because : `${decision.because}; ${wanted.coveredBy}`;
        return allow(tx, { intentKey, asking, wanted, audit, because, now });
      }
    }
  });
  if (verdict.kind === "refused") throw verdict.error;
  return verdict.kind === "ask" ? verdict : ownRun(verdict.run, asking.actor);
}

/** A request key is one person's: somebody else's run is never given away by it. */
function ownRun(run: Run, actor: PersonActor): Outcome<Run> {
  if (run.requestedBy === actorId(actor)) return { kind: "done", value: run };
  throw new UserError("denied", {
    code: "request_of_another",
    message: "This request is another person's.",
    wayOut: "Nothing was done. Ask for the run yourself.",
  });
}

const boundTo = ({ placed, parameters, parent, ...wanted }: WantedRun): Bound => ({
  ...wanted.bound,
  kind: wanted.kind ?? "run",
  action: wanted.action ?? "run",
  version: wanted.version ?? null,
  resumeOf: wanted.resumeOf?.externalId ?? null,
  chain: wanted.chain?.id ?? null,
  pin: wanted.pinAfterStart ?? false,
  job: placed.job,
  environment: placed.environment,
  target: placed.place.target,
  parameters: JSON.stringify(Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1))),
  parent: parent?.number ?? null,
});

function auditOf(
  asking: Asking,
  { placed, incidentId, parent, parameters, ...wanted }: WantedRun,
  at: Instant,
): Omit<AuditEntry, "outcome" | "reason"> {
  return {
    at,
    actor: asking.actor,
    action: wanted.audit ?? "run.request",
    surface: asking.surface,
    job: placed.job,
    environment: placed.environment,
    incidentId,
    details: {
      ...parameters,
      ...(parent === null ? {} : { parent: parent.number }),
      ...(wanted.version === undefined || wanted.version === null ? {} : { version: wanted.version }),
    },
  };
}

async function deny(
  tx: Tx,
  audit: Omit<AuditEntry, "outcome" | "reason">,
  error: UserError,
  reason: string,
): Promise<Verdict> {
  await writeAudit(tx, { ...audit, outcome: "denied", reason });
  return { kind: "refused", error };
}

async function allow(
  tx: Tx,
  yes: {
    readonly intentKey: string;
    readonly asking: Asking;
    readonly wanted: WantedRun;
    readonly audit: Omit<AuditEntry, "outcome" | "reason">;
    readonly because: string;
    readonly now: Instant;
  },
): Promise<Verdict> {
  const { asking, wanted, now } = yes;
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
      state: "queued",
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
  const run = runOf(row);
  const again = parent === null ? "" : ` again, after run ${parent.number}`;
  const why = wanted.reason === null ? "" : `: ${wanted.reason}`;
  await bearRun(tx, run, {
    at: now,
    actor: asking.actor,
    reason: `${asking.actor.name} asked for it${again}${why}`,
    evidence: { grant: yes.because },
  });
  await writeAudit(tx, { ...yes.audit, outcome: "allowed", reason: yes.because, runId: run.id });
  if (wanted.afterBirth === undefined) return { kind: "run", run };
  await wanted.afterBirth(tx, run);
  return { kind: "run", run: await lockRun(tx, run.id) };
}

/** What a person has to know before typing: where, what it does, and what cannot be undone. */
function questionOf(
  parts: Requesting,
  { placed, parameters, says = {} }: WantedRun,
  about: { id: string; expected: string; word: Word },
): Question {
  const { job, environment, definition, setting, place } = placed;
  const capabilities = parts.connections.of(place.target)?.capabilities;
  const submit = says.submit ?? "Start it";
  const given = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return {
    id: about.id,
    title: says.title ?? `${environment.toUpperCase()}: start ${job}?`,
    lines: [
      `*${environment.toUpperCase()}* is protected.`,
      says.does ??
        `This starts *${job}* (${definition.title ?? job}) at ${place.target}${given.length === 0 ? "" : ` with \`${given.join(" ")}\``}.`,
      ...(definition.destructive ? [`:warning: It replaces what is there. ${snapshotLine(definition.snapshot)}`] : []),
      ...stopLine(capabilities),
      ...(says.lines ?? []),
      ...(about.word.kind === "not_known" ? [`The target did not say whether it is free: ${about.word.why}.`] : []),
    ],
    look: setting.look,
    submit,
    fields: [
      {
        key: "confirm",
        label: `To ${submit.charAt(0).toLowerCase()}${submit.slice(1)}, type: ${about.expected}`,
        expected: about.expected,
      },
    ],
  };
}

function snapshotLine(snapshot: Placed["definition"]["snapshot"]): string {
  if (snapshot === undefined) return "No snapshot is kept: it cannot be taken back.";
  return "none" in snapshot
    ? `No snapshot is kept: ${snapshot.none}.`
    : "Nightdesk takes no snapshot yet: it cannot be taken back.";
}

function stopLine(capabilities: Capabilities | undefined): string[] {
  if (capabilities === undefined) return [];
  return capabilities.abort === "none" ? ["Once started it cannot be stopped from here."] : ["It can be aborted."];
}
