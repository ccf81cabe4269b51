import type { Instant } from "../base/clock.ts";
import type { Severity } from "../config/catalogue.ts";
import type { IncidentStatus } from "../incidents/incident.ts";
import type { PinState } from "../jobs/pins.store.ts";
import type { RunKind } from "../jobs/runs.store.ts";
import type { RunState } from "../jobs/states.ts";
import type { SuspectView } from "./changes-contract.ts";
import type { GapToCopy } from "./runs-gap.ts";

/** What use cases take and give, as people and the API see it: plain data, made by `services/`, drawn by each surface. */

/** A run as people and the API see it. */
export interface RunView {
  readonly number: number;
  readonly state: RunState;
  readonly job: string;
  readonly environment: string;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly version: string | null;
  readonly by: string;
  readonly byName: string;
  readonly approvedBy: readonly string[];
  readonly requestedAt: Instant;
  readonly startedAt: Instant | null;
  readonly finishedAt: Instant | null;
  readonly stateSince: Instant;
  readonly incident: number | null;
  readonly parent: number | null;
  readonly proved: boolean;
  readonly restored: boolean;
  /** One sentence: why it is in this state, and on what evidence. */
  readonly because: string;
  readonly attempt: number;
  readonly kind: RunKind;
  /** While it runs: when it should end, by what runs like it took and by its own pace; null: nobody can say. */
  readonly expectedEndAt: Instant | null;
  /** The same in words: `about 12 min to go (usually 18 min, 9 of 10 within 25 min)`. */
  readonly left: string | null;
  /** `usually 18 min, 9 of 10 within 25 min`; null: not known. */
  readonly usual: string | null;
  /** How many ids are in which state; null: it hands over no ids. */
  readonly items: Readonly<Record<string, number>> | null;
  /** A comparison that has read both sides: how many ids only the target has, and only the source; null: it is none. */
  readonly found: { readonly orphans: number; readonly lost: number } | null;
  readonly mended: Mended;
  readonly chain: ChainPlace | null;
  /** Once it has succeeded: the jobs that the catalogue has after it there, unless a chain sees to them. */
  readonly then: readonly string[];
  /** It reset a follower's place, and what that skipped is not copied yet: the run that copies it. */
  readonly gap: GapToCopy | null;
  /** The pin of its target's schedule, while there is one. */
  readonly pin: PinView | null;
  /** What its target can do with it now. */
  readonly can: RunAbilities;
  /** While it has not ended: why its target cannot be asked for it any more; null: it can. */
  readonly lost: string | null;
  /** Why it makes no sense to run it as it is, now or again; null: nothing speaks against it. */
  readonly noRerun: string | null;
}

/** The numbers of the runs that set right what a run left, or found: proved; null: none did. */
export interface Mended {
  /** Brought its snapshot back. */
  readonly restored: number | null;
  /** Of a comparison: deleted what only the target had, resynced what only the source had. */
  readonly deleted: number | null;
  readonly resynced: number | null;
  /** Of a fan-out: did what had failed, or was skipped; none: it is not all done. */
  readonly failed: readonly number[];
  readonly skipped: readonly number[];
}

/** What can be done with a run as it stands, by what its target is able to do. */
export interface RunAbilities {
  readonly abort: boolean;
  readonly pause: boolean;
  /** Continue it from where it ended. */
  readonly resumeFailed: boolean;
  /** Bring back the snapshot that was taken before it. */
  readonly restore: boolean;
}

/** What can be told of a run that cannot be stopped. */
export interface Unstoppable {
  /** `about 12 min to go (usually 18 min)`; null when nobody knows. */
  readonly left: string | null;
  /** What people see meanwhile who read what it writes, as the catalogue says. */
  readonly readers: string | null;
  /** One paragraph for them, to be copied. */
  readonly notice: string;
}

/** Where a run stands in a chain of jobs. Positions count from 1. */
export interface ChainPlace {
  readonly position: number;
  readonly jobs: readonly string[];
  readonly state: "running" | "done" | "stopped";
  /** Why it stopped, what was not run, and how to go on. */
  readonly said: string | null;
  /** The number of the run after it. */
  readonly next: number | null;
}

/** A target's own schedule, held at a version. Only `set` is proved. */
export interface PinView {
  readonly job: string;
  readonly environment: string;
  readonly version: string;
  /** What it pointed at before; null: not known. */
  readonly was: string | null;
  readonly state: PinState;
  /** What it points at once it is unpinned. */
  readonly to: string | null;
  readonly by: string;
  readonly byName: string;
  readonly since: Instant;
  readonly because: string | null;
  /** The target's word, or why it failed. */
  readonly detail: string | null;
}

/** An incident as people and the API see it. */
export interface IncidentView {
  readonly number: number;
  readonly status: IncidentStatus;
  readonly severity: Severity;
  readonly title: string;
  readonly environment: string | null;
  /** Where it may be when the sender does not say which. */
  readonly candidates?: readonly string[];
  readonly services: readonly string[];
  readonly jobs: readonly string[];
  readonly owner: string | null;
  readonly ownerName: string | null;
  readonly signals: number;
  /** Those of them that say that something is wrong. */
  readonly alerts: number;
  /** It is closed: everything goes on in the incident with this number. */
  readonly mergedInto?: number;
  /** `6 changes in 20 min`, while it changes to and fro. */
  readonly flapping?: string;
  readonly openedAt: Instant;
  readonly firstSeenAt: Instant;
  readonly lastSeenAt: Instant;
  readonly resolvedAt: Instant | null;
  /** Deploys that may be why it began, the likeliest first; absent: not looked up. */
  readonly suspects?: readonly SuspectView[];
}

/** What to take out of an incident; all that is given must hold. `incident`: what came with one that was merged into it. */
export interface WantedSplit {
  readonly service?: string;
  readonly job?: string;
  readonly cause?: string;
  /** The number of a signal: it and its repetitions. */
  readonly signal?: number;
  readonly incident?: number;
  readonly title?: string;
}

/** A question (a row of `confirmations`, bound to exactly what was asked) that must be answered before anything is done. */
export interface Question {
  readonly id: string;
  readonly title: string;
  readonly lines: readonly string[];
  readonly look: "green" | "amber" | "red";
  readonly submit: string;
  readonly fields: readonly QuestionField[];
}

export interface QuestionField {
  /** `confirm`, `reason`, `text`, `title`, `severity`, `outcome`, `at` */
  readonly key: string;
  readonly label: string;
  readonly hint?: string;
  /** Exactly this has to be typed (`prod person-sync`). */
  readonly expected?: string;
  readonly options?: readonly { readonly value: string; readonly label: string }[];
  readonly multiline?: boolean;
  readonly optional?: boolean;
  readonly initial?: string;
}

export type Outcome<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "ask"; readonly question: Question };

/** A message of an incident's own thread: a person's, or one of ours that shows an entry of the timeline (its row id). */
export interface MessageInThread {
  readonly ts: string;
  readonly entry?: number;
}

/** A job in one environment, for lists: what it is, what it does now, what the asker may do. */
export interface JobView {
  readonly job: string;
  readonly title: string;
  readonly environment: string;
  readonly protected: boolean;
  readonly look: "green" | "amber" | "red";
  readonly destructive: boolean;
  readonly abortable: boolean;
  readonly may: readonly string[];
  readonly active: RunView | null;
  /** What the target itself says, when it was asked: running though Nightdesk did not start it, or why it is not known. */
  readonly target?: string;
  /** The same as one word; `elsewhere`: something that Nightdesk did not start was heard to begin and not to end. */
  readonly targetSays?: "running" | "not_running" | "elsewhere" | "not_known";
  /** When what Nightdesk did not start was heard to begin; absent: nothing was heard. */
  readonly heardSince?: Instant;
  readonly last: RunView | null;
  readonly parameters: readonly string[];
  /** Jobs that the catalogue has after it, in order. */
  readonly then: readonly string[];
  /** The pin of its target's schedule there; null: none. */
  readonly pin: PinView | null;
  /** The target's name, and what it can and cannot do, a short line each; none where its connector is not known. */
  readonly at: string;
  readonly can: readonly string[];
}

/** One line of the permissions answer. */
export interface PermissionView {
  readonly job: string;
  readonly environment: string;
  readonly action: string;
  readonly allowed: boolean;
  /** By which grant (role), or who may instead. */
  readonly because: string;
  /** What the target answered for Nightdesk's token and for the person; null when it was not asked. */
  readonly own: string | null;
  readonly person: string | null;
}

/** How a run is to be started. */
export interface RunOptions {
  readonly reason?: string;
  /** `previous`, or a version as its target writes it. */
  readonly version?: string;
  /** The target's own schedule is held at the version of this run when it has started. */
  readonly pin?: boolean;
  /** Of a rerun: continue the execution that failed from where it ended. */
  readonly from?: "failed";
  /** Why it is to start in spite of a freeze. */
  readonly override?: string;
}

export interface WantedOfJob extends RunOptions {
  readonly job: string;
  readonly environment: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Jobs one after the other, as typed. */
export interface ChainTyped {
  readonly jobs: readonly string[];
  readonly environment: string;
  readonly reason?: string;
  /** Why each of them is to start in spite of a freeze. */
  readonly override?: string;
}

/** One thing that would be checked or was found before a start. `block`: it would keep it from starting. */
export interface DryCheck {
  readonly check: string;
  readonly level: "info" | "warn" | "block";
  readonly text: string;
  readonly wayOut?: string;
}

/** What would come of a request. Nothing was started. */
export interface DryRunView {
  readonly job: string;
  readonly environment: string;
  readonly look: "green" | "amber" | "red";
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly version: string | null;
  /** What the target would be told; null: it cannot be told anything. */
  readonly plan: string | null;
  /** The guard's checks, in its order. */
  readonly checks: readonly DryCheck[];
  readonly findings: readonly DryCheck[];
  readonly blocked: boolean;
  /** One sentence: what would happen. */
  readonly next: string;
}

/** What would come of a chain. Nothing was started. */
export interface DryChainView {
  readonly environment: string;
  /** Each of its runs as it would be decided now; at its turn it is decided again. */
  readonly runs: readonly DryRunView[];
  readonly blocked: boolean;
  /** What would happen. */
  readonly next: string;
}

/** A time in which nothing is started. */
export interface FreezeView {
  readonly name: string;
  /** `deny`: nothing starts inside of its window; `allow`: nothing starts outside of it. */
  readonly mode: "deny" | "allow";
  readonly jobs: readonly string[];
  readonly environments: readonly string[];
  readonly from: Instant | null;
  readonly to: Instant | null;
  readonly cron: { readonly expression: string; readonly forMs: number; readonly zone: string } | null;
  readonly held: "refuse" | "defer";
  readonly because: string;
  /** Null: it stands in the catalogue. */
  readonly byName: string | null;
  /** Whether it holds now, and until when by itself; null: until somebody ends it. */
  readonly holds: boolean;
  readonly until: Instant | null;
  /** Numbers of runs that it would hold and that go on: they were started before it was made. */
  readonly goingOn: readonly number[];
}

export interface WantedFreeze {
  readonly mode: "deny" | "allow";
  /** Names or globs. */
  readonly jobs: readonly string[];
  readonly environments: readonly string[];
  readonly cron: string | null;
  readonly forMs: number | null;
  readonly zone: string;
  /** Null: from now on. */
  readonly from: Instant | null;
  readonly until: Instant | null;
  readonly held: "refuse" | "defer";
  readonly because: string;
}
