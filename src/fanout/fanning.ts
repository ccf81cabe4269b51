import type { Stepping } from "../jobs/step.ts";

/** Puts a file into the thread of a run (its incident's, when it has one): its address; null while there is no thread. */
export type UploadToRun = (file: {
  readonly runId: number;
  readonly name: string;
  readonly title: string;
  readonly bytes: Buffer;
}) => Promise<string | null>;

/** What every step of a fan-out needs. */
export interface Fanning extends Stepping {
  readonly uploadToRun: UploadToRun;
}
