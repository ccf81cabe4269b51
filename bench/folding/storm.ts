import type { SlackEnvelope } from "../../src/intake/receive.ts";
import type { HookRequest } from "../../src/intake/sources/contract.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

/** What arrives, made at the machine time at which it does: a signed webhook call, an event of Slack, or what a monitor of ours found. */
export type Arriving =
  | { readonly monitor: { readonly job: string; readonly environment: string; readonly title: string } }
  | { readonly hook: string; readonly request: (machineMs: number) => HookRequest }
  | { readonly slack: (machineMs: number) => SlackEnvelope };

/** A delivery with what an honest person on call would say, afterwards, that its signals were about. */
export interface Delivery {
  /** Milliseconds after the storm's beginning at which it arrives. */
  readonly atMs: number;
  /** The root cause, one for each of its signals in their order. Two signals of one label belong in one incident. */
  readonly labels: readonly string[];
  readonly arriving: Arriving;
}

export interface Storm {
  readonly kind: string;
  readonly seed: string;
  readonly startsAt: string;
  /** Sections of `nightdesk.yml`. */
  readonly catalogue: Readonly<Record<string, unknown>>;
  /** In the order of their arrival. */
  readonly deliveries: readonly Delivery[];
}

/** Tells one kind of night. It draws names from the world and lets senders speak; all chance comes from `random`. */
export interface Kind {
  readonly kind: string;
  /** Why its labels are what an honest person on call would say. */
  readonly why: string;
  tell(world: World, random: Random): void;
}
