import type { PersonActor } from "../config/actor.ts";
import type { IncidentStatus } from "../incidents/incident.ts";
import type { TimelineView } from "../incidents/timeline.ts";
import type { ChangeServices } from "./changes-contract.ts";
import type { DeadLetterServices, FanoutServices } from "./fanouts-contract.ts";
import type { FreezeServices } from "./freezes-contract.ts";
import type { GateServices } from "./gates-contract.ts";
import type { AttachedFile } from "./id-lists-file.ts";
import type { IncidentServices } from "./incidents-contract.ts";
import type { JobServices, PermissionServices } from "./jobs-contract.ts";
import type { MonitorServices } from "./monitors-contract.ts";
import type { PinServices } from "./pins-contract.ts";
import type { ChainServices, RunServices } from "./runs-contract.ts";
import type { SentryServices } from "./sentry-contract.ts";

/** Where something can be asked. */
export const SURFACES = ["slash", "mention", "button", "modal", "shortcut", "api", "cli"] as const;
export type Surface = (typeof SURFACES)[number];

/** Who asks, from where, and the key that makes a repeated delivery of the same request one request. */
export interface Asking {
  readonly actor: PersonActor;
  readonly surface: Surface;
  /** Unique for one request of one person; carried into `runs.intent_key`, `timeline_entries.request_key`, … */
  readonly requestKey: string;
  /** Channel where it was asked (Slack id); null for the API and the CLI. */
  readonly channel: string | null;
  /** The channel's name, where it is known: `fromChannel` compares it. */
  readonly channelName: string | null;
  /** The incident or run whose thread it was asked in (numbers). */
  readonly incident: number | null;
  readonly run: number | null;
  /** A file that came with it. */
  readonly file?: AttachedFile;
  /** A form was answered: which, and with what. */
  readonly confirmation?: { readonly id: string; readonly values: Readonly<Record<string, string>> };
}

export { RUN_STATES, type RunState } from "../jobs/states.ts";
export type * from "./changes-contract.ts";
export type * from "./freezes-contract.ts";
export type * from "./incidents-contract.ts";
export type * from "./jobs-contract.ts";
export type * from "./pins-contract.ts";
export type * from "./requests-contract.ts";
export type * from "./runs-contract.ts";
export type { IncidentStatus, TimelineView };

/**
 * The use cases that commands call. Every method that acts goes through the guard and writes the audit; a refusal is a
 * thrown `UserError` of kind `denied` or `conflict` (after its audit entry was committed).
 */
export interface Services {
  readonly jobs: JobServices;
  readonly runs: RunServices;
  readonly chains: ChainServices;
  readonly pins: PinServices;
  readonly changes: ChangeServices;
  readonly fanouts: FanoutServices;
  readonly deadLetters: DeadLetterServices;
  readonly monitors: MonitorServices;
  readonly sentry: SentryServices;
  readonly gates: GateServices;
  readonly freezes: FreezeServices;
  readonly permissions: PermissionServices;
  readonly incidents: IncidentServices;
}
