import { randomBytes } from "node:crypto";
import type { Ts } from "./contract.ts";
import type { State } from "./state.ts";

/** Where an answer through a response URL belongs. */
export interface ResponseContext {
  user: string;
  /** Channel id. */
  channel: string;
  threadTs?: Ts;
  /** What was pressed: a message's ts, or an ephemeral's id. */
  original?: { ts: Ts } | { ephemeral: string };
}

type Refusal = { error: string };

/** What the workspace hands to the app for a short while: trigger ids and response URLs. Machine time. */
export interface Tickets {
  trigger(user: string): string;
  /** Uses a trigger up; the person it came from. */
  spendTrigger(id: string): { user: string } | Refusal;
  responseUrl(context: ResponseContext): string;
  /** Uses a response URL once; what it is for. */
  spendResponse(secret: string): ResponseContext | Refusal;
}

const TRIGGER_LIFE_MS = 3000;
const RESPONSE_LIFE_MS = 30 * 60_000;
const RESPONSE_USES = 5;

export function createTickets(state: State): Tickets {
  const triggers = new Map<string, { user: string; at: number; used: boolean }>();
  const responses = new Map<string, { context: ResponseContext; at: number; uses: number }>();
  const triggerLifeMs = state.options.triggerLifeMs ?? TRIGGER_LIFE_MS;
  const responseLifeMs = state.options.responseUrlLifeMs ?? RESPONSE_LIFE_MS;
  let counter = 0;

  return {
    trigger: (user) => {
      counter += 1;
      const id = `${Date.now()}.${counter}.${randomBytes(16).toString("hex")}`;
      triggers.set(id, { user, at: performance.now(), used: false });
      return id;
    },
    spendTrigger: (id) => {
      const trigger = triggers.get(id);
      if (trigger === undefined) return { error: "invalid_trigger_id" };
      if (trigger.used) return { error: "exchanged_trigger_id" };
      if (performance.now() - trigger.at > triggerLifeMs) return { error: "expired_trigger_id" };
      trigger.used = true;
      return { user: trigger.user };
    },
    responseUrl: (context) => {
      const secret = randomBytes(18).toString("base64url");
      responses.set(secret, { context, at: performance.now(), uses: 0 });
      return `${state.url}/response/${state.team.id}/${secret}`;
    },
    spendResponse: (secret) => {
      const response = responses.get(secret);
      if (response === undefined) return { error: "no_such_url" };
      if (performance.now() - response.at > responseLifeMs) return { error: "expired_url" };
      if (response.uses >= RESPONSE_USES) return { error: "used_url" };
      response.uses += 1;
      return response.context;
    },
  };
}
