import { type Gate, gateById } from "../changes/gates.store.ts";
import type { GateView } from "../services/gates-contract.ts";
import type { WorkOutcome } from "../store/outbox.ts";
import { gateCard } from "./blocks/gate.ts";
import { mentionOf, outcome, type ProjectorParts, placeOf } from "./projector.ts";

/** Keeps a gate's card current: the first message of a thread of its own in the channel that its rule or route names. */
export function createGateCardProjector(
  parts: ProjectorParts & { readonly viewGate: (gate: Gate) => Promise<GateView> },
): (id: number) => Promise<WorkOutcome> {
  const { store, keepRoot, catalogue, clock } = parts;

  return async (id) => {
    const gate = await gateById(store.db, id);
    if (gate === null) return { done: true };
    const view = await parts.viewGate(gate);
    const place = placeOf(catalogue, gate.environment) ?? { name: gate.environment, look: "green", protected: false };
    const root = await keepRoot({
      subject: { kind: "gate", id },
      channel: gate.channel,
      want: (displaced) => ({
        key: `gate:${gate.number}:card`,
        gist: JSON.stringify([view.state, view.because, view.findings, view.may, displaced]),
        draw: (first) =>
          gateCard({ gate: view, place, displaced, mention: first ? mentionOf(catalogue, gate.mention) : null }),
      }),
    });
    return outcome(clock, [root.kind === "later" ? root : null]);
  };
}
