import { type Http, HttpFailure } from "../base/http.ts";
import {
  decideGate,
  type Gate,
  gateById,
  keepProbes,
  lockGate,
  type ProbeAnswer,
  wakeGatesOf,
} from "../changes/gates.store.ts";
import { unmet } from "../changes/gates.ts";
import { SYSTEM } from "../config/actor.ts";
import { writeAudit } from "../guard/audit.ts";
import { before } from "../guard/windows.ts";
import type { Joining } from "../incidents/signals.store.ts";
import type { WorkOutcome } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { findingsOf, type GateParts } from "./gates-view.ts";

/**
 * Work of kind `gate`: asks its probes (each an address of the catalogue), opens it when its rule says that it opens by
 * itself and everything is there, refuses it when its time is over. Due again at its deadline; a pipeline that asks, and
 * a deploy that is heard of, call it earlier.
 */
export function createAdvanceGate(parts: GateParts & { readonly http: Http }): (id: number) => Promise<WorkOutcome> {
  const { store, clock, catalogue } = parts;

  return async (id) => {
    const gate = await gateById(store.db, id);
    if (gate === null || gate.state !== "held") return { done: true };
    const over = !before(clock.now(), gate.expiresAt);
    const answers = over ? gate.probes : await askProbes(gate);
    return store.tx(async (tx) => {
      const held = await lockGate(tx, id);
      if (held.state !== "held") return { done: true };
      if (JSON.stringify(answers) !== JSON.stringify(held.probes)) await keepProbes(tx, held, answers, clock.now());
      const end = await endOf(tx, { ...held, probes: answers });
      if (end === null) return { done: false, dueAt: held.expiresAt };
      const at = clock.now();
      await decideGate(tx, held, { ...end, by: SYSTEM, at });
      await writeAudit(tx, {
        ...{ at, actor: SYSTEM, action: "gate.decide", surface: "worker", environment: held.environment },
        outcome: end.state === "approved" ? "allowed" : "denied",
        reason: end.because,
        details: { gate: held.number, service: held.service, version: held.version },
      });
      return { done: true };
    });
  };

  async function endOf(tx: Tx, gate: Gate) {
    if (!before(clock.now(), gate.expiresAt)) {
      const because = "nobody opened it in time";
      return { state: "refused", code: "timeout", because } as const;
    }
    if (!gate.byItself || unmet(await findingsOf(tx, gate, catalogue)).length > 0) return null;
    const because =
      gate.requirements.length === 0
        ? "its rule opens it, and it requires nothing"
        : "everything that it requires is there";
    return { state: "approved", code: "met", because } as const;
  }

  async function askProbes(gate: Gate): Promise<Readonly<Record<string, ProbeAnswer>>> {
    const names = gate.requirements.flatMap((one) => (one.kind === "probe" ? [one.name] : []));
    const answers = names.map(async (name) => [name, await ask(name)] as const);
    return Object.fromEntries(await Promise.all(answers));
  }

  async function ask(name: string): Promise<ProbeAnswer> {
    const probe = catalogue.gates.probes[name];
    if (probe === undefined) return { ok: false, said: "the catalogue has no such probe any more" };
    const { url, headers, timeoutMs, status } = probe;
    try {
      const answered = await parts.http({ method: "GET", url, headers, timeoutMs });
      if (answered.status === status) return { ok: true, said: `it answered ${status}` };
      return { ok: false, said: `it answered ${answered.status} instead of ${status}` };
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error;
      return { ok: false, said: error.timedOut ? `no answer within ${timeoutMs} ms` : "it cannot be reached" };
    }
  }
}

/** Told what became of each signal: a deploy may be what a gate waits for. */
export async function wakeGates(tx: Tx, joinings: readonly Joining[], now: Gate["askedAt"]): Promise<void> {
  const services = joinings.flatMap(({ signal }) =>
    signal.kind === "deployed" && signal.service !== null ? [signal.service] : [],
  );
  for (const service of new Set(services)) await wakeGatesOf(tx, service, now);
}
