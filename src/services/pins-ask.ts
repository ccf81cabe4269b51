import type { Instant } from "../base/clock.ts";
import { UserError } from "../base/errors.ts";
import { writeAudit } from "../guard/audit.ts";
import { type Authorise, type Authorised, refusal } from "../guard/authorise.ts";
import { placeAndTime } from "../guard/decide.ts";
import { knownFreezes } from "../guard/freezes.store.ts";
import { frozenBy } from "../guard/freezes.ts";
import type { Placed } from "../guard/names.ts";
import { lockPlaces } from "../jobs/leases.ts";
import { type Pin, pinOfRequest } from "../jobs/pins.store.ts";
import type { Tx } from "../store/store.ts";
import { type Bound, openConfirmation, takeConfirmation } from "./confirmations.ts";
import type { Asking, Outcome, PinView, Question } from "./contract.ts";
import { carryPin, type PinParts } from "./pins-carry.ts";
import { viewPin } from "./pins-view.ts";

export interface PinsParts extends PinParts {
  readonly authorise: Authorise;
}

/** What is asked of a schedule, everything resolved. */
export interface WantedPin {
  readonly placed: Placed;
  readonly audit: "pin.set" | "pin.clear";
  readonly version: string;
  readonly because: string | null;
  /** Why it is done in spite of a freeze; redacted. */
  readonly override: string | null;
  readonly question: Pick<Question, "title" | "lines" | "submit">;
  /** Keeps the intent, before the target is told; or says why it cannot be now, without having written anything. */
  keep(tx: Tx, key: string, at: Instant): Promise<Pin | UserError>;
}

/** How a pin, or its end, is asked for: guard, audit, the question or the intent row, then the target. */
export function createCarryOut(parts: PinsParts): (asking: Asking, wanted: WantedPin) => Promise<Outcome<PinView>> {
  const { store, clock, catalogue, authorise } = parts;

  /** A reason to do it in spite of a freeze needs the grant for that, and counts only while one holds. */
  const liftFreeze = async (asking: Asking, { placed, override }: WantedPin): Promise<Authorised | null> => {
    if (override === null) return null;
    const { job, environment } = placed;
    const now = clock.now();
    const frozen = frozenBy(await knownFreezes(store.db, catalogue, now), { job, environment, now });
    if (frozen === null) return null;
    const details = { freeze: frozen.freeze.name, because: override };
    return authorise.need(asking, { action: "freeze", audit: "freeze.override", job, environment, details });
  };

  // What the target proved is the answer.
  return async (asking, wanted) => {
    const { placed, audit } = wanted;
    const act = { action: "pin", audit, job: placed.job, environment: placed.environment } as const;
    const details = { version: wanted.version };
    const allowed = await authorise.need(asking, { ...act, details });
    const lifted = await liftFreeze(asking, wanted);
    const key = asking.confirmation === undefined ? asking.requestKey : `confirmation:${asking.confirmation.id}`;
    const bound: Bound = {
      audit,
      job: placed.job,
      environment: placed.environment,
      version: wanted.version,
      override: wanted.override,
    };
    const verdict = await store.tx(async (tx): Promise<Outcome<Pin> | { kind: "refused"; error: UserError }> => {
      const at = clock.now();
      const record = { ...act, action: audit, at, actor: asking.actor, surface: asking.surface, details };
      await lockPlaces(tx, [placed]);
      const twin = await pinOfRequest(tx, key);
      if (twin !== null) return { kind: "done", value: twin };
      const not = placeAndTime({
        ...{ catalogue, placed, now: at, act: audit === "pin.set" ? "pinned" : "unpinned", override: lifted !== null },
        from: { channel: asking.channel, channelName: asking.channelName },
        freezes: await knownFreezes(tx, catalogue, at),
      });
      if (not !== null) {
        await writeAudit(tx, { ...record, outcome: "denied", reason: not.reason });
        return { kind: "refused", error: refusal(not) };
      }
      if (asking.confirmation !== undefined) {
        const { id, values } = asking.confirmation;
        const typed = values["confirm"] ?? null;
        const wrong = await takeConfirmation(tx, { id, kind: "pin", by: asking.actor, bound, typed, at });
        if (wrong !== null) {
          await writeAudit(tx, { ...record, outcome: "denied", reason: wrong.message });
          return { kind: "refused", error: wrong };
        }
      } else if (placed.setting.protected) {
        const expected = `${placed.environment} ${placed.job}`;
        const asked = { kind: "pin", of: asking.actor, bound, expected, requestKey: asking.requestKey, at } as const;
        const id = await openConfirmation(tx, asked);
        await writeAudit(tx, { ...record, outcome: "asked", reason: `${placed.environment} is protected` });
        return { kind: "ask", question: typedQuestion(wanted, { id, expected, lifted: lifted !== null }) };
      }
      const kept = await wanted.keep(tx, key, at);
      if (kept instanceof UserError) {
        await writeAudit(tx, { ...record, outcome: "denied", reason: kept.message });
        return { kind: "refused", error: kept };
      }
      await allowed.record(tx, { details });
      await lifted?.record(tx);
      return { kind: "done", value: kept };
    });
    if (verdict.kind === "refused") throw verdict.error;
    if (verdict.kind === "ask") return verdict;
    return { kind: "done", value: viewPin((await carryPin(parts, verdict.value.id)) ?? verdict.value) };
  };
}

function typedQuestion(wanted: WantedPin, about: { id: string; expected: string; lifted: boolean }): Question {
  const { placed, question, because } = wanted;
  const submit = question.submit.charAt(0).toLowerCase() + question.submit.slice(1);
  return {
    id: about.id,
    title: question.title,
    lines: [
      `*${placed.environment.toUpperCase()}* is protected.`,
      ...question.lines,
      ...(because === null ? [] : [`Reason: ${because}`]),
      ...(about.lifted ? [`:warning: It is done in spite of a freeze: ${wanted.override}`] : []),
    ],
    look: placed.setting.look,
    submit: question.submit,
    fields: [{ key: "confirm", label: `To ${submit}, type: ${about.expected}`, expected: about.expected }],
  };
}
