import type { Instant } from "../../base/clock.ts";
import type { ChainPlace, PinView, RunAbilities, RunState, RunView } from "../../services/contract.ts";
import type { Place } from "./look.ts";

/** Everything that a run's card shows. */
export interface RunCard {
  readonly number: number;
  readonly kind: RunView["kind"];
  readonly job: string;
  readonly title: string | null;
  readonly place: Place;
  readonly state: RunState;
  readonly stateSince: Instant;
  readonly byName: string;
  readonly requestedAt: Instant;
  readonly startedAt: Instant | null;
  readonly finishedAt: Instant | null;
  readonly parameters: RunView["parameters"];
  readonly version: string | null;
  /** One sentence: why it is in this state. */
  readonly because: string | null;
  /** The name of the person on whose word it was settled; then it is not proved. */
  readonly settledBy: string | null;
  readonly proved: boolean;
  readonly restored: boolean;
  readonly attempt: number;
  readonly progress: Progress | null;
  /** Words and instant of its expected end, and how long such runs take; null where nobody knows. */
  readonly left: string | null;
  readonly expectedEndAt: Instant | null;
  readonly usual: string | null;
  readonly items: Readonly<Record<string, number>> | null;
  readonly found: RunView["found"];
  readonly mended: RunView["mended"];
  readonly error: string | null;
  /** The try that is due; `own`: by the target itself, of one of its steps. */
  readonly retry: { readonly number: number; readonly of: number; readonly at: Instant; readonly own: boolean } | null;
  readonly approvals: Approvals | null;
  /** The freeze that holds it, and until when; null: until somebody ends it. */
  readonly deferred: { readonly by: string | null; readonly until: Instant | null } | null;
  readonly stopping: Stopping | null;
  readonly snapshotAt: Instant | null;
  readonly chain: ChainPlace | null;
  readonly then: readonly string[];
  readonly pin: PinView | null;
  readonly can: RunAbilities;
  readonly lost: string | null;
  readonly noRerun: string | null;
  readonly logUrl: string | null;
  /** An abort was tried, and the target has no way to carry one out. */
  readonly cannotStop: boolean;
  readonly parent: number | null;
  /** The incident that it belongs to, when the card is not in that one's thread. */
  readonly incident: number | null;
  readonly displaced: string | null;
}

export interface Progress {
  readonly stage?: number | undefined;
  readonly stages?: number | undefined;
  readonly done?: number | undefined;
  readonly total?: number | undefined;
  readonly unit?: string | undefined;
}

/** Whose word is waited for. */
export interface Approvals {
  readonly needed: number;
  readonly role: string;
  /** Who said yes. */
  readonly given: readonly string[];
  /** Who else may, by name. */
  readonly may: readonly string[];
  readonly expiresAt: Instant | null;
}

/** An abort under way. `sent`: what the target was told last; null: it is being told. */
export interface Stopping {
  readonly byName: string;
  readonly at: Instant;
  readonly sent: "soft" | "hard" | null;
  readonly deadlineAt: Instant | null;
}

export const ENDS: readonly RunState[] = ["succeeded", "failed", "aborted"];
export const OVER: readonly RunState[] = [...ENDS, "refused", "rejected", "expired", "withdrawn"];
