import type { Instant } from "../base/clock.ts";
import type { PersonActor } from "../config/actor.ts";
import type { Action, Severity } from "../config/catalogue.ts";
import type { IncidentStatus } from "../incidents/incident.ts";
import type { TimelineView } from "../incidents/timeline.ts";
import type { ChangeServices } from "./changes-contract.ts";
import type { DeadLetterServices, FanoutServices } from "./fanouts-contract.ts";
import type { GateServices } from "./gates-contract.ts";
import type { AttachedFile } from "./id-lists-file.ts";
import type { MonitorServices } from "./monitors-contract.ts";
import type { SentryServices } from "./sentry-contract.ts";
import type {
  ChainTyped,
  DryChainView,
  DryRunView,
  FreezeView,
  IncidentView,
  JobView,
  MessageInThread,
  Outcome,
  PermissionView,
  PinView,
  RunOptions,
  RunView,
  Unstoppable,
  WantedFreeze,
  WantedOfJob,
  WantedSplit,
} from "./views.ts";

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
export type * from "./views.ts";
export type { IncidentStatus, TimelineView };

/**
 * The use cases that commands call. Every method that acts goes through the guard and writes the audit; a refusal is a
 * thrown `UserError` of kind `denied` or `conflict` (after its audit entry was committed).
 */
export interface Services {
  readonly jobs: {
    list(asking: Asking, filter: { environment?: string }): Promise<readonly JobView[]>;
    /** Asks the targets too. */
    status(asking: Asking, filter: { job?: string; environment?: string }): Promise<readonly JobView[]>;
    history(asking: Asking, filter: { job?: string; environment?: string; limit: number }): Promise<readonly RunView[]>;
  };
  readonly runs: {
    request(asking: Asking, wanted: WantedOfJob): Promise<Outcome<RunView>>;
    rerun(asking: Asking, run: number, options?: RunOptions): Promise<Outcome<RunView>>;
    /** `cannot`: the target has no way to stop it, so asking again changes nothing; with what people can be told. */
    abort(
      asking: Asking,
      run: number,
      reason: string | null,
    ): Promise<{ run: RunView; said: string; cannot?: Unstoppable }>;
    /** Asked of the target; paused, or running again, when it says so. */
    pause(asking: Asking, run: number): Promise<{ run: RunView; said: string }>;
    resume(asking: Asking, run: number): Promise<{ run: RunView; said: string }>;
    /** A run of its own that brings the snapshot of run `run` back; one whose restore failed is restored again itself. */
    restore(
      asking: Asking,
      run: number,
      reason: string | null,
      options?: Pick<RunOptions, "override">,
    ): Promise<Outcome<RunView>>;
    /** The same checks and questions as `request` or `rerun`, and nothing is started. */
    dryRun(asking: Asking, wanted: WantedOfJob): Promise<DryRunView>;
    dryRerun(asking: Asking, run: number, options?: RunOptions): Promise<DryRunView>;
    dryRestore(asking: Asking, run: number, options?: Pick<RunOptions, "override">): Promise<DryRunView>;
    /** Says yes to a run that waits for approvals, to exactly what was asked for. */
    approve(asking: Asking, run: number): Promise<RunView>;
    /** Asks for the reason when none is given, of those who may reject it. */
    reject(asking: Asking, run: number, reason: string): Promise<Outcome<RunView>>;
    /** Takes back a run of which nothing was begun: its requester, or whoever may abort it. */
    withdraw(asking: Asking, run: number, reason: string | null): Promise<RunView>;
    settle(
      asking: Asking,
      run: number,
      word: { outcome?: "succeeded" | "failed" | "aborted"; reason?: string },
    ): Promise<Outcome<RunView>>;
    get(asking: Asking, run: number): Promise<RunView>;
    /** The newest run of that job and environment that `abort` or `settle` could be meant for. */
    newest(asking: Asking, job: string, environment: string): Promise<RunView | null>;
  };
  readonly chains: {
    /** Jobs one after the other; the run of the first. The next is asked of the guard when the one before has succeeded. */
    start(asking: Asking, wanted: ChainTyped): Promise<Outcome<RunView>>;
    /** The same checks of each of its runs as they stand now, and nothing is started. */
    dryStart(asking: Asking, wanted: ChainTyped): Promise<DryChainView>;
  };
  readonly pins: {
    /** Holds the target's own schedule at a version, and reads it back. */
    set(
      asking: Asking,
      wanted: { job: string; environment: string; version: string; reason?: string; override?: string },
    ): Promise<Outcome<PinView>>;
    /** Lets it go: to what it was, or to the version given. */
    clear(
      asking: Asking,
      wanted: { job: string; environment: string; to?: string; reason?: string; override?: string },
    ): Promise<Outcome<PinView>>;
  };
  readonly changes: ChangeServices;
  readonly fanouts: FanoutServices;
  readonly deadLetters: DeadLetterServices;
  readonly monitors: MonitorServices;
  readonly sentry: SentryServices;
  readonly gates: GateServices;
  readonly freezes: {
    list(asking: Asking): Promise<readonly FreezeView[]>;
    add(asking: Asking, wanted: WantedFreeze): Promise<FreezeView>;
    end(asking: Asking, name: string, reason: string): Promise<FreezeView>;
    /** Lets one run start in spite of the freeze that holds it. */
    override(asking: Asking, run: number, reason: string): Promise<RunView>;
  };
  readonly permissions: {
    show(
      asking: Asking,
      about: { person?: string; job?: string; environment?: string },
    ): Promise<{ person: string; lines: readonly PermissionView[] }>;
    /** Everyone on the rota who could not run tonight's jobs, and each target that would refuse Nightdesk. */
    gaps(asking: Asking): Promise<{
      people: readonly { person: string; job: string; environment: string; why: string; wayOut: string }[];
      targets: readonly { target: string; job: string; environment: string; why: string; wayOut: string }[];
      notKnown: readonly string[];
    }>;
  };
  readonly incidents: {
    /** Which actions on incidents the asker has a grant for somewhere: for help. */
    may(asking: Asking): Promise<readonly Action[]>;
    open(
      asking: Asking,
      what: { title: string; severity?: Severity; environment?: string; service?: string; at?: Instant },
    ): Promise<IncidentView>;
    list(asking: Asking, filter: { status?: IncidentStatus; all?: boolean }): Promise<readonly IncidentView[]>;
    get(asking: Asking, incident: number): Promise<IncidentView>;
    acknowledge(asking: Asking, incident: number): Promise<IncidentView>;
    assign(asking: Asking, incident: number, person: string): Promise<IncidentView>;
    /** `marked`: the message of its thread that this is about was a line already; it is marked as key instead. */
    note(
      asking: Asking,
      incident: number,
      note: { text: string; at?: Instant; message?: MessageInThread },
    ): Promise<IncidentView & { readonly marked?: true }>;
    setStatus(asking: Asking, incident: number, status: IncidentStatus, reason?: string): Promise<IncidentView>;
    setSeverity(asking: Asking, incident: number, severity: Severity, reason?: string): Promise<IncidentView>;
    /** `incident` is closed and goes on in `into`. `across`: why they are one although they are of two environments. */
    merge(
      asking: Asking,
      incident: number,
      into: number,
      across?: string,
    ): Promise<{ into: IncidentView; from: IncidentView }>;
    /** Takes a part out into an incident of its own, never to join again. */
    split(asking: Asking, incident: number, what: WantedSplit): Promise<{ from: IncidentView; own: IncidentView }>;
    timeline(asking: Asking, incident: number): Promise<readonly TimelineView[]>;
    export(
      asking: Asking,
      incident: number,
      format: string,
    ): Promise<{ url: string | null; path: string | null; version: number; unchanged: boolean }>;
  };
}
