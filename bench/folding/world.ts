import type { Random } from "./random.ts";
import { createSenders, SECRETS, type Senders } from "./senders.ts";
import type { Delivery } from "./storm.ts";

/** The invented estate that a night happens in: whatever a kind asks for gets a name that nobody else has. */
export interface World extends Senders {
  readonly prod: string;
  readonly staging: string;
  /** A new service; what it depends on are services too. */
  service(role?: string, dependsOn?: readonly string[]): string;
  dependsOn(service: string, on: string): void;
  /** A new job that belongs to a service. `then`: jobs that are offered after it. */
  job(word: string, of: { service: string; then?: readonly string[]; title?: string }): string;
  contract(name: string, of: { owner: string; consumers: readonly string[]; contains?: readonly string[] }): void;
  /** A folding rule of the team. */
  rule(rule: Readonly<Record<string, unknown>>): void;
  /** A word for a thing of the trade, not given before. */
  thing(): string;
  catalogue(): Readonly<Record<string, unknown>>;
  deliveries(): readonly Delivery[];
}

const THINGS =
  "tariff ledger roster parcel clinic meter booking claim fleet stock invoice tenant " +
  "survey payroll grant harbour pension voucher course harvest loan freight archive permit " +
  "visit ward depot ticket menu route asset badge quota refund sample";
const ROLES = [
  "api",
  "writer",
  "exporter",
  "ingest",
  "notifier",
  "indexer",
  "reconciler",
  "web",
  "worker",
  "publisher",
];

export function createWorld(random: Random): World {
  const things = random.some(THINGS.split(" "), 100);
  const services: Record<string, { aliases: string[]; dependsOn: string[] }> = {};
  const jobs: Record<string, unknown> = {};
  const contracts: Record<string, unknown> = {};
  const folding: Readonly<Record<string, unknown>>[] = [];
  const deliveries: Delivery[] = [];
  const environments = { prod: "prod", staging: "staging" };
  let given = 0;

  const thing = () => {
    const word = things[given % things.length] ?? "thing";
    const round = Math.floor(given / things.length);
    given += 1;
    return round === 0 ? word : `${word}${round + 1}`;
  };

  return {
    ...environments,
    ...createSenders(random, (delivery) => deliveries.push(delivery)),
    thing,
    service: (role, dependsOn = []) => {
      const name = `${thing()}-${role ?? random.pick(ROLES)}`;
      services[name] = { aliases: random.chance(0.3) ? [`${name}-service`] : [], dependsOn: [...dependsOn] };
      return name;
    },
    dependsOn: (service, on) => services[service]?.dependsOn.push(on),
    job: (word, { service, then = [], title }) => {
      const name = `${thing()}-${word}`;
      const place = { target: "nothing", service };
      jobs[name] = {
        ...(title === undefined ? {} : { title }),
        then: [...then],
        environments: { prod: place, staging: place },
      };
      return name;
    },
    contract: (name, { owner, consumers, contains = [] }) => {
      contracts[name] = { owner, consumers: [...consumers], contains: [...contains] };
    },
    rule: (rule) => folding.push(rule),
    catalogue: () => ({
      environments: {
        prod: { aliases: ["production"], protected: true, look: "red" },
        staging: { aliases: ["stage"] },
      },
      services,
      sources: SOURCES,
      messages: MESSAGES,
      folding,
      targets: { nothing: { connector: "noop" } },
      jobs,
      contracts,
      routes: [{ channel: "ops" }],
      fallback: "ops",
    }),
    deliveries: () => [...deliveries].sort((a, b) => a.atMs - b.atMs),
  };
}

const SOURCES = {
  sentry: { kind: "sentry", secret: SECRETS.sentry },
  jobs: { kind: "job", secret: SECRETS.jobs },
  alertmanager: { kind: "alertmanager", secret: SECRETS.alertmanager },
  // A cloud's alarms: a name, a reason, dimensions.
  alarms: {
    kind: "generic",
    secret: SECRETS.alarms,
    map: {
      signal: "state",
      title: "alarm",
      service: "dimensions.service",
      environment: "dimensions.environment",
      error: "reason",
      id: "alarm_id",
      at: "changed_at",
      tags: "dimensions",
    },
  },
  // A watch over jobs that do not report in time.
  checks: {
    kind: "generic",
    secret: SECRETS.checks,
    map: {
      signal: "status",
      title: "title",
      job: "job",
      environment: "environment",
      cause: "=missed deadline",
      error: "detail",
      id: "check",
      at: "at",
    },
  },
  deploys: {
    kind: "generic",
    secret: SECRETS.deploys,
    map: { signal: "=deployed", title: "title", service: "service", environment: "environment", id: "id", at: "at" },
  },
};

const MESSAGES = [
  { channel: "monitoring", pattern: "Job \\[(?<job>.+)\\] started\\.", signal: "started", environments: ["prod"] },
  { channel: "monitoring", pattern: "Job \\[(?<job>.+)\\] finished\\.", signal: "finished", environments: ["prod"] },
  {
    channel: "monitoring",
    pattern: "Job \\[(?<job>.+)\\] failed: (?<error>[\\s\\S]*)",
    signal: "failed",
    environments: ["prod"],
  },
];
