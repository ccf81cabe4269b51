/** What can be read about the workspace itself. Types only; `contract.ts` re-exports them. */

import type { Ts } from "./shapes.ts";

/** Since the start or the last `mark()`. */
export interface Counters {
  /** By method, `auth.test` not counted; refused and rate-limited calls are calls. */
  calls: Record<string, number>;
  /** The sum of `calls`. */
  total: number;
  /** Calls refused with `invalid_blocks`, or a view's `invalid_arguments`. */
  refusedBlocks: number;
  missingScopes: number;
  rateLimited: number;
  /** Event deliveries tried, retries included, and those given up. */
  eventsSent: number;
  eventsLost: number;
}

/** One thing that changed, in order; also what the stream sends. */
export interface Change {
  /** Rises by one. */
  seq: number;
  /** Epoch ms, by `clock`. */
  at: number;
  kind:
    | "message"
    | "message_changed"
    | "message_deleted"
    | "reaction"
    | "pin"
    | "file"
    | "ephemeral"
    | "ephemeral_deleted"
    | "modal"
    | "home"
    | "channel"
    | "switch";
  /** Ids. `user` is who acted, or who alone can see it (ephemeral, modal, home). */
  channel?: string;
  user?: string;
  ts?: Ts;
  threadTs?: Ts;
  /** Plain text of what is now shown. */
  text?: string;
}

/** The switches as they stand. */
export interface Switches {
  outage: boolean;
  slowMs: number;
  dropAfterSend: number;
  eventsDown: boolean;
  limits: { method: string; retryAfter: number; times: number | null }[];
}

export interface PersonShown {
  key: string;
  id: string;
  name: string;
  realName: string;
  email: string;
  timezone: string;
  guest: boolean;
  foreign: boolean;
  bot: boolean;
  deleted: boolean;
}

export interface ChannelShown {
  name: string;
  id: string;
  private: boolean;
  archived: boolean;
  /** Whether the app's bot is in it. */
  bot: boolean;
  /** Ids of its people. */
  members: string[];
}

/** What a page needs to draw the frame: `GET /_twin/workspace`. */
export interface WorkspaceShown {
  team: { id: string; name: string; domain: string };
  app: { id: string; name: string; botUserId: string; botId: string; connected: boolean };
  people: PersonShown[];
  channels: ChannelShown[];
  /** Names of third-party bots by `bot_id`. */
  bots: Record<string, string>;
  groups: { id: string; handle: string; users: string[] }[];
  commands: { command: string; description: string; usageHint: string }[];
  shortcuts: { name: string; callbackId: string; type: "message" | "global"; description: string }[];
  switches: Switches;
  /** The newest `Change.seq`. */
  seq: number;
}
