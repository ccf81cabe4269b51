import type { z } from "zod";

/** What a simulated target is given by whoever starts it. All instants are epoch milliseconds of drill time. */
export interface EstateWorld {
  /** Its key under `estate:`. */
  readonly name: string;
  readonly now: () => number;
  /** Whether a drill moves its clock and not everybody has seen it: who now speaks is heard at the old time. */
  readonly moving?: () => boolean;
  /** Posts a plain text to a channel of the emulated workspace as a third party's bot. */
  readonly post: (message: { bot: string; channel: string; text: string }) => Promise<void>;
  /** Where Nightdesk can be reached, for those who tell it something; null while it is not up. */
  readonly nightdesk?: () => string | null;
  /** The people that a user directory knows. */
  readonly people: readonly { readonly key: string; readonly name: string; readonly email: string }[];
}

/** A running target: a real server on loopback, which counts by itself what was done to it. */
export interface Target {
  readonly kind: string;
  readonly url: string;
  /** The bearer token that it accepts. */
  readonly token: string;
  /** When it will next do something by itself; null when it only answers. */
  nextDueAt(): number | null;
  /** Does what is due by now and waits until it is done; the target also does this by itself as time passes. */
  tick(): Promise<void>;
  /** Changes how it behaves; `change` has passed the kind's `changes`. */
  change(change: unknown): Promise<void>;
  /** What `estate NAME:` of an expectation compares. */
  counts(): Record<string, unknown>;
  close(): Promise<void>;
}

/** A kind of target: one file, listed in `index.ts`. Both schemas are strict: a typo must not pass as a behaviour. */
export interface EstateKind {
  readonly name: string;
  readonly options: z.ZodType;
  readonly changes: z.ZodType;
  start(options: unknown, world: EstateWorld): Promise<Target>;
}
