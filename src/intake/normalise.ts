import { Temporal } from "temporal-polyfill";
import type { Instant } from "../base/clock.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { namesOf } from "../config/names.ts";
import { redactorOf } from "../incidents/redact.ts";
import { conditionOf, type NewSignal } from "../incidents/signal.ts";
import type { Heard } from "./occurrences.ts";
import type { Delivery, Signal } from "./sources/contract.ts";

/** A time that is stated for longer ago than this is a wrong clock or a sample: the delivery's time is used instead. */
const BELIEVED_FOR_MS = 7 * 86_400_000;
const MOST_TAGS = 60;

/**
 * A sender's signal in the catalogue's words: names resolved, texts redacted, cut to a size and made storable, the
 * service taken from the job where the sender named none, candidates narrowed to environments that know the job.
 */
export function normalise(
  signal: Signal,
  from: { readonly delivery: Delivery; readonly ordinal: number; readonly source: string },
  catalogue: Catalogue,
): Heard {
  const names = namesOf(catalogue);
  const redact = redactorOf(catalogue);
  // Cut first, so that no length of a stranger's text is redacted in vain; a secret cut in half is still its shape.
  const clean = (text: string, most: number) => shorten(redact(storable(text).slice(0, most * 2)).trim(), most);
  const orNull = (text: string | undefined, most: number) => (text === undefined ? null : clean(text, most) || null);

  const job = signal.job === undefined ? null : names.job(storable(signal.job)).slice(0, 200);
  const at = believed(signal.at, from.delivery.receivedAt);
  const place = placeOf(signal, { job, catalogue });
  const service =
    signal.service === undefined
      ? serviceOfJob(catalogue, job, place)
      : names.service(storable(signal.service)).slice(0, 200);
  const normal = {
    inboxId: from.delivery.id,
    ordinal: from.ordinal,
    source: from.source,
    kind: signal.kind,
    title: clean(signal.title.replace(/\s+/g, " "), 300) || `${signal.kind} without a title`,
    service,
    ...place,
    job,
    cause: orNull(signal.cause?.replace(/\s+/g, " "), 200) ?? job,
    severity: signal.severity ?? null,
    rid: signal.rid === undefined ? null : storable(signal.rid).slice(0, 200),
    tags: Object.fromEntries(
      Object.entries(signal.tags ?? {})
        .slice(0, MOST_TAGS)
        .map(([key, value]) => [clean(key, 100), clean(value, 500)]),
    ),
    counts: signal.counts ?? null,
    error: orNull(signal.error, 3_000),
    url: orNull(signal.url, 1_000),
    at,
    ...(signal.asOf === undefined ? {} : { asOf: earlier(signal.asOf, at) }),
    receivedAt: from.delivery.receivedAt,
  } satisfies Omit<NewSignal, "condition">;
  return {
    ...normal,
    condition: conditionOf(normal, signal.condition),
    ...(signal.occurrence === undefined ? {} : { occurrence: signal.occurrence }),
  };
}

/** Postgres keeps neither NUL nor halves of surrogate pairs. */
export function storable(text: string): string {
  return text.replaceAll("\u0000", "").toWellFormed();
}

function placeOf(
  signal: Signal,
  of: { job: string | null; catalogue: Catalogue },
): { environment: string | null; environments: readonly string[] } {
  const names = namesOf(of.catalogue);
  const named = signal.environment?.trim();
  if (named !== undefined && named !== "") {
    return { environment: names.environment(storable(named)).slice(0, 100), environments: [] };
  }
  const candidates = [...new Set((signal.environments ?? []).map((environment) => names.environment(environment)))];
  const job = of.job !== null && Object.hasOwn(of.catalogue.jobs, of.job) ? of.catalogue.jobs[of.job] : undefined;
  const possible = candidates.filter(
    (environment) => job !== undefined && Object.hasOwn(job.environments, environment),
  );
  const left = possible.length > 0 ? possible : candidates;
  const [only] = left;
  return left.length === 1 && only !== undefined
    ? { environment: only, environments: [] }
    : { environment: null, environments: left };
}

function serviceOfJob(
  catalogue: Catalogue,
  job: string | null,
  place: { environment: string | null; environments: readonly string[] },
): string | null {
  const known = job !== null && Object.hasOwn(catalogue.jobs, job) ? catalogue.jobs[job] : undefined;
  if (known === undefined) return null;
  const environments = place.environment === null ? place.environments : [place.environment];
  const services = environments.map((name) => known.environments[name]?.service);
  const service = services.find((name) => name !== undefined);
  return service === undefined ? null : namesOf(catalogue).service(service);
}

function believed(stated: Instant, receivedAt: Instant): Instant {
  const aheadMs = stated.epochMilliseconds - receivedAt.epochMilliseconds;
  return aheadMs > 0 || -aheadMs > BELIEVED_FOR_MS
    ? receivedAt
    : Temporal.Instant.fromEpochMilliseconds(stated.epochMilliseconds);
}

const earlier = (a: Instant, b: Instant): Instant =>
  Temporal.Instant.fromEpochMilliseconds(Math.min(a.epochMilliseconds, b.epochMilliseconds));

const shorten = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…`.toWellFormed() : text;
