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
  /**
   * The sender's identity of this one firing (an alert's fingerprint and start), where a sender tells again and again
   * what still fires: told again with the same kind it is no new signal (`intake/occurrences.ts`).
   */
  readonly occurrence?: string | undefined;
}

/** `path`: what of the request's path is kept, without its secret; "" unless said. */
export type Verdict = { readonly ok: true; readonly path?: string } | { readonly ok: false; readonly reason: string };

/**
 * What makes a request genuine that only a vendor's certificate can vouch for. The source has held the address against
 * its allow-list; who fetches, keeps and checks the certificate is `intake/certificates.ts`.
 */
export interface Claim {
  /** Where the certificate (PEM) is. */
  readonly certificateUrl: string;
  /** Whom it must have been issued to; null where any name will do (an emulation on this machine). */
  readonly issuedTo: RegExp | null;
  readonly hash: "sha1" | "sha256";
  readonly content: string;
  readonly signature: Buffer;
  /** As in a verdict, once it is proved. */
  readonly path: string;
}

/** Refused, unless its claim is proved: whoever does not look at the claim refuses. */
export type Verification = Verdict | { readonly ok: false; readonly reason: string; readonly claim: Claim };

/** How long a delivery key keeps a second delivery out: for ever, or (where the key is only a hash) for a while. */
export interface DeliveryKey {
  readonly key: string;
  readonly forMs?: number;
  /** What it tells of, in words of its own: left out where Nightdesk asked for the same meanwhile (`saveUnknown`). */
  readonly name?: string;
}

/**
 * What a delivery says: signals, nothing that concerns us, something that it should not say (kept, shown; with signals
 * where people have to see it at once), or that its sender waits for our word (`confirmation`).
 */
export type Parsed =
  | { readonly kind: "signals"; readonly signals: readonly Signal[] }
  | { readonly kind: "ignored"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string; readonly signals?: readonly Signal[] }
  | { readonly kind: "confirm"; readonly reason: string };

/** The address by whose fetching we give our word, for what, and what is over once it is given. */
export type Confirmation =
  | { readonly ok: true; readonly url: string; readonly what: string; readonly ends: Signal }
  | { readonly ok: false; readonly reason: string };

/**
 * A kind of sender. One file, listed in `index.ts`. `Settings` is its entry under `sources:` of the catalogue.
 * All functions are pure; none fetches what a sender names. What has to be fetched is named by a claim or a confirmation,
 * and only when the address passed the source's own allow-list.
 */
export interface Source<Settings> {
  readonly kind: string;
  readonly settings: z.ZodType<Settings>;
  /** Signed by a header, or by a secret in the path; `machineNow` is machine time. */
  verify(request: HookRequest, settings: Settings, machineNow: Instant): Verification;
  /**
   * What comes in without a signature under these settings, as the subject of "… cannot sign"; null when every request is
   * signed. Such requests need the secret in their path or a header, and it is said at start and by `nightdesk check`.
   */
  unsigned(settings: Settings): string | null;
  /** Of a request that was verified and is well-formed. */
  deliveryKey(request: HookRequest, settings: Settings): DeliveryKey;
  /** Cheap: whether a verified request can be understood at all. What cannot is kept as refused and answered 400. */
  wellFormed?(request: HookRequest, settings: Settings): Verdict;
  /** The vendor's word for what this delivery is, kept beside it. */
  resource?(request: HookRequest): string | null;
  parse(delivery: Delivery, settings: Settings, catalogue: Catalogue): Parsed;
  /** Of a delivery that was parsed as `confirm`. Asked again at every attempt: the catalogue may have changed. */
  confirmation?(delivery: Delivery, settings: Settings): Confirmation;
  /** Statuses other than 202: a ping answers 200 "OK". */
  readonly acceptedStatus?: number | ((request: HookRequest) => number);
}
