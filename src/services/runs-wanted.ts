import type { Action } from "../config/catalogue.ts";
import type { Placed } from "../guard/names.ts";
import type { Handle } from "../jobs/connectors/contract.ts";
import type { Run, RunKind } from "../jobs/runs.store.ts";
import type { Tx } from "../store/store.ts";
import type { Bound } from "./confirmations.ts";
import type { ParameterValues } from "./runs-parameters.ts";

/** A run that somebody wants, everything resolved and validated. */
export interface WantedRun {
  readonly placed: Placed;
  readonly parameters: ParameterValues;
  /** Redacted. */
  readonly reason: string | null;
  readonly parent: Run | null;
  readonly incidentId: number | null;
  /** Of what sort it is; a plain run when absent. */
  readonly kind?: RunKind;
  /** The grant that it needs (`run` when absent), and the audit's noun.verb (`run.request` when absent). */
  readonly action?: Action;
  readonly audit?: string;
  readonly version?: string | null;
  readonly resumeOf?: Handle | null;
  readonly chain?: { readonly id: number; readonly position: number };
  readonly pinAfterStart?: boolean;
  /** Why it is to start in spite of a freeze; redacted. */
  readonly override?: string;
  /** What else the typed confirmation is bound to: what distinguishes this request beside the fields above. */
  readonly bound?: Bound;
  /** What the question says instead of `PROD: start JOB?`, of the line on what it does and of `Start it`; further lines. */
  readonly says?: {
    readonly title?: string;
    readonly does?: string;
    readonly submit?: string;
    readonly lines?: readonly string[];
  };
  /** Asked also where nothing has to be typed: what it does is shown before anything is done. */
  readonly preview?: boolean;
  /** A form that this person answered before covers this run too (a chain's): how it was confirmed, for the audit. */
  readonly coveredBy?: string;
  /** Writes what belongs to the run, in the transaction that made it. May move or keep the run. */
  readonly afterBirth?: (tx: Tx, run: Run) => Promise<void>;
}
