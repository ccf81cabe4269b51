import type { z } from "zod";
import type { Clock, Instant } from "../../base/clock.ts";
import type { Http } from "../../base/http.ts";
import type { Action } from "../../config/catalogue.ts";

/** What a kind of target can and cannot do, said to people before they start something there. */
export interface Capabilities {
  /**
   * `native`: the target makes a second start with the same intent key the same start. `echoed`: it does not, but shows
   * the key where `locate` finds it. `none`: nothing tells whose execution it is.
   */
  readonly startKey: "native" | "echoed" | "none";
  /** `hard`: soft first, then hard. */
  readonly abort: "none" | "soft" | "hard";
  /** `strong`: the target itself proves that it stopped. */
  readonly abortProof: "strong" | "weak" | "none";
  /** How the end is learned: asked of the target, or told by signals of the job. */
  readonly evidence: "status" | "signals";
  readonly progress: boolean;
  /** `observe` brings lines of the execution's log. */
  readonly logs: boolean;
  /** A start can be told which version to run (`resolveVersion`). */
  readonly versions: boolean;
  /** The target's own schedule can be held at a version (`pin`). */
  readonly pins: boolean;
  readonly snapshot: boolean;
  readonly restore: boolean;
  readonly pause: boolean;
  /** A failed or aborted execution can be continued from where it ended (`Intent.resumeOf`). */
  readonly resumeFailed: boolean;
  /** Takes ids by reference (`items`), at most so many a call; null: it does not. */
  readonly items: number | null;
  /** Both sides' ids can be read (`ids`). */
  readonly compare: boolean;
  readonly deadLetters: boolean;
}

/** What a target can do that needs nothing more than `start`, `observe` and `abort`; a connector adds what it has. */
export const NO_MORE = {
  logs: false,
  versions: false,
  pins: false,
  snapshot: false,
  restore: false,
  pause: false,
  resumeFailed: false,
  items: null,
  compare: false,
  deadLetters: false,
} as const satisfies Partial<Capabilities>;

/** One intent to run a job: everything a connector is told. `target` values come from the catalogue. */
export interface Intent {
  readonly intentKey: string;
  readonly job: string;
  readonly environment: string;
  /** What it is for; left out: a run. */
  readonly kind?: "run" | "restore" | "fanout" | "compare";
  /** The job's own name in the target (`${target.name}`). */
  readonly name: string;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  /** The version to run, resolved; null: whatever is deployed there. */
  readonly version: string | null;
  /** The execution to continue from where it failed. */
  readonly resumeOf?: Handle;
  /** When the start was called last, once it was: what a target has forgotten since, or does not show yet, proves nothing. */
  readonly calledAt?: Instant;
  /** Redacted. */
  readonly reason?: string;
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
  readonly stageName?: string;
  readonly done?: number;
  readonly total?: number;
  readonly unit?: string;
}

/** The target's own retry of a step. */
export interface TargetRetry {
  readonly number: number;
  readonly of: number;
  readonly nextAt: Instant;
}

/** One look at the target. `unknown` means that it answered and the answer does not tell. */
export interface Observation {
  readonly phase: "running" | "paused" | "succeeded" | "failed" | "aborted" | "not_running" | "not_found" | "unknown";
  readonly evidence: string;
  readonly progress?: Progress;
  /** `retryable`: the target itself says that the same start may succeed later. */
  readonly error?: { readonly kind: string; readonly message: string; readonly retryable?: boolean };
  readonly version?: string;
  readonly cursor?: unknown;
  readonly retry?: TargetRetry;
  /** New lines of the log since the cursor, oldest first, secrets masked by the connector's `redact`. */
  readonly logLines?: readonly string[];
  /** Where a person reads the whole log. */
  readonly logUrl?: string;
}

/** One thing found before a start. `block` keeps it from starting. */
export interface Finding {
  readonly check:
    | "identity"
    | "credential"
    | "job"
    | "running"
    | "parameters"
    | "version"
    | "dependencies"
    | "expected"
    | "snapshot"
    | "stopping"
    | "readers";
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

/** What can be brought back. `takenAt` by the target's clock. */
export interface Snapshot {
  readonly ref: string;
  readonly takenAt: Instant;
  readonly evidence: string;
}

/** What became of one id. `missing`: the source no longer has it. `superseded`: something newer is on its way or done. */
export interface ItemResult {
  readonly id: string;
  readonly state: "done" | "failed" | "missing" | "superseded" | "skipped";
  readonly detail?: string;
}

/** One page of one side's ids, ascending by UTF-16 code unit. `next`: what to ask after; null: that was all. */
export interface IdPage {
  readonly ids: readonly string[];
  readonly next: string | null;
}

/** One message of a dead-letter queue, seen and left there. */
export interface DeadLetter {
  readonly id: string;
  readonly body: string;
  readonly sentAt: Instant | null;
  readonly attributes: Readonly<Record<string, string>>;
}

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
  /** Every name of an environment: its own and its aliases. Left out: only its own. */
  readonly namesOf?: (environment: string) => readonly string[];
  /** Whether this machine may run commands that the catalogue names (`shell`). Left out: it may not. */
  readonly mayRunCommands?: boolean;
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
  /** Asked again it does no harm. The proof is a later `observe`, never this reply. */
  abort(handle: Handle, intent: Intent, mode: "soft" | "hard"): Promise<AbortReply>;

  // What only some targets can do. A method is there exactly when its capability is declared.

  /** The version that `wanted` means there (`previous`, or a version); throws `invalid` when there is none. */
  resolveVersion?(intent: Intent, wanted: string): Promise<{ readonly version: string; readonly evidence: string }>;
  /** Keeps what is there now, or says what is kept; asked again with the same intent key it is the same. Throws when it fails. */
  snapshot?(intent: Intent): Promise<Snapshot>;
  /** Begins to bring a snapshot back, as an execution of its own that `observe` follows. */
  restore?(intent: Intent, ref: string): Promise<Handle>;
  pause?(handle: Handle, intent: Intent): Promise<AbortReply>;
  resume?(handle: Handle, intent: Intent): Promise<AbortReply>;
  /** The version at which the target's own schedule stands now. */
  pinned?(intent: Intent): Promise<{ readonly version: string; readonly evidence: string }>;
  /** Points the target's own schedule at a version and reads it back. */
  pin?(intent: Intent, version: string): Promise<{ readonly version: string; readonly evidence: string }>;
  /** Hands ids over by reference; each is re-read at its turn. One result an id. Asked again with the same key it does no harm. */
  items?(
    intent: Intent,
    call: { readonly op: "resync" | "delete"; readonly ids: readonly string[]; readonly key: string },
  ): Promise<readonly ItemResult[]>;
  ids?(intent: Intent, side: "source" | "target", after: string | null): Promise<IdPage>;
  /** What lies in the dead-letter queue (at most `limit`), and how long the queue keeps it. */
  deadLetters?(limit: number): Promise<{
    readonly queue: string;
    readonly count: number;
    readonly keptForMs: number | null;
    readonly letters: readonly DeadLetter[];
  }>;
  /** Sends these messages to where they came from and takes them out of the dead-letter queue, only when that was accepted. */
  redrive?(ids: readonly string[]): Promise<readonly ItemResult[]>;
  /** Drops what this machine keeps of executions; of which keys that may be, `over` says. Returns how many it dropped. */
  forget?(over: (keys: readonly string[]) => Promise<ReadonlySet<string>>): Promise<number>;

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
