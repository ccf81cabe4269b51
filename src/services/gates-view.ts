import type { Clock } from "../base/clock.ts";
import { UserError } from "../base/errors.ts";
import { type Gate, gateByNumber } from "../changes/gates.store.ts";
import { type GateFact, type GateFinding, type GateRequirement, judge } from "../changes/gates.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { whoMayOpen } from "../guard/gate.ts";
import { type GroupMembers, knowGroups } from "../guard/grants.ts";
import { redactorOf } from "../incidents/redact.ts";
import { lastDeployed } from "../jobs/deployed.store.ts";
import type { Db, Store } from "../store/store.ts";
import type { GateView } from "./gates-contract.ts";

export interface GateParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly groupMembers: GroupMembers;
}

/** A gate as people see it: what it requires is looked up anew, so that nobody decides on what was true an hour ago. */
export async function viewGate(parts: GateParts, gate: Gate): Promise<GateView> {
  const { catalogue } = parts;
  const { authorKey } = gate;
  const author = gate.author === null ? null : redactorOf(catalogue)(gate.author);
  const groups = await knowGroups(catalogue, parts.groupMembers);
  return {
    number: gate.number,
    service: gate.service,
    environment: gate.environment,
    version: gate.version,
    author,
    authorKey,
    authorName: (authorKey === null ? undefined : catalogue.people[authorKey]?.name) ?? author,
    url: gate.url,
    state: gate.state,
    code: gate.code,
    because: gate.because,
    role: gate.role,
    askedAt: gate.askedAt,
    expiresAt: gate.expiresAt,
    decidedAt: gate.decidedAt,
    decidedByName: gate.decidedByName,
    supersededBy: gate.supersededBy,
    findings: await findingsOf(parts.store.db, gate, catalogue),
    may: whoMayOpen(catalogue, groups, gate),
  };
}

/** What is known now of everything that it requires, in its order. */
export async function findingsOf(db: Db, gate: Gate, catalogue: Catalogue): Promise<GateFinding[]> {
  const judged = gate.requirements.map(async (requirement) =>
    judge(requirement, await factOf(db, { gate, requirement, zone: catalogue.zone })),
  );
  return Promise.all(judged);
}

async function factOf(db: Db, about: { gate: Gate; requirement: GateRequirement; zone: string }): Promise<GateFact> {
  const { gate, requirement, zone } = about;
  if (requirement.kind === "probe") {
    const answer = gate.probes[requirement.name];
    return answer === undefined ? null : { kind: "probe", ...answer };
  }
  const deployed = await lastDeployed(db, requirement);
  if (deployed === null) return null;
  const local = deployed.at.toZonedDateTimeISO(zone).toPlainDateTime().toString({ smallestUnit: "minute" });
  return { kind: "version", version: deployed.version, since: `${local.replace("T", " ")} (${zone})` };
}

/** Throws `UserError` when there is none. */
export async function needGate(db: Db, number: number): Promise<Gate> {
  const gate = await gateByNumber(db, number);
  if (gate !== null) return gate;
  throw new UserError("not_found", {
    code: "no_such_gate",
    message: `There is no gate ${number}.`,
    wayOut: "`/sync gates --all` lists them.",
  });
}
