import type { Catalogue } from "../../../config/catalogue.ts";
import { namesOf } from "../../../config/names.ts";
import { type Fields, fieldsOf, firstText, isFields, textOf } from "../../reading.ts";
import type { Signal } from "../contract.ts";
import { knownService, listOf, serviceOf } from "./told.ts";

/**
 * A monitor of Sentry's Crons that fails, from the issue or the event that tells of it; null when it is none. Names the job
 * when the monitor is called like one, or `crons:` says which it watches. It is an alarm about a job, and no word of the job:
 * `firing`, which proves no run's end.
 */
export function cronOf(
  signal: Signal,
  from: {
    readonly issue: Fields;
    readonly event: Fields;
    readonly tags: Readonly<Record<string, string>>;
    readonly projects: readonly unknown[];
    readonly catalogue: Catalogue;
    readonly crons: Readonly<Record<string, string>>;
  },
): Signal | null {
  const monitor = monitorOf(signal, from);
  if (monitor === null) return null;
  const { name, slug, reason } = monitor;
  const job = jobOf([slug, name], from);
  const environment = firstText(from.tags["monitor.environment"], signal.environment);
  const cause = slug ?? slugged(name);
  return {
    ...signal,
    title: signal.kind === "firing" ? `Sentry cron ${name} ${failing(reason)}` : `Sentry cron ${name}`,
    cause,
    environment,
    service:
      knownService(from.projects, from.catalogue) ??
      serviceOfJob(from.catalogue, { job, environment }) ??
      serviceOf(from.projects, from.catalogue),
    job,
    error: signal.kind === "firing" ? reason : signal.error,
    tags: { ...signal.tags, "sentry.monitor": cause },
  };
}

function monitorOf(
  signal: Signal,
  { issue, event, tags }: { issue: Fields; event: Fields; tags: Readonly<Record<string, string>> },
): { name: string; slug: string | undefined; reason: string | undefined } | null {
  const context = fieldsOf(fieldsOf(event, "contexts"), "monitor");
  const titled = /^Monitor failure:\s*(\S.*)$/i.exec(signal.title)?.[1];
  const slug = firstText(tags["monitor.slug"], context["slug"]);
  const isCron = issue["issueType"] === "monitor_check_in_failure" || slug !== undefined || titled !== undefined;
  const name = firstText(context["name"], titled, slug);
  if (!isCron || name === undefined) return null;
  return { name, slug, reason: reasonOf(event, issue) };
}

/** "A missed check-in was detected", from the evidence that Sentry shows, or the issue's subtitle. */
function reasonOf(event: Fields, issue: Fields): string | undefined {
  const occurrence = fieldsOf(event, "occurrence");
  const evidence = [...listOf(occurrence["evidenceDisplay"]), ...listOf(occurrence["evidence_display"])].filter(
    isFields,
  );
  const reason = evidence.find((one) => /failure reason/i.test(textOf(one["name"]) ?? ""))?.["value"];
  return firstText(reason, occurrence["subtitle"], fieldsOf(issue, "metadata")["value"], event["message"]);
}

/** What went wrong in words; several at once are just a failure, with Sentry's reason after it. */
function failing(reason: string | undefined): string {
  const said = reason ?? "";
  const kinds = [
    ...(/\bmissed\b/i.test(said) ? ["missed its check-in"] : []),
    ...(/\btime(d )?-?out\b/i.test(said) ? ["ran too long"] : []),
    ...(/\berror\b/i.test(said) ? ["reported an error"] : []),
  ];
  return kinds.length === 1 ? String(kinds[0]) : "failed";
}

function jobOf(
  candidates: readonly (string | undefined)[],
  { catalogue, crons }: { catalogue: Catalogue; crons: Readonly<Record<string, string>> },
): string | undefined {
  const names = namesOf(catalogue);
  const told = Object.entries(crons);
  const given = candidates.filter((name) => name !== undefined);
  const set = given.flatMap((name) => told.filter(([monitor]) => same(monitor, name)).map(([, job]) => job))[0];
  const asked = set === undefined ? given : [set];
  return asked.map((name) => names.keyOf("job", name)).find((key) => key !== null) ?? undefined;
}

/** The service of the job where it ran; where that is not known, of all its environments, when they agree. */
function serviceOfJob(
  catalogue: Catalogue,
  of: { job: string | undefined; environment: string | undefined },
): string | undefined {
  const job = of.job === undefined ? undefined : catalogue.jobs[of.job];
  if (job === undefined) return undefined;
  const place = of.environment === undefined ? undefined : namesOf(catalogue).environment(of.environment);
  const there = place === undefined ? undefined : job.environments[place]?.service;
  const all = new Set(Object.values(job.environments).map(({ service }) => service));
  const [only] = all;
  return there ?? (all.size === 1 ? only : undefined);
}

/** As Sentry makes a slug of a name, where nobody chose another. */
const slugged = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9_\s-]/g, "")
    .trim()
    .replace(/[-\s]+/g, "-");

const same = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();
