import type { Instant } from "../base/clock.ts";
import type { Asking } from "./contract.ts";
import type { PinView } from "./pins-contract.ts";
import type { RunView } from "./runs-contract.ts";

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

/** Use cases of jobs: what there is, what it does, what it did. */
export interface JobServices {
  list(asking: Asking, filter: { environment?: string }): Promise<readonly JobView[]>;
  /** Asks the targets too. */
  status(asking: Asking, filter: { job?: string; environment?: string }): Promise<readonly JobView[]>;
  history(asking: Asking, filter: { job?: string; environment?: string; limit: number }): Promise<readonly RunView[]>;
}

/** Who may what, and where somebody would be refused. */
export interface PermissionServices {
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
}
