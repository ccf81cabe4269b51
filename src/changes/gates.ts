import { z } from "zod";
import type { Instant } from "../base/clock.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { namesOf } from "../config/names.ts";
import { readRequirement, satisfies } from "../config/requirement.ts";
import { matches } from "../incidents/match.ts";

/** What has to be there before a gate should open. */
export const gateRequirement = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("version"),
    service: z.string(),
    operator: z.enum([">=", "="]),
    version: z.string(),
    environment: z.string(),
  }),
  z.object({ kind: z.literal("probe"), name: z.string() }),
]);
export type GateRequirement = z.output<typeof gateRequirement>;

/** What is known of one requirement. `met` null: nobody knows. */
export interface GateFinding {
  /** `tcs >= 6.2 in prod` */
  readonly wanted: string;
  readonly met: boolean | null;
  /** `tcs 6.1 is deployed there since 2024-01-08 02:10` */
  readonly why: string;
}

/** What the catalogue says of gates at one place. */
export type GateRule = Pick<Catalogue["gates"]["rules"][number], "timeoutMs" | "auto" | "author"> & {
  readonly role: string | null;
  readonly channel: string | null;
};

/** What was heard of a requirement: the version that is deployed, or what the probe answered. */
export type GateFact =
  | { readonly kind: "version"; readonly version: string | null; readonly since: string }
  | { readonly kind: "probe"; readonly ok: boolean; readonly said: string }
  | null;

const USUAL_TIMEOUT_MS = 3_600_000;

/** The first rule of the catalogue that holds for the place; without one a gate is held for an hour. */
export function ruleFor(catalogue: Catalogue, place: { service: string; environment: string }): GateRule {
  const names = namesOf(catalogue);
  const facts = {
    ...{ source: "gate", signal: "gate", title: "", severity: null, jobs: [], tags: {} },
    services: names.waysToWrite("service", place.service),
    environments: names.waysToWrite("environment", place.environment),
  };
  const rule = catalogue.gates.rules.find((one) => matches(one.match, facts));
  if (rule === undefined) {
    return { timeoutMs: USUAL_TIMEOUT_MS, auto: false, author: "optional", role: null, channel: null };
  }
  const { timeoutMs, auto, author } = rule;
  return { timeoutMs, auto, author, role: rule.role ?? null, channel: rule.channel ?? null };
}

/**
 * A requirement as a pipeline writes it: `tcs >= 6.2`, `tcs >= 6.2 in prod`, `probe tcs-ready`. Without an environment it
 * is the gate's own. Returns a sentence when it cannot be understood.
 */
export function readGateRequirement(
  text: string,
  at: { catalogue: Catalogue; environment: string },
): GateRequirement | string {
  const probe = /^\s*probe\s+(\S+)\s*$/i.exec(text)?.[1];
  if (probe !== undefined) {
    const known = Object.keys(at.catalogue.gates.probes);
    if (known.includes(probe)) return { kind: "probe", name: probe };
    return `there is no probe "${probe}" in the catalogue's gates: ${known.join(", ") || "it has none"}`;
  }
  const read = readRequirement(text);
  const place = read === null ? undefined : /^(?:in\s+(\S+))?$/i.exec(read.rest);
  if (read === null || place === null || place === undefined) {
    return `"${text}" is no requirement: write "tcs >= 6.2 in prod" or "probe NAME"`;
  }
  const names = namesOf(at.catalogue);
  const { operator, version } = read;
  const environment = place[1] === undefined ? at.environment : names.environment(place[1]);
  if (names.keyOf("environment", environment) === null) return `there is no environment "${environment}"`;
  return { kind: "version", service: names.service(read.service), operator, version, environment };
}

/** Whether it is there, in words. */
export function judge(requirement: GateRequirement, fact: GateFact): GateFinding {
  if (requirement.kind === "probe") {
    const wanted = `probe ${requirement.name} answers`;
    if (fact?.kind !== "probe") return { wanted, met: null, why: "it was not asked yet" };
    return { wanted, met: fact.ok, why: fact.said };
  }
  const { service, environment, operator, version } = requirement;
  const wanted = `${service} ${operator} ${version} in ${environment}`;
  if (fact?.kind !== "version")
    return { wanted, met: null, why: `no deploy of ${service} in ${environment} was heard of` };
  if (fact.version === null) {
    return { wanted, met: null, why: `the last deploy of ${service} in ${environment} did not say which version` };
  }
  const why = `${service} ${fact.version} is deployed in ${environment} since ${fact.since}`;
  return { wanted, met: satisfies(fact.version, { operator, version }), why };
}

/** What is not proved to be there. */
export const unmet = (findings: readonly GateFinding[]): GateFinding[] => findings.filter(({ met }) => met !== true);

/** How long a decided gate still answers a repeated question that carries no id of its own. */
const ANSWER_STANDS_MS = 3_600_000;

/** Whether a repeated question is about this gate, or begins a new one. */
export function stillAnswers(
  gate: { state: string; decidedAt: Instant | null },
  asked: { now: Instant; ownId: boolean },
): boolean {
  if (gate.state === "held" || asked.ownId || gate.decidedAt === null) return true;
  return asked.now.epochMilliseconds - gate.decidedAt.epochMilliseconds < ANSWER_STANDS_MS;
}
