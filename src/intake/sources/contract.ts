import type { z } from "zod";
import type { Instant } from "../../base/clock.ts";
import type { Catalogue, Severity, SignalKind } from "../../config/catalogue.ts";

/** One webhook call as it arrived: header names in lower case, `body` the raw bytes. */
export interface HookRequest {
  readonly method: string;
  /** What follows `/hooks/<source>`, without the query: "" or "/<secret>/…". */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Where it came from (an address), kept with what cannot be authenticated. */
  readonly sender?: string;
}

/** What of a saved delivery a source parses. `body` is the raw text, `request.path` has no secret in it. */
export interface Delivery {
  readonly id: number;
  readonly source: string;
  readonly resource: string | null;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly query: Readonly<Record<string, string>>;
  };
  readonly body: string;
  readonly receivedAt: Instant;
}

/** A delivery in the normal form. Names are as the sender wrote them; `process` resolves aliases by the catalogue. */
export interface Signal {
  readonly kind: SignalKind;
  readonly title: string;
  /** When it happened, by the sender; a source without a time of its own gives the delivery's. */
  readonly at: Instant;
  /**
   * What it says holds as of then, where that is earlier: a build that ends now was made of what there was when it began.
   * Of two words about one condition the one with the later such time is the newer.
   */
  readonly asOf?: Instant | undefined;
  readonly service?: string | undefined;
  readonly environment?: string | undefined;
  /** Candidates, when the sender cannot say which environment spoke. */
  readonly environments?: readonly string[] | undefined;
  readonly job?: string | undefined;
  /** What tells one cause from another within a service: the alert rule, the error's class. Part of the folding key. */
  readonly cause?: string | undefined;
  /**
   * The sender's id of what fires here and is resolved later (an issue, an alert's fingerprint): an incident is over
   * when all of these are. Without it the cause within service and job.
   */
  readonly condition?: string | undefined;
  readonly severity?: Severity | undefined;
  /** The sender's id of one execution: pairs its start with its end. */
  readonly rid?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly counts?: Readonly<Record<string, number>> | undefined;
  readonly error?: string | undefined;
  readonly url?: string | undefined;
}

/** `path`: what of the request's path is kept, without its secret; "" unless said. */
export type Verdict = { readonly ok: true; readonly path?: string } | { readonly ok: false; readonly reason: string };

/** How long a delivery key keeps a second delivery out: for ever, or (where the key is only a hash) for a while. */
export interface DeliveryKey {
  readonly key: string;
  readonly forMs?: number;
}

/** What a delivery says: signals, nothing that concerns us, or something that it should not say (kept, shown). */
export type Parsed =
  | { readonly kind: "signals"; readonly signals: readonly Signal[] }
  | { readonly kind: "ignored"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string };

/**
 * A kind of sender. One file, listed in `index.ts`. `Settings` is its entry under `sources:` of the catalogue.
 * All functions are pure; none fetches what a sender names.
 */
export interface Source<Settings> {
  readonly kind: string;
  readonly settings: z.ZodType<Settings>;
  /** Signed by a header, or by a secret in the path; `machineNow` is machine time. */
  verify(request: HookRequest, settings: Settings, machineNow: Instant): Verdict;
  /** Of a request that was verified and is well-formed. */
  deliveryKey(request: HookRequest, settings: Settings): DeliveryKey;
  /** Cheap: whether a verified request can be understood at all. What cannot is kept as refused and answered 400. */
  wellFormed?(request: HookRequest, settings: Settings): Verdict;
  /** The vendor's word for what this delivery is, kept beside it. */
  resource?(request: HookRequest): string | null;
  parse(delivery: Delivery, settings: Settings, catalogue: Catalogue): Parsed;
  /** Statuses other than 202: a ping answers 200 "OK". */
  readonly acceptedStatus?: number | ((request: HookRequest) => number);
}
