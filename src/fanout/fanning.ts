import type { Stepping } from "../jobs/step.ts";

/** Where the result of a run is shown: the thread of the run, or of its incident. Each throws when it is not taken. */
export interface ResultFiles {
  /** Whether there is a thread yet. */
  ready(runId: number): Promise<boolean>;
  /** Uploads a file that nobody sees yet: its id. */
  keep(file: { readonly name: string; readonly text: string }): Promise<string>;
  /**
   * Shows it: its address; null when it is not known (any more). `before`: that may have been asked for before; it is
   * shown once all the same.
   */
  show(file: {
    readonly id: string;
    readonly runId: number;
    readonly title: string;
    readonly before: boolean;
  }): Promise<string | null>;
}

/** What every step of a fan-out needs. */
export interface Fanning extends Stepping {
  readonly resultFiles: ResultFiles;
}
