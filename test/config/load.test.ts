import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { ConfigError } from "../../src/base/errors.ts";
import { type PluginSchemas, parseCatalogue } from "../../src/config/load.ts";

const plugins: PluginSchemas = {
  sources: {
    job: z.strictObject({ kind: z.literal("job"), secret: z.string().min(8) }),
    sentry: z.strictObject({
      kind: z.literal("sentry"),
      secret: z.string(),
      api: z.strictObject({ url: z.url() }).optional(),
    }),
  },
  connectors: {
    http: z.strictObject({ connector: z.literal("http"), url: z.url(), timeout: z.string().optional() }),
    noop: z.strictObject({ connector: z.literal("noop") }),
  },
};

const GOOD = `version: 1
environments:
  prod: { aliases: [production], protected: true, look: red }
  preprod: {}
people:
  asha: { name: Asha Rao }
groups:
  on-call: { members: [asha] }
roles:
  operator: { members: [asha, on-call], allow: [{ actions: [run], jobs: [person-*] }] }
sources:
  jobs: { kind: job, secret: "\${env.JOB_SECRET}" }
messages:
  - { channel: monitoring-prod, pattern: 'Sync \\[(?<job>.+)\\] started', signal: started, environments: [prod] }
targets:
  tis: { connector: http, url: "\${env.TIS_URL}/sync" }
jobs:
  person-sync:
    aliases: [personJob]
    conflicts: [post-sync]
    environments: { prod: { target: tis, name: personJob } }
  post-sync:
    environments: { preprod: { target: tis } }
fallback: monitoring
`;
const ENV = { JOB_SECRET: "s3cr3t-s3cr3t", TIS_URL: "https://tis.example.org" };

function load(text: string, env: Record<string, string> = ENV) {
  return parseCatalogue(text, { file: "nightdesk.yml", env, plugins });
}

function problemsOf(text: string, env: Record<string, string> = ENV): readonly string[] {
  try {
    load(text, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test("a good catalogue: defaults filled in, variables replaced, frozen through and through", () => {
  const { catalogue, warnings } = load(GOOD);
  expect(warnings).toEqual([]);
  expect(catalogue?.zone).toBe("UTC");
  expect(catalogue?.targets["tis"]).toMatchObject({ url: "https://tis.example.org/sync" });
  expect(catalogue?.jobs["person-sync"]?.abortDeadlineMs).toBe(120_000);
  expect(Object.isFrozen(catalogue?.jobs["person-sync"]?.environments)).toBe(true);
  expect(catalogue?.messages[0]?.pattern.regexp.matcher("Sync [a] started").find()).toBe(true);
});

test("a name that every object inherits is not found in the catalogue", () => {
  const { catalogue } = load(GOOD);
  expect(catalogue?.environments["constructor"]).toBeUndefined();
  expect(catalogue?.jobs["toString"]).toBeUndefined();
});

const wrong: [title: string, from: string, to: string, problem: string][] = [
  [
    "an unknown key",
    "protected: true",
    "protectd: true",
    'nightdesk.yml:3:34: environments.prod.protectd: unknown key; did you mean "protected"?',
  ],
  ["an unknown section", "fallback:", "fallbak:", 'nightdesk.yml:24:1: fallbak: unknown key; did you mean "fallback"?'],
  [
    "a key of a plug-in",
    "{ connector: http, url:",
    "{ connector: http, tiemout: 1s, url:",
    'nightdesk.yml:16:27: targets.tis.tiemout: unknown key; did you mean "timeout"?',
  ],
  [
    "a wrong word",
    "look: red",
    "look: rde",
    'nightdesk.yml:3:57: environments.prod.look: "rde" is not one of green, amber, red; did you mean "red"?',
  ],
  [
    "a wrong type",
    "{ name: Asha Rao }",
    "{ name: 7 }",
    'nightdesk.yml:6:17: people.asha.name: must be text, not a number; put it in quotes: "7"',
  ],
  [
    "a missing key",
    "{ target: tis }",
    "{ name: x }",
    "nightdesk.yml:23:21: jobs.post-sync.environments.preprod.target: is missing; it must be text",
  ],
  [
    "a target that is none",
    "{ target: tis }",
    "{ target: tsi }",
    'nightdesk.yml:23:40: jobs.post-sync.environments.preprod.target: there is no target "tsi"; did you mean "tis"?',
  ],
  [
    "an environment that is none",
    "{ preprod: {",
    "{ perprod: {",
    'nightdesk.yml:23:21: jobs.post-sync.environments.perprod: there is no environment "perprod"; did you mean "preprod"?',
  ],
  [
    "a person that is none",
    "members: [asha] }",
    "members: [ahsa] }",
    'nightdesk.yml:8:24: groups.on-call.members[0]: there is no person "ahsa"; did you mean "asha"?',
  ],
  [
    "a member that is none",
    "[asha, on-call]",
    "[asha, oncall]",
    'nightdesk.yml:10:31: roles.operator.members[1]: there is no person or group "oncall"; did you mean "on-call"?',
  ],
  [
    "a job that is none",
    "conflicts: [post-sync]",
    "then: [pots-sync]",
    'nightdesk.yml:20:12: jobs.person-sync.then[0]: there is no job "pots-sync"; did you mean "post-sync"?',
  ],
  [
    "an alias that is taken",
    "aliases: [personJob]",
    "aliases: [post-sync]",
    'nightdesk.yml:19:15: jobs.person-sync.aliases[0]: "post-sync" already means post-sync',
  ],
  [
    "a connector that is none",
    "connector: http",
    "connector: htpp",
    'nightdesk.yml:16:21: targets.tis.connector: there is no connector "htpp"; did you mean "http"?',
  ],
  [
    "a pattern without a job",
    "(?<job>.+)",
    ".+",
    "nightdesk.yml:14:42: messages[0].pattern: signal started is about a job and this pattern does not say which; add a group (?<job>…) around the job's name",
  ],
  [
    "a pattern that is none",
    "'Sync",
    "'(Sync",
    'nightdesk.yml:14:42: messages[0].pattern: "(Sync \\[(?<job>.+)\\] started" is not a regular expression (RE2): missing closing )',
  ],
  [
    "no channel at all",
    "fallback: monitoring",
    "",
    "nightdesk.yml:1:1: routes: there is no channel to tell anything to; add fallback: CHANNEL, or a route",
  ],
  [
    "a channel with #",
    "fallback: monitoring",
    'fallback: "#monitoring"',
    'nightdesk.yml:24:11: fallback: "#monitoring" is not a channel\'s name; write it as Slack shows it, in lower case and without #',
  ],
  ["a key given twice", "  preprod: {}", "  prod: {}", "nightdesk.yml:4:3: this key is given twice; keep one"],
  ["a tab", "  preprod: {}", "\tpreprod: {}", "a tab is used for indentation; YAML wants spaces"],
  [
    "a kind of source that there is not",
    "kind: job,",
    "kind: alertmanger,",
    'sources.jobs.kind: there is no kind "alertmanger"; known: job, sentry',
  ],
];

test.each(wrong)("%s is told with place, path and hint", (_title, from, to, problem) => {
  expect(GOOD).toContain(from);
  const problems = problemsOf(GOOD.replace(from, to));
  expect(problems.join("\n")).toContain(problem);
});

test("several problems are told at once, in the order of the file", () => {
  const problems = problemsOf(
    GOOD.replace("look: red", "look: blue")
      .replace("connector: http", "connector: ftp")
      .replace("actions: [run]", "actions: [fly]"),
  );
  expect(problems.map((line) => line.split(":")[1])).toEqual(["3", "10", "16"]);
});

test("a variable that is not set is named, at its place", () => {
  expect(problemsOf(GOOD, { JOB_SECRET: "s3cr3t-s3cr3t" })).toEqual([
    "nightdesk.yml:16:32: targets.tis.url: the environment variable TIS_URL is not set; set it where Nightdesk runs",
  ]);
});

test("a value from the environment is never told", () => {
  const values = { JOB_SECRET: "short", TIS_URL: "tell nobody this", ZONE: "A b" };
  const problems = problemsOf(`${GOOD}zone: "\${env.ZONE}"\n`, values);
  expect(problems).toHaveLength(3);
  const text = problems.join("\n");
  expect(text).toContain('"${env.ZONE}" is not a time zone');
  for (const value of Object.values(values)) expect(text).not.toContain(value);
});

test("where a name is not set, nothing else is said about the value", () => {
  const result = parseCatalogue(GOOD, { file: "nightdesk.yml", env: {}, plugins, allowUnset: true });
  expect(result.unset).toHaveLength(2);
});

test("what a drill alone knows is refused elsewhere", () => {
  expect(problemsOf(GOOD.replace("${env.TIS_URL}", "${estate.tis.url}"))[0]).toContain("known in drills only");
});

test("a kind that there is not is an error that names the nearest", () => {
  const text = GOOD.replace("sources:", "sources:\n  prom: { kind: jobb, secret: x }");
  expect(problemsOf(text)).toEqual([expect.stringContaining('there is no kind "jobb"; did you mean "job"?')]);
});

test("what looks wrong but can be meant is a warning", () => {
  const { warnings } = load(GOOD.replace("jobs: [person-*]", "jobs: [person-snyc]"));
  expect(warnings).toEqual([
    'nightdesk.yml:10:67: roles.operator.allow[0].jobs: no job is called "person-snyc"; did you mean "person-sync"?',
  ]);
});

test("a destructive job says what can be brought back, or why nothing", () => {
  expect(problemsOf(GOOD.replace("  post-sync:\n", "  post-sync:\n    destructive: true\n"))).toEqual([
    'nightdesk.yml:23:18: jobs.post-sync.destructive: a destructive job without a snapshot; say snapshot: { maxAge: 24h }, or snapshot: { none: "why" }',
  ]);
});

test("a name that only relates is an error near a known one, and a warning far from all", () => {
  expect(problemsOf(GOOD.replace("[post-sync]", "[post-snyc]"))[0]).toContain('did you mean "post-sync"?');
  expect(load(GOOD.replace("[post-sync]", "[rebuild-of-everything]")).warnings).toEqual([
    'nightdesk.yml:20:17: jobs.person-sync.conflicts[0]: there is no job "rebuild-of-everything"; known: person-sync, post-sync',
  ]);
});

test("only the branch that was meant is told of a monitor", () => {
  const monitor =
    "monitors:\n  night: { job: post-sync, environment: prod, schedul: '0 2 * * *', zone: Europe/London }\n";
  expect(problemsOf(GOOD + monitor)).toEqual(
    [
      'nightdesk.yml:26:47: monitors.night.schedul: unknown key; did you mean "schedule"?',
      "nightdesk.yml:26:3: monitors.night.schedule: is missing; it must be text",
    ].sort((a, b) => Number(a.split(":")[2]) - Number(b.split(":")[2])),
  );
});

test("anchors work; one that contains itself, or grows without bound, is refused", () => {
  const shared = GOOD.replace(
    "prod: { target: tis, name: personJob }",
    "prod: &where { target: tis }, preprod: *where",
  );
  expect(load(shared).catalogue?.jobs["person-sync"]?.environments["preprod"]?.target).toBe("tis");
  expect(problemsOf("version: &a [*a]\n")[0]).toContain("contains itself");
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x, x]\n${[..."bcdefghi"]
    .map(
      (letter) =>
        `${letter}: &${letter} [${Array(10)
          .fill(`*${String.fromCharCode(letter.charCodeAt(0) - 1)}`)
          .join(", ")}]`,
    )
    .join("\n")}\n`;
  expect(problemsOf(bomb)[0]).toContain("too large");
});

const place = /^nightdesk\.yml:[1-9]\d*:[1-9]\d*: ./;
const words = fc.constantFrom(
  ...GOOD.split(/(?<=[\s{}[\],:])/),
  "*x",
  "&x ",
  "!!set ",
  "- ",
  "__proto__: ",
  "<<: ",
  "? ",
  "|\n",
  "\t",
);

test("whatever the file, the only error is one with places", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words, { maxLength: 60 }).map((parts) => parts.join("")),
      ),
      (text) => {
        for (const problem of problemsOf(text)) {
          if (!problem.startsWith("…")) expect(problem).toMatch(place);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

test("a good file with one piece replaced by any value is accepted or told with a place", () => {
  const lines = GOOD.split("\n");
  fc.assert(
    fc.property(fc.nat(lines.length - 1), fc.jsonValue({ maxDepth: 3 }), (at, value) => {
      const line = lines[at] ?? "";
      const changed = line.replace(/:.*/, () => `: ${JSON.stringify(value)}`);
      for (const problem of problemsOf(lines.with(at, changed).join("\n"))) expect(problem).toMatch(place);
    }),
    { numRuns: 500 },
  );
});

test("a freeze needs a window that can be read, and either one that comes back or one time", () => {
  const told = (freeze: string) =>
    problemsOf(`${GOOD}freezes:\n  - { name: night, deny: {}, because: release, ${freeze} }\n`).join("\n");
  expect(told("from: 2026-12-24T17:00, to: 2026-12-27T08:00Z")).toBe("");
  expect(told('cron: "0 0 * * *", for: 5h')).toBe("");
  expect(told("from: next week")).toContain('freezes[0].from: "next week" is no moment; write 2026-12-24T17:00');
  expect(told('cron: "0 0 * * *"')).toContain("either cron with for, or from and to");
});
