import type { Asking } from "./contract.ts";

export type SentryAction = "resolve" | "ignore" | "assign";

/** An issue of Sentry's that an incident is about. */
export interface SentryIssueView {
  /** What people call it: `ESR-1`, else `issue 4711`. */
  readonly name: string;
  readonly url: string | null;
  /** As far as Nightdesk was told: neither resolved nor archived. */
  readonly open: boolean;
  /** Whether the catalogue gives its source an API by which it can be changed. */
  readonly reachable: boolean;
}

export interface WantedOfSentry {
  readonly action: SentryAction;
  /** Of `assign`: a key of the catalogue or a Slack id. */
  readonly person?: string;
  /** Short ids or ids; absent: all that are open. */
  readonly issues?: readonly string[];
}

/** What Sentry is asked to do; the thread tells what became of it. */
export interface SentryChangeView {
  readonly incident: number;
  readonly action: SentryAction;
  readonly issues: readonly string[];
  readonly to: string | null;
}

export interface SentryServices {
  issues(asking: Asking, incident: number): Promise<readonly SentryIssueView[]>;
  change(asking: Asking, incident: number, wanted: WantedOfSentry): Promise<SentryChangeView>;
}
