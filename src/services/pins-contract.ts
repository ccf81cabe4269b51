import type { Instant } from "../base/clock.ts";
import type { PinState } from "../jobs/pins.store.ts";
import type { Asking } from "./contract.ts";
import type { Outcome } from "./requests-contract.ts";

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

/** Use cases of pins. */
export interface PinServices {
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
}
