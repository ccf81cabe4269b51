/** How something is asked for, and what is answered before it is done: a question, or what would come of it. */

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
