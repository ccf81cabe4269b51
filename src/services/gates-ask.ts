import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { decideGate, type Gate, holdPlace, insertGate, lockHeld, newestByKey } from "../changes/gates.store.ts";
import { type GateRequirement, type GateRule, readGateRequirement, ruleFor, stillAnswers } from "../changes/gates.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { namesOf } from "../config/names.ts";
import { hintFor } from "../config/nearest.ts";
import { duration } from "../config/scalars.ts";
import { writeAudit } from "../guard/audit.ts";
import { authorKey } from "../guard/gate.ts";
import { redactorOf } from "../incidents/redact.ts";
import { routeFor } from "../incidents/routing.ts";
import { requestWork } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import type { GateView } from "./gates-contract.ts";
import { type GateParts, viewGate } from "./gates-view.ts";

const line = z.string().trim().min(1).max(200);

/** The body of `POST /api/gates`. */
export const gateAsked = z.strictObject({
  service: line,
  version: line,
  environment: line,
  /** `tcs >= 6.2 in prod`, `probe NAME`. */
  requirements: z.union([line.transform((one) => [one]), z.array(line).max(20)]).default([]),
  /** Who deploys: a person who may not open this gate. */
  author: line.optional(),
  url: z
    .url({ protocol: /^https?$/ })
    .max(2_000)
    .optional(),
  /** At most what the catalogue allows. */
  timeout: duration.optional(),
  /** The pipeline's own id of this attempt: the same id is the same question for ever. */
  id: line.optional(),
});
export type GateAsked = z.output<typeof gateAsked>;

/** Asks for a gate, or learns how the same question stands. Throws `UserError` for what the pipeline has to mend. */
export type AskGate = (asked: GateAsked) => Promise<{ readonly gate: GateView; readonly isNew: boolean }>;

export function createAskGate(parts: GateParts): AskGate {
  const { store, clock, catalogue } = parts;
  const redact = redactorOf(catalogue);

  return async (asked) => {
    const place = placeOf(catalogue, asked);
    const requirements = asked.requirements.map((text) => requirementOf(catalogue, text, place.environment));
    const { id } = asked;
    const about = [place.service, place.environment, id === undefined ? asked.version : ""].join("\n");
    const key = id === undefined ? `asked\n${about}` : `id\n${about}\n${id}`;
    const { gate, isNew } = await store.tx(async (tx) => {
      await holdPlace(tx, place);
      const now = clock.now();
      const known = await newestByKey(tx, key);
      if (known !== null && stillAnswers(known, { now, ownId: id !== undefined })) {
        // The pipeline looks: what it requires may be there by now.
        if (known.state === "held") await requestWork(tx, { kind: "gate", ref: known.id, dueAt: now });
        return { gate: known, isNew: false };
      }
      const opened = await open(tx, { ...asked, ...place, requirements, key });
      await supersede(tx, opened);
      return { gate: opened, isNew: true };
    });
    return { gate: await viewGate(parts, gate), isNew };
  };

  async function open(
    tx: Tx,
    asked: Omit<GateAsked, "requirements"> & { requirements: readonly GateRequirement[]; key: string },
  ): Promise<Gate> {
    const { service, environment } = asked;
    const now = clock.now();
    const rule = ruleFor(catalogue, asked);
    const routed = routeFor(catalogue, factsAt(catalogue, asked));
    const key = asked.author === undefined ? null : authorKey(catalogue, asked.author);
    needAuthor(rule.author, { ...asked, key, said: redact(asked.author ?? "") });
    const heldMs = Math.min(asked.timeout ?? rule.timeoutMs, rule.timeoutMs);
    const gate = await insertGate(tx, {
      ...{ key: asked.key, service, environment, version: asked.version, authorKey: key },
      // Whom the catalogue does not know is known again, as who may not open it, only by the word itself. Nobody is shown it.
      author: asked.author === undefined ? null : key === null ? asked.author : redact(asked.author),
      url: asked.url ?? null,
      requirements: asked.requirements,
      role: rule.role,
      byItself: rule.auto,
      channel: rule.channel ?? routed.channel,
      mention: routed.mention,
      askedAt: now,
      expiresAt: now.add({ milliseconds: heldMs }),
    });
    await audited(tx, gate, {
      action: "gate.ask",
      outcome: "asked",
      reason: "a pipeline asks; it waits for a person's word",
    });
    return gate;
  }

  /** Whoever deploys something newer does not wait for the word on something older. */
  async function supersede(tx: Tx, newer: Gate): Promise<void> {
    for (const older of await lockHeld(tx, newer)) {
      if (older.id === newer.id) continue;
      const because = `gate ${newer.number} asks for ${newer.service} ${newer.version} in its place`;
      const as = { state: "refused", code: "superseded", because, by: { kind: "system" }, at: clock.now() } as const;
      await decideGate(tx, older, { ...as, supersededBy: newer.number });
      await audited(tx, older, { action: "gate.decide", outcome: "denied", reason: because });
    }
  }

  async function audited(
    tx: Tx,
    gate: Gate,
    what: { action: string; outcome: "asked" | "denied"; reason: string },
  ): Promise<void> {
    const author = gate.authorKey ?? (gate.author === null ? null : redact(gate.author));
    await writeAudit(tx, {
      ...what,
      at: clock.now(),
      actor: what.action === "gate.ask" ? { kind: "source", name: "gates" } : { kind: "system" },
      surface: "api",
      environment: gate.environment,
      details: { gate: gate.number, service: gate.service, version: gate.version, author },
    });
  }
}

function placeOf(catalogue: Catalogue, asked: GateAsked): { service: string; environment: string } {
  const names = namesOf(catalogue);
  const environment = names.keyOf("environment", asked.environment);
  if (environment !== null) return { service: names.service(asked.service), environment };
  const known = Object.keys(catalogue.environments);
  throw new UserError("invalid", {
    code: "unknown_environment",
    message: `There is no environment "${asked.environment}".`,
    wayOut: hintFor(asked.environment, known),
  });
}

/** Whose deploy it is has to be known before somebody else can be the one who opens it. */
function needAuthor(
  wanted: GateRule["author"],
  asked: { service: string; environment: string; author?: string | undefined; key: string | null; said: string },
): void {
  const { service, environment, author, key, said } = asked;
  const gate = `the gate of ${service} in ${environment}`;
  if (wanted !== "optional" && author === undefined) {
    throw new UserError("invalid", {
      code: "author_required",
      message: `author: ${gate} has to know who deploys, so that somebody else opens it.`,
      wayOut: 'Send "author" (GATE_AUTHOR with nightdesk-gate.sh): who pushed or started this deploy.',
    });
  }
  if (wanted === "known" && key === null) {
    throw new UserError("invalid", {
      code: "author_not_known",
      message: `author: ${gate} has to know who deploys, and nobody in the catalogue is called "${said}".`,
      wayOut:
        "Send a key, name, e-mail address or one of the `logins` of the catalogue's people, or add this login to its person.",
    });
  }
}

function requirementOf(catalogue: Catalogue, text: string, environment: string): GateRequirement {
  const read = readGateRequirement(text, { catalogue, environment });
  if (typeof read !== "string") return read;
  throw new UserError("invalid", {
    code: "requirement",
    message: `requirements: ${read}.`,
    wayOut: 'Write "SERVICE >= VERSION in ENVIRONMENT" or "probe NAME".',
  });
}

function factsAt(catalogue: Catalogue, { service, environment }: { service: string; environment: string }) {
  const names = namesOf(catalogue);
  return {
    ...{ source: "gate", signal: "opened", title: `${service} in ${environment}`, severity: null, jobs: [], tags: {} },
    services: names.waysToWrite("service", service),
    environments: names.waysToWrite("environment", environment),
  };
}
