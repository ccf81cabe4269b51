import { z } from "zod";
import { type Catalogue, SEVERITIES, type Severity } from "../../../config/catalogue.ts";
import { namesOf } from "../../../config/names.ts";
import { textOf } from "../../reading.ts";

const names = z.array(z.string().min(1)).min(1).optional();

/** Which labels say what, in the order in which they are asked; what is not given here has a sensible default. */
export const labelsSetting = z
  .strictObject({ service: names, environment: names, job: names, cause: names, severity: names })
  .prefault({});
/** What a severity label's words mean here. */
export const severitiesSetting = z.record(z.string().min(1), z.enum(SEVERITIES)).default({});

export type Labels = Readonly<Record<string, string>>;
export interface Naming {
  readonly labels: z.output<typeof labelsSetting>;
  readonly severities: z.output<typeof severitiesSetting>;
}

/**
 * Without a setting: labels that mean nothing else are taken as they are; those that often mean something else (a cluster
 * may be called like an environment, Prometheus calls every scrape `job`) only where the catalogue knows the name.
 */
const TAKEN = {
  service: ["service", "service_name", "app", "application", "app_kubernetes_io_name", "component"],
  environment: ["environment", "env", "deployment_environment", "stage"],
  job: ["sync_job"],
} as const;
const IF_KNOWN = {
  service: ["job", "deployment", "statefulset", "container", "namespace"],
  environment: ["cluster", "namespace", "tier"],
  job: ["job", "job_name", "cronjob", "batch_job", "task"],
} as const;

export interface Named {
  readonly service: string | undefined;
  readonly environment: string | undefined;
  readonly job: string | undefined;
  readonly cause: string | undefined;
  readonly severity: Severity | undefined;
}

export function namedBy(labels: Labels, naming: Naming, catalogue: Catalogue): Named {
  const known = namesOf(catalogue);
  const first = (names: readonly string[], fits: (value: string) => boolean = () => true) =>
    names.map((name) => labelOf(labels, name)).find((value) => value !== undefined && fits(value));
  const pick = (kind: "service" | "environment" | "job") => {
    const told = naming.labels[kind];
    const isKnown = (value: string) => known.keyOf(kind, value) !== null;
    if (told !== undefined) return first(told, isKnown) ?? first(told);
    return first(TAKEN[kind], isKnown) ?? first(TAKEN[kind]) ?? first(IF_KNOWN[kind], isKnown);
  };
  const job = pick("job");
  const scraped = naming.labels.service === undefined ? labelOf(labels, "job") : undefined;
  // Where nothing better is said, the scrape is whose trouble it is; a job of the catalogue has a service of its own.
  const service = pick("service") ?? (job === undefined ? scraped : undefined);
  const word = first(naming.labels.severity ?? ["severity", "priority", "level"]);
  return {
    service,
    environment: pick("environment"),
    job,
    cause: first(naming.labels.cause ?? ["alertname"]),
    severity: word === undefined ? undefined : severityOf(word, naming.severities),
  };
}

const WORDS: Readonly<Record<string, Severity>> = {
  critical: "sev1",
  page: "sev1",
  fatal: "sev1",
  emergency: "sev1",
  p1: "sev1",
  error: "sev2",
  high: "sev2",
  major: "sev2",
  p2: "sev2",
  warning: "sev3",
  warn: "sev3",
  medium: "sev3",
  minor: "sev3",
  p3: "sev3",
  info: "sev4",
  notice: "sev4",
  low: "sev4",
  none: "sev4",
  p4: "sev4",
};

function severityOf(word: string, own: Naming["severities"]): Severity | undefined {
  const said = word.toLowerCase();
  if (Object.hasOwn(own, word)) return own[word];
  if (Object.hasOwn(own, said)) return own[said];
  return SEVERITIES.find((severity) => severity === said) ?? (Object.hasOwn(WORDS, said) ? WORDS[said] : undefined);
}

function labelOf(labels: Labels, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? textOf(labels[name]) : undefined;
}
