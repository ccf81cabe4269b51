import type { Gate } from "../changes/gates.store.ts";
import type { GateFinding } from "../changes/gates.ts";
import type { Asking, Outcome } from "./contract.ts";

/** A pipeline's question as people and pipelines see it. */
export interface GateView
  extends Pick<
    Gate,
    | "number"
    | "service"
    | "environment"
    | "version"
    | "author"
    | "authorKey"
    | "url"
    | "state"
    | "code"
    | "because"
    | "role"
    | "askedAt"
    | "expiresAt"
    | "decidedAt"
    | "decidedByName"
    | "supersededBy"
  > {
  /** The author as people read it. */
  readonly authorName: string | null;
  readonly findings: readonly GateFinding[];
  /** Who else may open it, by name. */
  readonly may: readonly string[];
}

/** What people do with gates. A pipeline asks by `ask` of services/gates-ask.ts. */
export interface GateServices {
  list(asking: Asking, filter: { all: boolean }): Promise<readonly GateView[]>;
  get(asking: Asking, gate: number): Promise<GateView>;
  /** Opens it. Asks for a reason where something that it requires is not there. */
  approve(asking: Asking, gate: number, reason: string): Promise<Outcome<GateView>>;
  /** Asks for the reason when none is given. */
  reject(asking: Asking, gate: number, reason: string): Promise<Outcome<GateView>>;
}
