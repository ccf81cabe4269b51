import type { Clock } from "../base/clock.ts";
import { UserError } from "../base/errors.ts";
import type { PersonActor } from "../config/actor.ts";
import type { Action, Catalogue } from "../config/catalogue.ts";
import type { Store, Tx } from "../store/store.ts";
import { type AuditDetails, type AuditEntry, writeAudit } from "./audit.ts";
import { type Decision, type Denial, decideWho } from "./decide.ts";
import { type GroupMembers, knowGroups } from "./grants.ts";

/** Someone who asks: the part of a request that the guard and the audit need. */
export interface Asked {
  readonly actor: PersonActor;
  readonly surface: string;
}

/** What is asked for. `audit` is the audit's noun.verb (`incident.open`); ids are row ids. */
export interface Act {
  readonly action: Action;
  readonly audit: string;
  readonly job?: string | null;
  readonly environment?: string | null;
  readonly incidentId?: number | null;
  readonly runId?: number | null;
  readonly details?: AuditDetails;
  /** Whom a refusal names, where not everybody with the grant may. */
  readonly askWhom?: readonly string[];
}

/** A yes. It is not in the audit until `record` was called, in the transaction that does what was allowed. */
export interface Authorised {
  /** The grant that allowed it. */
  readonly because: string;
  record(tx: Tx, more?: Pick<AuditEntry, "incidentId" | "runId" | "details">): Promise<void>;
}

/** The question "who", for every use case but the start of a run (which is asked more, see `decide`). */
export interface Authorise {
  /** Throws a `UserError` of kind `denied` after the refusal's audit entry was committed. Call it outside a transaction. */
  need(asked: Asked, act: Act): Promise<Authorised>;
  /** The same question without audit and without refusal: for buttons, lists and the permissions answer. */
  may(
    actor: PersonActor,
    act: Pick<Act, "action" | "job" | "environment" | "askWhom">,
  ): Promise<Extract<Decision, { kind: "allow" | "deny" }>>;
}

export function createAuthorise(parts: {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly groupMembers: GroupMembers;
}): Authorise {
  const { store, clock, catalogue } = parts;

  const may: Authorise["may"] = async (actor, act) =>
    decideWho({
      catalogue,
      actor,
      groups: await knowGroups(catalogue, parts.groupMembers),
      wanted: { action: act.action, job: act.job ?? null, environment: act.environment ?? null },
      askWhom: act.askWhom,
    });

  return {
    may,
    need: async (asked, act) => {
      const decision = await may(asked.actor, act);
      const entry = { ...act, action: act.audit, actor: asked.actor, surface: asked.surface };
      if (decision.kind === "deny") {
        const reason = decision.reason;
        await store.tx((tx) => writeAudit(tx, { ...entry, at: clock.now(), outcome: "denied", reason }));
        throw refusal(decision);
      }
      return {
        because: decision.because,
        record: (tx, more) =>
          writeAudit(tx, { ...entry, ...more, at: clock.now(), outcome: "allowed", reason: decision.because }),
      };
    },
  };
}

/** A sentence that begins with a name keeps the name as it is written. */
const ORDINARY = /^(a|an|the|run|another|somebody|nobody|no|it|its|this|these|there)\b/;

/** What the person reads. What stands in the way by itself is a conflict, what somebody decided is a denial. */
export function refusal(denial: Denial): UserError {
  const reason = ORDINARY.test(denial.reason)
    ? denial.reason.charAt(0).toUpperCase() + denial.reason.slice(1)
    : denial.reason;
  return new UserError(denial.check === "what_else" ? "conflict" : "denied", {
    code: denial.code,
    message: denial.check === "who" ? `${denial.reason}.` : `${reason}.`,
    wayOut: denial.wayOut,
  });
}
