import type { IncomingMessage } from "node:http";
import { listGates } from "../changes/gates.store.ts";
import { gateData } from "../command/say-gates.ts";
import { type AskGate, gateAsked } from "../services/gates-ask.ts";
import type { GateView } from "../services/gates-contract.ts";
import { type GateParts, needGate, viewGate } from "../services/gates-view.ts";
import { requestWork } from "../store/outbox.ts";
import { readAsked } from "./asked.ts";
import { json, type Response } from "./respond.ts";

const EXAMPLE =
  '{"service": "ndw-etl", "version": "12", "environment": "prod", "requirements": ["tcs >= 6.2 in prod"]}';

/** `POST /api/gates`: 201 for a new question, 200 for one that was asked before; the answer is how it stands. */
export async function askGateBy(ask: AskGate, request: IncomingMessage): Promise<Response> {
  const read = await readAsked(request, gateAsked, EXAMPLE);
  if ("refused" in read) return read.refused;
  const { gate, isNew } = await ask(read.asked);
  return answer(isNew ? 201 : 200, gate);
}

/** `GET /api/gates/N`: how it stands. Asking makes a held gate look again at what it requires. */
export async function readGate(parts: GateParts, number: number): Promise<Response> {
  const gate = await needGate(parts.store.db, number);
  if (gate.state === "held") {
    await parts.store.tx((tx) => requestWork(tx, { kind: "gate", ref: gate.id, dueAt: parts.clock.now() }));
  }
  return answer(200, await viewGate(parts, gate));
}

/** `GET /api/gates`: oldest first, the newest `limit` of them. */
export async function readGates(parts: GateParts, limit: number): Promise<Response> {
  const gates = await listGates(parts.store.db, { all: true, limit });
  const views = await Promise.all(gates.reverse().map((gate) => viewGate(parts, gate)));
  return json(200, { gates: views.map(gateData) });
}

function answer(status: number, gate: GateView): Response {
  const said = json(status, gateData(gate));
  // For a pipeline that has no JSON parser at hand.
  const headers = { location: `/api/gates/${gate.number}`, "x-nightdesk-gate": gate.state };
  return { ...said, headers: { ...said.headers, ...headers } };
}
