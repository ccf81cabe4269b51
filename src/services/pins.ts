import { messageOf, UserError } from "../base/errors.ts";
import { actorId } from "../config/actor.ts";
import { needPlaced, type Placed } from "../guard/names.ts";
import { redactorOf } from "../incidents/redact.ts";
import type { Connection, Intent } from "../jobs/connectors/contract.ts";
import { bearPin, changePin, lockOpenPin, openPin, type Pin, pinOfRequest } from "../jobs/pins.store.ts";
import { requestWork } from "../store/outbox.ts";
import type { Asking, Services } from "./contract.ts";
import { createCarryOut, type PinsParts } from "./pins-ask.ts";
import { ASK_AGAIN_MS, type PinParts } from "./pins-carry.ts";
import { viewPin } from "./pins-view.ts";
import { resolveVersion } from "./versions.ts";

/** Holding a target's own schedule at a version, and letting it go. */
export function createPins(parts: PinsParts): Services["pins"] {
  const { store, catalogue, authorise } = parts;
  const redact = redactorOf(catalogue);
  const said = (reason: string | undefined) => (reason === undefined || reason === "" ? null : redact(reason));
  const carryOut = createCarryOut(parts);

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
