import type { Instant } from "../base/clock.ts";
import type { Impact } from "../changes/contracts.ts";
import type { DeployOutcome } from "../changes/deploy.ts";
import type { Asking } from "./contract.ts";

/** A deploy as its senders told it. */
export interface DeployView {
  /** Nightdesk's number of it. */
  readonly id: number;
  /** `tcs 6.2.0` */
  readonly name: string;
  readonly service: string | null;
  readonly environment: string | null;
  /** Where it may be when the sender does not say which. */
  readonly candidates: readonly string[];
  readonly version: string | null;
  readonly sha: string | null;
  readonly ref: string | null;
  readonly outcome: DeployOutcome;
  /** Who deployed, as the sender calls them. */
  readonly by: string | null;
  readonly url: string | null;
  readonly source: string;
  readonly at: Instant;
  readonly learnedAt: Instant;
}

/** A deploy that may be why an incident began. */
export interface SuspectView extends DeployView {
  /** 1 is first. */
  readonly rank: number;
  /** `12 min before the first alert, upstream of esr-generator` */
  readonly reason: string;
}

/** Whom changes of some shapes reach, and why these were asked about. */
export interface ImpactView {
  /** The shape itself, a service that owns them, or the first suspect of an incident. */
  readonly about:
    | { readonly kind: "contract" }
    | { readonly kind: "service"; readonly service: string }
    | { readonly kind: "suspect"; readonly service: string; readonly name: string; readonly incident: number };
  readonly contracts: readonly Impact[];
}

export interface ChangeServices {
  /** Newest first. */
  deploys(
    asking: Asking,
    filter: { readonly service?: string; readonly environment?: string; readonly limit: number },
  ): Promise<readonly DeployView[]>;
  /** Of a shape, or of all that a service owns; without a name, of what the first suspect of the thread's incident owns. */
  impact(asking: Asking, name: string | null): Promise<ImpactView>;
}
