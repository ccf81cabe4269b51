import type { Instant } from "../base/clock.ts";
import { messageOf, UserError } from "../base/errors.ts";
import { actorId } from "../config/actor.ts";
import { writeAudit } from "../guard/audit.ts";
import { type Authorise, type Authorised, refusal } from "../guard/authorise.ts";
import { placeAndTime } from "../guard/decide.ts";
import { knownFreezes } from "../guard/freezes.store.ts";
import { frozenBy } from "../guard/freezes.ts";
import { needPlaced, type Placed } from "../guard/names.ts";
import { redactorOf } from "../incidents/redact.ts";
import type { Connection, Intent } from "../jobs/connectors/contract.ts";
import { lockPlaces } from "../jobs/leases.ts";
import { bearPin, changePin, lockOpenPin, openPin, type Pin, pinOfRequest } from "../jobs/pins.store.ts";
import { requestWork } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { type Bound, openConfirmation, takeConfirmation } from "./confirmations.ts";
import type { Asking, Outcome, PinView, Question, Services } from "./contract.ts";
import { ASK_AGAIN_MS, carryPin, type PinParts } from "./pins-carry.ts";
import { viewPin } from "./pins-view.ts";
import { resolveVersion } from "./versions.ts";

export interface PinsParts extends PinParts {
  readonly authorise: Authorise;
}

/** What is asked of a schedule, everything resolved. */
interface Wanted {
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

/** Holding a target's own schedule at a version, and letting it go. */
export function createPins(parts: PinsParts): Services["pins"] {
  const { store, clock, catalogue, authorise } = parts;
  const redact = redactorOf(catalogue);
  const said = (reason: string | undefined) => (reason === undefined || reason === "" ? null : redact(reason));

  /** A reason to do it in spite of a freeze needs the grant for that, and counts only while one holds. */
  const liftFreeze = async (asking: Asking, { placed, override }: Wanted): Promise<Authorised | null> => {
    if (override === null) return null;
    const { job, environment } = placed;
    const now = clock.now();
    const frozen = frozenBy(await knownFreezes(store.db, catalogue, now), { job, environment, now });
    if (frozen === null) return null;
    const details = { freeze: frozen.freeze.name, because: override };
    return authorise.need(asking, { action: "freeze", audit: "freeze.override", job, environment, details });
  };

  /** Guard, audit, the question or the intent row, then the target; what it proved is the answer. */
  const carryOut = async (asking: Asking, wanted: Wanted): Promise<Outcome<PinView>> => {
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

  return {
    set: async (asking, { job, environment, version: typed, reason, override }) => {
      const placed = needPlaced(catalogue, { job, environment });
      const act = { action: "pin", audit: "pin.set", job: placed.job, environment: placed.environment } as const;
      // Who may not pin learns nothing of the target and costs it nothing.
      await authorise.need(asking, { ...act, details: { version: typed } });
      const connection = needPins(parts, placed);
      const { key, name } = asking.actor;
      const version = connection.capabilities.versions
        ? (await resolveVersion(parts, { placed, wanted: typed, requestKey: asking.requestKey, by: { key, name } }))
            .version
        : typed;
      const now = await pinnedNow(connection, intentFor(asking, placed));
      return carryOut(asking, {
        placed,
        audit: "pin.set",
        version,
        because: said(reason),
        override: said(override),
        question: {
          title: `${placed.environment.toUpperCase()}: pin ${placed.job}?`,
          lines: [
            `The schedule of *${placed.job}* at ${placed.place.target} points at ${now.version ?? `a version that it does not tell (${now.why})`}.`,
            `It will be held at *${version}*, whatever is deployed, until somebody unpins it.`,
          ],
          submit: "Pin it",
        },
        keep: async (tx, requestKey, at) => {
          const pin = await bearPin(tx, {
            job: placed.job,
            environment: placed.environment,
            version,
            was: now.version,
            actor: actorId(asking.actor),
            actorKey: asking.actor.key,
            actorName: asking.actor.name,
            because: said(reason),
            at,
            requestKey,
            runId: null,
            carryAt: at.add({ milliseconds: ASK_AGAIN_MS }),
          });
          return pin ?? busy(placed);
        },
      });
    },

    clear: async (asking, { job, environment, to, reason, override }) => {
      const placed = needPlaced(catalogue, { job, environment });
      const act = { action: "pin", audit: "pin.clear", job: placed.job, environment: placed.environment } as const;
      await authorise.need(asking, act);
      needPins(parts, placed);
      const key = asking.confirmation === undefined ? asking.requestKey : `confirmation:${asking.confirmation.id}`;
      const before = await pinOfRequest(store.db, key);
      if (before !== null) return { kind: "done", value: viewPin(before) };
      const pin = await openPin(store.db, placed);
      if (pin === null) throw notPinned(placed);
      const version = to ?? pin.was;
      if (version === null) throw unknownBefore(placed, pin);
      return carryOut(asking, {
        placed,
        audit: "pin.clear",
        version,
        because: said(reason),
        override: said(override),
        question: {
          title: `${placed.environment.toUpperCase()}: unpin ${placed.job}?`,
          lines: [
            `The schedule of *${placed.job}* at ${placed.place.target} is pinned to ${pin.version}, by ${pin.actorName}.`,
            `It will point at *${version}* again${to === undefined ? ", as before the pin" : ""}.`,
          ],
          submit: "Unpin it",
        },
        keep: async (tx, requestKey, at) => {
          const open = await lockOpenPin(tx, placed);
          if (open === null) return notPinned(placed);
          if (open.state !== "set") return busy(placed);
          await requestWork(tx, { kind: "pin", ref: open.id, dueAt: at.add({ milliseconds: ASK_AGAIN_MS }) });
          return changePin(tx, open.id, {
            state: "clearing",
            clear_to: version,
            clear_because: said(reason),
            clear_key: requestKey,
            cleared_by: actorId(asking.actor),
            cleared_by_name: asking.actor.name,
          });
        },
      });
    },
  };
}

function needPins(parts: PinParts, { place, job }: Placed): Connection {
  const connection = parts.connections.of(place.target);
  if (connection?.pin !== undefined && connection.capabilities.pins) return connection;
  throw new UserError("unsupported", {
    code: "no_pins",
    message: `${place.target} has no schedule that Nightdesk can hold at a version for ${job}.`,
    wayOut: "Nothing was changed. Change the schedule where it is kept.",
  });
}

const intentFor = (asking: Asking, { job, environment, name }: Placed): Intent => ({
  intentKey: asking.requestKey,
  job,
  environment,
  name,
  parameters: {},
  version: null,
  requestedBy: { key: asking.actor.key, name: asking.actor.name },
});

/** What the schedule points at now; a target that does not tell is no reason not to pin. */
async function pinnedNow(
  connection: Connection,
  intent: Intent,
): Promise<{ readonly version: string | null; readonly why: string }> {
  if (connection.pinned === undefined) return { version: null, why: "it cannot be asked" };
  try {
    return { version: (await connection.pinned(intent)).version, why: "" };
  } catch (error) {
    return { version: null, why: messageOf(error) };
  }
}

function typedQuestion(wanted: Wanted, about: { id: string; expected: string; lifted: boolean }): Question {
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

const busy = ({ job, environment }: Placed): UserError =>
  new UserError("conflict", {
    code: "pin_under_way",
    message: `The schedule of ${job} in ${environment} is being pinned or unpinned at this moment.`,
    wayOut: `Nothing was changed. \`/sync status ${job} ${environment}\` shows what came of it; then ask again.`,
  });

const notPinned = ({ job, environment }: Placed): UserError =>
  new UserError("conflict", {
    code: "not_pinned",
    message: `The schedule of ${job} in ${environment} is not pinned by Nightdesk.`,
    wayOut: "There is nothing to unpin.",
  });

const unknownBefore = ({ job, environment }: Placed, pin: Pin): UserError =>
  new UserError("invalid", {
    code: "no_version_before",
    message: `Nobody knows what the schedule of ${job} in ${environment} pointed at before it was pinned to ${pin.version}.`,
    wayOut: `Say what it is to point at: \`/sync unpin ${job} ${environment} --to=VERSION\`.`,
  });
