import type { Instant } from "../base/clock.ts";
import { UserError } from "../base/errors.ts";
import { type KeptLetter, letterNumbered, openLetters, queueOf } from "../fanout/dead-letters.store.ts";
import { type DeadLettering, lookAt } from "../fanout/dead-letters.ts";
import { bearRedrive } from "../fanout/redrives.store.ts";
import { type AuditEntry, writeAudit } from "../guard/audit.ts";
import type { Authorise, Authorised } from "../guard/authorise.ts";
import { knownFreezes } from "../guard/freezes.store.ts";
import { freezeWords, frozenBy } from "../guard/freezes.ts";
import type { Placed } from "../guard/names.ts";
import { requestWork } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { openConfirmation, takeConfirmation } from "./confirmations.ts";
import type { Asking, Outcome, Question } from "./contract.ts";
import { chosenLetters, mayAll, meantTarget, noLetter, placesOf, visibleTargets } from "./dead-letters-meant.ts";
import type { DeadLetterQueueView, DeadLetterServices, DeadLetterView, Redrive } from "./fanouts-contract.ts";

export interface DeadLetterParts {
  readonly looking: DeadLettering;
  readonly authorise: Authorise;
}

/** Letters of one queue that an answer lists. */
const LISTED = 20;

/** The use cases over dead letters, as commands call them. */
export function createDeadLetters(parts: DeadLetterParts): DeadLetterServices {
  const { store } = parts.looking;
  return {
    list: async (asking, about) => {
      const targets = await visibleTargets(parts, asking, about);
      return Promise.all(targets.map((target) => listed(parts, target)));
    },

    show: async (asking, number) => {
      const letter = await letterNumbered(store.db, number);
      if (letter === null) throw noLetter(number);
      await mayAll(parts, asking, { target: letter.target, action: "view", audit: "dlq.view" });
      return viewOf(letter);
    },

    redrive: async (asking, wanted) => {
      const target = await meantTarget(parts, asking, wanted);
      const allowed = await mayAll(parts, asking, { target, action: "resync", audit: "dlq.redrive" });
      const letters = await chosenLetters(parts, asking, { ...wanted, target });
      const { rate, dryRun } = wanted;
      const value = { dryRun, rate, letters: letters.map(viewOf) };
      if (dryRun) return { kind: "done", value };
      const verdict = await store.tx((tx) => decideRedrive(tx, parts, { asking, allowed, target, letters, value }));
      if (verdict.kind === "refused") throw verdict.error;
      return verdict;
    },
  };
}

async function listed({ looking }: DeadLetterParts, target: string): Promise<DeadLetterQueueView> {
  const { store } = looking;
  await lookAt(looking, target);
  const queue = await queueOf(store.db, target);
  const letters = await openLetters(store.db, target, LISTED);
  return {
    target,
    queue: queue?.queue ?? null,
    count: queue?.count ?? 0,
    oldestSentAt: letters[0]?.sentAt ?? null,
    firstExpiresAt: letters[0]?.expiresAt ?? null,
    trouble: queue?.trouble ?? null,
    letters: letters.map(viewOf),
  };
}

interface Redriving {
  readonly asking: Asking;
  readonly allowed: Authorised;
  readonly target: string;
  readonly letters: readonly KeptLetter[];
  readonly value: Redrive;
}

/** When, how sure, and then the redrive or the question: who was asked before. */
async function decideRedrive(
  tx: Tx,
  parts: DeadLetterParts,
  about: Redriving,
): Promise<Outcome<Redrive> | { kind: "refused"; error: UserError }> {
  const { asking, target, letters, value } = about;
  const { clock, catalogue } = parts.looking;
  const now = clock.now();
  const places = placesOf(parts, target);
  const bound = { target, rate: value.rate, letters: letters.map(({ id }) => id).join(",") };
  const audit: Omit<AuditEntry, "outcome" | "reason"> = {
    at: now,
    actor: asking.actor,
    action: "dlq.redrive",
    surface: asking.surface,
    details: { target, rate: value.rate, letters: letters.length },
  };
  const denied = async (error: UserError) => {
    await writeAudit(tx, { ...audit, outcome: "denied", reason: error.message });
    return { kind: "refused" as const, error };
  };
  const frozen = frozenPlace(places, await knownFreezes(tx, catalogue, now), now);
  if (frozen !== null) return denied(heldBack(frozen, catalogue.zone));
  if (asking.confirmation === undefined) {
    const guarded = places.find(({ setting }) => setting.protected);
    const expected = guarded === undefined ? null : `${guarded.environment} ${target}`;
    const question = {
      kind: "redrive",
      of: asking.actor,
      bound,
      expected,
      requestKey: asking.requestKey,
      at: now,
    } as const;
    const id = await openConfirmation(tx, question);
    await writeAudit(tx, { ...audit, outcome: "asked", reason: "what goes back is shown first" });
    return { kind: "ask", question: questionOf({ id, expected, places, ...about }) };
  }
  const { id, values } = asking.confirmation;
  const typed = values["confirm"] ?? null;
  const wrong = await takeConfirmation(tx, { id, kind: "redrive", by: asking.actor, bound, typed, at: now });
  // Submitted twice: what the first did is the answer.
  if (wrong?.code === "confirmation_used") return { kind: "done", value };
  if (wrong !== null) return denied(wrong);
  const redrive = await bearRedrive(tx, {
    requestKey: `confirmation:${id}`,
    target,
    perSecond: value.rate,
    by: asking.actor,
    at: now,
    letters: letters.map((letter) => letter.id),
  });
  if (redrive !== null) await requestWork(tx, { kind: "dead-letters", ref: redrive, dueAt: now });
  await about.allowed.record(tx, { details: audit.details ?? {} });
  return { kind: "done", value };
}

type Freezes = Awaited<ReturnType<typeof knownFreezes>>;

function frozenPlace(places: readonly Placed[], freezes: Freezes, now: Instant): ReturnType<typeof frozenBy> {
  const held = places.map(({ job, environment }) => frozenBy(freezes, { job, environment, now }));
  return held.find((frozen) => frozen !== null) ?? null;
}

function heldBack({ freeze, until }: NonNullable<ReturnType<typeof frozenBy>>, zone: string): UserError {
  return new UserError("denied", {
    code: "frozen",
    message: `Nothing was sent: ${freezeWords({ name: freeze.name, because: freeze.because, until }, zone)}.`,
    wayOut: "Ask again when the freeze is over.",
  });
}

function questionOf(about: Redriving & { id: string; expected: string | null; places: readonly Placed[] }): Question {
  const { id, expected, places, target, letters, value } = about;
  const one = letters.length === 1;
  const count = `${letters.length} ${one ? "message" : "messages"}`;
  const setting = places.find((placed) => placed.setting.protected)?.setting ?? places[0]?.setting;
  return {
    id,
    title: `Redrive ${count} of ${target}?`,
    lines: [
      `This sends *${count}* of ${letters[0]?.queue ?? target} back to where ${one ? "it" : "they"} came from, ${value.rate} a second.`,
      ...letters.slice(0, 5).map((letter) => `*${letter.id}* ${letter.body.replace(/\s+/g, " ").slice(0, 80)}`),
      "A copy of each is kept. What failed once may fail again: then it comes back here.",
    ],
    look: setting?.look ?? "amber",
    submit: "Redrive",
    fields: expected === null ? [] : [{ key: "confirm", label: `To redrive, type: ${expected}`, expected }],
  };
}

function viewOf(letter: KeptLetter): DeadLetterView {
  const { id: number, target, queue, messageId, body, attributes, sentAt, expiresAt, fate } = letter;
  return { number, target, queue, messageId, body, attributes, sentAt, expiresAt, fate, state: stateOf(letter) };
}

function stateOf(letter: KeptLetter): DeadLetterView["state"] {
  if (letter.redrivenAt !== null) return "redriven";
  if (letter.goneAt !== null) {
    const endMs = letter.expiresAt?.epochMilliseconds ?? Number.POSITIVE_INFINITY;
    return letter.goneAt.epochMilliseconds >= endMs ? "expired" : "gone";
  }
  if (letter.asked) return "asked";
  return letter.fate === null ? "there" : "failed";
}
