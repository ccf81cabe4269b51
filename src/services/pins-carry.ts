import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { SYSTEM } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Connections } from "../jobs/connections.ts";
import { type Connection, ConnectorError, type Intent } from "../jobs/connectors/contract.ts";
import { changePin, lockPin, type Pin, readPin } from "../jobs/pins.store.ts";
import { noteRun } from "../jobs/record.ts";
import { lockRun } from "../jobs/runs.store.ts";
import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import type { Store, Tx } from "../store/store.ts";

export interface PinParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly connections: Connections;
}

/** A target that does not tell is asked again after this, and given up on when the pin is so old. */
export const ASK_AGAIN_MS = 30_000;
const GIVE_UP_MS = 10 * 60_000;

/**
 * Work of kind `pin`: tells the target what its schedule is to point at, reads it back, and only then calls the schedule
 * pinned or unpinned. Asked again it does no harm: a crash between the call and its answer is settled by the next call.
 */
export function createCarryPin(parts: PinParts): (id: number) => Promise<WorkOutcome> {
  const { clock } = parts;
  return async (id) => {
    const pin = await carryPin(parts, id);
    const open = pin !== null && (pin.state === "setting" || pin.state === "clearing");
    return open ? { done: false, dueAt: clock.now().add({ milliseconds: ASK_AGAIN_MS }) } : { done: true };
  };
}

/** One attempt. Returns the pin as it stands then; null when there is no such pin. */
export async function carryPin(parts: PinParts, id: number): Promise<Pin | null> {
  const pin = await readPin(parts.store.db, id);
  if (pin === null || (pin.state !== "setting" && pin.state !== "clearing")) return pin;
  const wanted = pin.state === "setting" ? pin.version : (pin.clearTo ?? pin.version);
  const was = pin.state === "setting" && pin.was === null ? await before(parts, pin) : null;
  const came = await tell(parts, pin, wanted);
  return parts.store.tx(async (tx) => {
    const fresh = await lockPin(tx, id);
    if (fresh === null || fresh.state !== pin.state) return fresh;
    const known = was === null ? fresh : await changePin(tx, id, { was });
    return settle(tx, parts, { pin: known, came });
  });
}

/** What the schedule points at before it is told; null when nobody says, or it may have been told already. */
async function before(parts: PinParts, pin: Pin): Promise<string | null> {
  const there = connectionOf(parts, pin);
  const now = (await there?.connection.pinned?.(there.intent).catch(() => null)) ?? null;
  return now === null || now.version === pin.version ? null : now.version;
}

/** `proved`: the target read back what was asked for. `no`: it certainly is not so. `not_known`: it may be. */
type Came = { readonly kind: "proved" | "no" | "not_known"; readonly text: string };

async function tell(parts: PinParts, pin: Pin, wanted: string): Promise<Came> {
  const there = connectionOf(parts, pin);
  if (there?.connection.pin === undefined) {
    return { kind: "no", text: "its target can no longer be told what its schedule points at" };
  }
  const { connection, intent } = there;
  try {
    const said = await there.connection.pin(intent, wanted);
    if (said.version === wanted) return { kind: "proved", text: said.evidence };
    return { kind: "no", text: `asked for ${wanted}, the target reads back ${said.version}: ${said.evidence}` };
  } catch (error) {
    const why = messageOf(error);
    const kind = error instanceof ConnectorError ? error.kind : "ambiguous";
    if (kind !== "ambiguous" && kind !== "unavailable" && kind !== "retryable") return { kind: "no", text: why };
    const now = await connection.pinned?.(intent).catch(() => null);
    if (now?.version === wanted) return { kind: "proved", text: now.evidence };
    return { kind: "not_known", text: now === null || now === undefined ? why : `${why}; ${now.evidence}` };
  }
}

/** The target's side of a place, as a pin needs it; null when the catalogue no longer has it. */
function connectionOf(
  { catalogue, connections }: PinParts,
  pin: Pin,
): { readonly connection: Connection; readonly intent: Intent } | null {
  const place = catalogue.jobs[pin.job]?.environments[pin.environment];
  const connection = place === undefined ? null : connections.of(place.target);
  if (place === undefined || connection === null) return null;
  const intent: Intent = {
    intentKey: `pin:${pin.id}`,
    job: pin.job,
    environment: pin.environment,
    name: place.name ?? pin.job,
    parameters: {},
    version: pin.version,
    requestedBy: { key: pin.actorKey, name: pin.actorName },
  };
  return { connection, intent };
}

async function settle(tx: Tx, parts: PinParts, { pin, came }: { pin: Pin; came: Came }): Promise<Pin> {
  const now = parts.clock.now();
  const late = now.epochMilliseconds - pin.at.epochMilliseconds > GIVE_UP_MS;
  const setting = pin.state === "setting";
  if (came.kind === "not_known" && !(setting && late)) return changePin(tx, pin.id, { detail: came.text });
  if (came.kind === "proved") {
    const state = setting ? "set" : "cleared";
    const done = await changePin(tx, pin.id, { state, detail: came.text, ...(setting ? {} : { cleared_at: now }) });
    await tellRuns(tx, parts, {
      pin: done,
      text: setting ? `its schedule is pinned to ${pin.version}: ${came.text}` : null,
    });
    return done;
  }
  const text = came.kind === "no" ? came.text : `nobody knows whether it is pinned: ${came.text}`;
  // Still pinned: what was not taken back goes on being shown.
  if (!setting) return changePin(tx, pin.id, { state: "set", detail: `not unpinned: ${text}`, clear_to: null });
  const failed = await changePin(tx, pin.id, { state: "failed", detail: text });
  if (pin.replaces !== null) await changePin(tx, pin.replaces, { state: "set", cleared_at: null });
  await tellRuns(tx, parts, { pin: failed, text: `its schedule is not pinned to ${pin.version}: ${text}` });
  return failed;
}

/** The run that asked for it says so in its history; every card of that place that is not over shows it. */
async function tellRuns(tx: Tx, { clock }: PinParts, { pin, text }: { pin: Pin; text: string | null }): Promise<void> {
  const at = clock.now();
  if (pin.runId !== null && text !== null) {
    const run = await lockRun(tx, pin.runId);
    await noteRun(tx, run, { at, actor: SYSTEM, reason: text, evidence: { pin: pin.id } });
  }
  const shown = await tx
    .selectFrom("runs")
    .select("id")
    .where("job", "=", pin.job)
    .where("environment", "=", pin.environment)
    .orderBy("id", "desc")
    .limit(CARDS_TOLD)
    .execute();
  for (const { id } of shown) await requestWork(tx, { kind: "run-card", ref: id, dueAt: at });
}

/** The newest cards of a place say that its schedule is pinned; those of long ago say what was true then. */
const CARDS_TOLD = 3;
