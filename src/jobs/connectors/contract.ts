import type { z } from "zod";
import type { Clock } from "../../base/clock.ts";
import type { Http } from "../../base/http.ts";
import type { Action } from "../../config/catalogue.ts";

/** What a kind of target can and cannot do, said to people before they start something there. */
export interface Capabilities {
  /** Whether the target refuses a second start with the same intent key by itself. */
  readonly startKey: "native" | "none";
  /** `strong`: the target itself proves that it stopped. */
  readonly abort: "none" | "soft" | "hard";
  readonly abortProof: "strong" | "weak" | "none";
  /** How the end is learned: asked of the target, or told by signals of the job. */
  readonly evidence: "status" | "signals";
  readonly progress: boolean;
  readonly logs: boolean;
  readonly versions: boolean;
  readonly snapshot: boolean;
  readonly restore: boolean;
}

/** One intent to run a job: everything a connector is told. `target` values come from the catalogue. */
export interface Intent {
  readonly intentKey: string;
  readonly job: string;
  readonly environment: string;
  /** The job's own name in the target (`${target.name}`). */
  readonly name: string;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly version: string | null;
  /** Who asked, for the target's audit fields. */
  readonly requestedBy: { readonly key: string; readonly name: string; readonly email?: string };
}

/** Where the target keeps the execution. `externalId` is null when the target gives none. */
export interface Handle {
  readonly scope: string;
  readonly externalId: string | null;
  readonly opaque?: unknown;
}

export interface Progress {
  readonly stage?: number;
  readonly stages?: number;
  readonly done?: number;
  readonly total?: number;
  readonly unit?: string;
}

/** One look at the target. `unknown` means that it answered and the answer does not tell. */
export interface Observation {
  readonly phase: "running" | "succeeded" | "failed" | "aborted" | "not_running" | "not_found" | "unknown";
  readonly evidence: string;
  readonly progress?: Progress;
  readonly error?: { readonly kind: string; readonly message: string };
  readonly version?: string;
  readonly cursor?: unknown;
}

/** One thing found before a start. `block` keeps it from starting. */
export interface Finding {
  readonly check: "identity" | "credential" | "job" | "running" | "parameters";
  readonly level: "info" | "warn" | "block";
  readonly text: string;
  /** For a refusal: what to do. */
  readonly wayOut?: string;
}

/** Whether the intent key (or, without one, this intent) is known to the target. */
export type Located =
  | { readonly kind: "found"; readonly handle: Handle }
  | { readonly kind: "not_found" }
  | { readonly kind: "unknown"; readonly why: string };

export type AbortReply = "accepted" | "unsupported" | "already_done";

/** An answer of the target about a permission; `not_known` with why when it cannot be asked. */
export type PermissionAnswer =
  | { readonly kind: "yes"; readonly evidence: string }
  | { readonly kind: "no"; readonly evidence: string; readonly wayOut?: string }
  | { readonly kind: "not_known"; readonly why: string };

/** What a connector is given beside the intent. */
export interface ConnectorContext {
  /** The target's name in the catalogue, for sentences and handles. */
  readonly target: string;
  readonly http: Http;
  readonly clock: Clock;
  /** Applied to every word of a target that is kept or shown. */
  readonly redact: (text: string) => string;
}

/**
 * Talks to one target of the catalogue. Every method is one short exchange; the waiting is done by whoever calls.
 * Errors thrown are `ConnectorError`s; anything else is a defect and is treated as `ambiguous` by `start`.
 */
export interface Connection {
  readonly capabilities: Capabilities;
  /** What `start` would do, in words; no effect and no call. */
  plan(intent: Intent): string;
  /** Asks without effect: is this the right target, are we let in, is it free. */
  preflight(intent: Intent): Promise<readonly Finding[]>;
  /** Throws `conflict` when the target already runs it: that is somebody else's execution, never this one. */
  start(intent: Intent): Promise<Handle>;
  locate(intent: Intent): Promise<Located>;
  /** What the target says of this job now, whoever started it; `unknown` when it cannot tell without a handle. */
  look(intent: Intent): Promise<Observation>;
  observe(handle: Handle, intent: Intent, cursor: unknown): Promise<Observation>;
  abort(handle: Handle, intent: Intent, mode: "soft" | "hard"): Promise<AbortReply>;
  /** What Nightdesk's own token may do there. */
  ownPermission(intent: Pick<Intent, "job" | "environment" | "name">, action: Action): Promise<PermissionAnswer>;
  /** What a person holds there; `target` is the person's name in that target. */
  personPermission(
    intent: Pick<Intent, "job" | "environment" | "name">,
    action: Action,
    person: { readonly key: string; readonly target: string; readonly email?: string },
  ): Promise<PermissionAnswer>;
}

/** A kind of target. One file, listed in `index.ts`. `Settings` is its entry under `targets:` of the catalogue. */
export interface Connector<Settings> {
  readonly name: string;
  readonly settings: z.ZodType<Settings>;
  connect(settings: Settings, context: ConnectorContext): Connection;
}

export type ConnectorErrorKind =
  | "retryable"
  | "auth"
  | "invalid"
  | "conflict"
  | "not_found"
  | "unavailable"
  | "ambiguous";

/**
 * What went wrong with a target. Only `ambiguous` means that the call may have had its effect; every other kind says
 * that it certainly had none.
 */
export class ConnectorError extends Error {
  override readonly name = "ConnectorError";
  readonly kind: ConnectorErrorKind;
  readonly afterMs: number | undefined;

  constructor(kind: ConnectorErrorKind, message: string, more: { afterMs?: number; cause?: unknown } = {}) {
    super(message, { cause: more.cause });
    this.kind = kind;
    this.afterMs = more.afterMs;
  }
}
