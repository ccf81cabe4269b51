import type { Clock, Instant } from "../base/clock.ts";
import { UserError } from "../base/errors.ts";
import { actorId, type PersonActor } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { type AuditEntry, writeAudit } from "../guard/audit.ts";
import { refusal } from "../guard/authorise.ts";
import { decide, decideWho } from "../guard/decide.ts";
import { knownFreezes } from "../guard/freezes.store.ts";
import { type GroupMembers, knowGroups } from "../guard/grants.ts";
import type { Connections } from "../jobs/connections.ts";
import { lockPlaces } from "../jobs/leases.ts";
import { type Run, runOfIntent } from "../jobs/runs.store.ts";
import type { Store, Tx } from "../store/store.ts";
import { type Bound, openConfirmation, takeConfirmation } from "./confirmations.ts";
import type { Asking, Outcome, Question } from "./contract.ts";
import { type Birth, bearAllowed } from "./runs-birth.ts";
import { usualFor } from "./runs-expected.ts";
import { questionOf } from "./runs-question.ts";
import { askAround, othersOf } from "./runs-surroundings.ts";
import type { WantedRun } from "./runs-wanted.ts";

export type { WantedRun } from "./runs-wanted.ts";

export interface Requesting {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly connections: Connections;
  readonly groupMembers: GroupMembers;
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
    const others = await othersOf(tx, {
      ...{ placed: wanted.placed, around, now, kind: wanted.kind },
      connections: parts.connections,
    });
    const from = { channel: asking.channel, channelName: asking.channelName };
    const input = {
      ...{ catalogue, groups, actor: asking.actor, action, placed: wanted.placed, now, from, others },
      reads: wanted.kind === "compare",
      freezes: await knownFreezes(tx, catalogue, now),
      override: wanted.override !== undefined,
    };
    const bound = boundTo(wanted);
    const audit = auditOf(asking, wanted, now);
    const bear = async (yes: Pick<Birth, "because" | "hold">): Promise<Verdict> => ({
      kind: "run",
      run: await bearAllowed(tx, { catalogue, intentKey, asking, wanted, audit, now, ...yes }),
    });

    if (asking.confirmation !== undefined) {
      const decision = decide({ ...input, confirmed: true });
      if (decision.kind === "deny") return deny(tx, audit, refusal(decision), decision.reason);
      const { id, values } = asking.confirmation;
      const typed = values["confirm"] ?? null;
      const wrong = await takeConfirmation(tx, { id, kind: "run", by: asking.actor, bound, typed, at: now });
      if (wrong !== null) return deny(tx, audit, wrong, wrong.message);
      const because = `${decision.because}; confirmed${typed === null ? "" : " by typing"}`;
      return bear({ because, hold: decision.hold ?? {} });
    }
    const decided = decide({ ...input, confirmed: wanted.coveredBy !== undefined });
    const shown = decided.kind === "allow" && wanted.preview === true && wanted.coveredBy === undefined;
    const decision = shown ? { ...decided, kind: "ask" as const, expected: null } : decided;
    switch (decision.kind) {
      case "deny":
        return deny(tx, audit, refusal(decision), decision.reason);
      case "ask": {
        const { expected, hold = {} } = decision;
        const id = await openConfirmation(tx, {
          kind: "run",
          of: asking.actor,
          bound,
          expected,
          requestKey: asking.requestKey,
          at: now,
        });
        await writeAudit(tx, { ...audit, outcome: "asked", reason: decision.because });
        const like = { job, environment, kind: wanted.kind ?? "run", parameters: wanted.parameters } as const;
        const usual = await usualFor(tx, like, catalogue);
        const about = { id, expected, word: around.own, hold, usual, now, zone: catalogue.zone };
        return { kind: "ask", question: questionOf(parts.connections, wanted, about) };
      }
      case "allow": {
        const because = wanted.coveredBy === undefined ? decision.because : `${decision.because}; ${wanted.coveredBy}`;
        return bear({ because, hold: decision.hold ?? {} });
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
  override: wanted.override ?? null,
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
