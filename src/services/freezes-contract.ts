import type { Instant } from "../base/clock.ts";
import type { NewFreeze } from "../guard/freezes.store.ts";
import type { Asking } from "./contract.ts";
import type { RunView } from "./runs-contract.ts";

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

/** Jobs and environments by names or globs. `from`: null is from now on. */
export type WantedFreeze = Omit<NewFreeze, "from"> & { readonly from: Instant | null };

/** Use cases of freezes. */
export interface FreezeServices {
  list(asking: Asking): Promise<readonly FreezeView[]>;
  add(asking: Asking, wanted: WantedFreeze): Promise<FreezeView>;
  end(asking: Asking, name: string, reason: string): Promise<FreezeView>;
  /** Lets one run start in spite of the freeze that holds it. */
  override(asking: Asking, run: number, reason: string): Promise<RunView>;
}
