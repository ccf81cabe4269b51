import { Temporal } from "temporal-polyfill";
import { commands } from "../../commands/index.ts";
import { manualClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import type { Answer } from "../../src/command/answer.ts";
import { createRouter } from "../../src/command/router.ts";
import type { PersonActor } from "../../src/config/actor.ts";
import { type Catalogue, catalogueSchema } from "../../src/config/catalogue.ts";
import type {
  Asking,
  DeployView,
  DryRunView,
  FreezeView,
  ImpactView,
  IncidentView,
  JobView,
  PinView,
  RunView,
  Services,
  TimelineView,
} from "../../src/services/contract.ts";
import type { DeadLetterView } from "../../src/services/fanouts-contract.ts";
import type { MonitorView } from "../../src/services/monitors-contract.ts";
import { gate3 } from "../helpers/gate.ts";

/** A desk to type at: the real router and commands, a literal fake of what they call, and what was called. */

export const at = (text: string) => Temporal.Instant.from(text);

export const asha: PersonActor = { kind: "person", slack: "U012", name: "Asha Rao", key: "asha" };

export const catalogue: Catalogue = catalogueSchema.parse({
  version: 1,
  zone: "Europe/London",
  environments: {
    prod: { aliases: ["production"], protected: true, look: "red" },
    preprod: { aliases: ["stage", "pre-prod"] },
    nimdta: { look: "amber" },
  },
  people: {
    asha: { name: "Asha Rao", slack: "U012", email: "asha@example.org" },
    ben: { name: "Ben Okafor", slack: "U034" },
  },
  targets: { nothing: { connector: "noop" } },
  jobs: {
    "person-sync": {
      title: "Person search index",
      aliases: ["Person sync job"],
      environments: {
        prod: { target: "nothing", name: "personElasticSearchSyncJob" },
        preprod: { target: "nothing" },
      },
    },
    "post-sync": { environments: { prod: { target: "nothing" }, nimdta: { target: "nothing" } } },
  },
});

export const run7: RunView = {
  number: 7,
  state: "running",
  job: "person-sync",
  environment: "prod",
  parameters: {},
  version: null,
  by: "asha",
  byName: "Asha Rao",
  approvedBy: [],
  requestedAt: at("2021-03-17T05:19:00Z"),
  startedAt: at("2021-03-17T05:20:00Z"),
  finishedAt: null,
  stateSince: at("2021-03-17T05:20:00Z"),
  incident: 3,
  parent: null,
  proved: false,
  restored: false,
  because: "The target says that it runs.",
  attempt: 1,
  kind: "run",
  expectedEndAt: null,
  left: null,
  usual: null,
  items: null,
  found: null,
  chain: null,
  then: [],
  pin: null,
  can: { abort: true, pause: false, resumeFailed: false, restore: false },
  mended: { restored: null, deleted: null, resynced: null, failed: [], skipped: [] },
  lost: null,
  gap: null,
  noRerun: null,
};

export const night: MonitorView = {
  name: "person-sync-night",
  job: "person-sync",
  service: "tis-sync",
  environment: "prod",
  state: "late",
  since: at("2021-03-17T00:10:30Z"),
  says: ["person-sync has not started in prod: scheduled for 00:00, due by 00:10 (Europe/London)"],
  schedule: { cron: "0 0 * * *", zone: "Europe/London" },
  slot: null,
  next: null,
  deadline: at("2021-03-18T00:10:00Z"),
  checkpoint: null,
  snooze: null,
  quietUntil: null,
};

export const pin11: PinView = {
  job: "person-sync",
  environment: "prod",
  version: "11",
  was: "12",
  state: "set",
  to: null,
  by: "asha",
  byName: "Asha Rao",
  since: at("2021-03-17T05:00:00Z"),
  because: null,
  detail: "the rule points at 11",
};

export const freeze1: FreezeView = {
  name: "freeze-1",
  mode: "deny",
  jobs: ["person-*"],
  environments: ["prod"],
  from: at("2021-03-17T05:00:00Z"),
  to: at("2021-03-17T07:00:00Z"),
  cron: null,
  held: "defer",
  because: "TCS is released",
  byName: "Asha Rao",
  holds: true,
  until: at("2021-03-17T07:00:00Z"),
  goingOn: [],
};

export const dry7: DryRunView = {
  job: "person-sync",
  environment: "prod",
  look: "red",
  parameters: { dateOverride: "ANY" },
  version: null,
  plan: "PUT /sync/api/job/personJob",
  checks: [{ check: "who", level: "info", text: "role operator" }],
  findings: [{ check: "stopping", level: "warn", text: "once started it cannot be stopped from here" }],
  blocked: false,
  next: 'Asked for now: you are asked to type "prod person-sync", then it starts.',
};

export const letter3: DeadLetterView = {
  number: 3,
  target: "placement-queue",
  queue: "placements-dlq",
  messageId: "m-3",
  body: '{"placement":"4711"}',
  attributes: { reason: "no such <site>" },
  sentAt: at("2021-03-17T03:20:00Z"),
  expiresAt: at("2021-03-21T03:20:00Z"),
  state: "there",
  fate: null,
};

export const deploy6: DeployView = {
  id: 6,
  name: "tcs 6.2.0",
  service: "tcs",
  environment: "prod",
  candidates: [],
  version: "6.2.0",
  sha: null,
  ref: null,
  outcome: "succeeded",
  by: "Ben Okafor",
  url: "https://ci.example.org/6?a=1&b=2",
  source: "deploys",
  at: at("2021-03-16T14:30:00Z"),
  learnedAt: at("2021-03-16T14:30:05Z"),
};

export const impactOfPermit: ImpactView = {
  about: { kind: "contract" },
  contracts: [
    {
      contract: "PermitToWork",
      owner: null,
      carries: [],
      readers: [{ service: "tis-sync", paths: [["Person", "PermitToWork"]] }],
      carriers: [{ service: "tcs", paths: [["Person", "PermitToWork"]] }],
    },
  ],
};

export const inc3: IncidentView = {
  number: 3,
  status: "open",
  severity: "sev2",
  title: "ESR <b> fails",
  environment: "prod",
  services: ["esr-generator"],
  jobs: [],
  owner: null,
  ownerName: null,
  signals: 4,
  alerts: 4,
  openedAt: at("2021-03-16T14:42:00Z"),
  firstSeenAt: at("2021-03-16T14:42:00Z"),
  lastSeenAt: at("2021-03-17T00:09:00Z"),
  resolvedAt: null,
};

export const entry: TimelineView = {
  kind: "message",
  at: at("2021-03-16T14:45:00Z"),
  learnedAt: at("2021-03-16T14:45:01Z"),
  by: "asha",
  byName: "Asha Rao",
  text: "TCS was deployed at 14:30",
  edited: true,
  deleted: false,
  key: true,
  data: {},
};

export const job: JobView = {
  job: "person-sync",
  title: "Person search index",
  environment: "prod",
  protected: true,
  look: "red",
  destructive: true,
  abortable: false,
  may: ["view", "run"],
  active: run7,
  last: null,
  parameters: [],
  then: [],
  pin: null,
  at: "nothing",
  can: ["cannot be stopped", "brings nothing back"],
};

/** One call of a use case: its name and what it was given, without the asking. */
export type Call = readonly [name: string, ...args: readonly unknown[]];

export interface Desk {
  readonly calls: Call[];
  readonly askings: Asking[];
  type(text: string, over?: Partial<Omit<Asking, "actor">>): Promise<Answer>;
}

type Answers = { readonly [Room in keyof Services]?: Partial<Services[Room]> };

export function desk(answers: Answers = {}): Desk {
  const calls: Call[] = [];
  const askings: Asking[] = [];
  const noted =
    <T>(name: string, value: T) =>
    (asking: Asking, ...args: readonly unknown[]): Promise<T> => {
      askings.push(asking);
      calls.push([name, ...args]);
      return Promise.resolve(value);
    };
  const done = { kind: "done", value: run7 } as const;
  const services: Services = {
    jobs: {
      list: noted("jobs.list", [job]),
      status: noted("jobs.status", [job]),
      history: noted("jobs.history", [run7]),
      ...answers.jobs,
    },
    runs: {
      request: noted("runs.request", done),
      rerun: noted("runs.rerun", done),
      abort: noted("runs.abort", { run: run7, said: "Run 7 is being stopped." }),
      pause: noted("runs.pause", { run: run7, said: "Run 7 is asked to pause." }),
      resume: noted("runs.resume", { run: run7, said: "Run 7 is asked to go on." }),
      restore: noted("runs.restore", done),
      dryRun: noted("runs.dryRun", dry7),
      dryRerun: noted("runs.dryRerun", dry7),
      dryRestore: noted("runs.dryRestore", dry7),
      approve: noted("runs.approve", run7),
      reject: noted("runs.reject", done),
      withdraw: noted("runs.withdraw", run7),
      settle: noted("runs.settle", done),
      get: noted("runs.get", run7),
      newest: noted("runs.newest", run7),
      ...answers.runs,
    },
    chains: {
      start: noted("chains.start", done),
      dryStart: noted("chains.dryStart", {
        environment: "prod",
        runs: [dry7, { ...dry7, job: "post-sync" }],
        ...{ blocked: false, next: dry7.next },
      }),
      ...answers.chains,
    },
    pins: {
      set: noted("pins.set", { kind: "done", value: pin11 } as const),
      clear: noted("pins.clear", { kind: "done", value: { ...pin11, state: "cleared", to: "12" } } as const),
      ...answers.pins,
    },
    changes: {
      deploys: noted("changes.deploys", [deploy6]),
      impact: noted("changes.impact", impactOfPermit),
      ...answers.changes,
    },
    fanouts: {
      resync: noted("fanouts.resync", done),
      dryResync: noted("fanouts.dryResync", dry7),
      orphans: noted("fanouts.orphans", done),
      repair: noted("fanouts.repair", done),
      dryRepair: noted("fanouts.dryRepair", dry7),
      ...answers.fanouts,
    },
    monitors: {
      list: noted("monitors.list", [night]),
      snooze: noted("monitors.snooze", night),
      reset: noted("monitors.reset", done),
      ...answers.monitors,
    },
    deadLetters: {
      list: noted("deadLetters.list", []),
      show: noted("deadLetters.show", letter3),
      redrive: noted("deadLetters.redrive", {
        kind: "done",
        value: { dryRun: false, rate: 5, letters: [letter3] },
      } as const),
      ...answers.deadLetters,
    },
    sentry: {
      issues: noted("sentry.issues", []),
      change: noted("sentry.change", { incident: 3, action: "resolve", issues: ["ESR-1", "ESR-2"], to: null } as const),
      ...answers.sentry,
    },
    gates: {
      list: noted("gates.list", [gate3]),
      get: noted("gates.get", gate3),
      approve: noted("gates.approve", { kind: "done", value: gate3 } as const),
      reject: noted("gates.reject", { kind: "done", value: gate3 } as const),
      ...answers.gates,
    },
    freezes: {
      list: noted("freezes.list", [freeze1]),
      add: noted("freezes.add", freeze1),
      end: noted("freezes.end", freeze1),
      override: noted("freezes.override", run7),
      ...answers.freezes,
    },
    permissions: {
      show: noted("permissions.show", {
        person: "Asha Rao",
        lines: [
          {
            job: "person-sync",
            environment: "prod",
            action: "view",
            allowed: true,
            because: "role operator",
            own: null,
            person: null,
          },
          {
            job: "person-sync",
            environment: "prod",
            action: "run",
            allowed: true,
            because: "role operator",
            own: "it may",
            person: "not known",
          },
          {
            job: "person-sync",
            environment: "prod",
            action: "abort",
            allowed: false,
            because: "ask Ben Okafor",
            own: null,
            person: null,
          },
        ],
      }),
      gaps: noted("permissions.gaps", { people: [], targets: [], notKnown: [] }),
      ...answers.permissions,
    },
    incidents: {
      may: async () => ["incident"],
      open: noted("incidents.open", inc3),
      list: noted("incidents.list", [inc3]),
      get: noted("incidents.get", inc3),
      acknowledge: noted("incidents.acknowledge", inc3),
      assign: noted("incidents.assign", inc3),
      note: noted("incidents.note", inc3),
      setStatus: noted("incidents.setStatus", inc3),
      setSeverity: noted("incidents.setSeverity", inc3),
      merge: noted("incidents.merge", { into: inc3, from: { ...inc3, number: 4, mergedInto: 3 } }),
      split: noted("incidents.split", { from: inc3, own: { ...inc3, number: 5 } }),
      timeline: noted("incidents.timeline", [entry]),
      export: noted("incidents.export", { url: null, path: "postmortems/INC-3.md", version: 1, unchanged: false }),
      ...answers.incidents,
    },
  };
  const router = createRouter({
    commands,
    services,
    catalogue,
    clock: manualClock("2021-03-17T05:20:00Z"),
    log: silentLogger,
    reportFault: () => {},
  });
  return {
    calls,
    askings,
    type: (text, over = {}) =>
      router.answer({
        text,
        asker: { kind: "person", actor: asha },
        asking: {
          surface: "slash",
          requestKey: "test",
          channel: "C1",
          channelName: "ops",
          incident: null,
          run: null,
          ...over,
        },
      }),
  };
}

/** Every line of an answer, for asserting what a reader sees. */
export const told = (answer: Answer): string =>
  [
    answer.text,
    ...(answer.sections ?? []).flatMap(({ title, lines }) => [...(title === undefined ? [] : [title]), ...lines]),
  ].join("\n");
