import { readFileSync } from "node:fs";
import { dirname, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { filesBelow, parse, placeOf, root, type SourceFile, sourceFiles } from "./helpers/source-code.ts";

const product = sourceFiles("src", "commands");
const everything = [...product, ...sourceFiles("sandbox", "bench", "test")];

/** The rank of every room (src/README.md). A file imports its own room and lower ranks. */
const RANKS: Readonly<Record<string, number>> = {
  base: 0,
  config: 1,
  store: 1,
  incidents: 2,
  guard: 2,
  intake: 3,
  jobs: 3,
  fanout: 3,
  monitors: 3,
  changes: 3,
  postmortem: 3,
  notices: 3,
  services: 4,
  command: 5,
  queue: 6,
  slack: 6,
  http: 6,
  commands: 6,
  root: 7,
};
/** What ranks alone do not say. */
const ALSO_ALLOWED: Readonly<Record<string, readonly string[]>> = { fanout: ["jobs"] };
const ONLY: Readonly<Record<string, readonly string[]>> = { command: ["base", "config", "services"] };

const BASE = ["clock.ts", "duration.ts", "errors.ts", "http.ts", "ids.ts", "log.ts", "release.ts"];

interface Fence {
  readonly what: string;
  readonly package: RegExp;
  readonly inside: RegExp;
  readonly instead: string;
}
const FENCES: readonly Fence[] = [
  { what: "@slack/*", package: /^@slack\//, inside: /^src\/slack\//, instead: "take a port that src/slack implements" },
  {
    what: "bullmq, ioredis",
    package: /^(bullmq|ioredis)(\/|$)/,
    inside: /^src\/queue\//,
    instead: "write an outbox row (requestWork of store/outbox.ts)",
  },
  {
    what: "pg, kysely",
    package: /^(pg|kysely)(\/|$)/,
    inside: /^src\/(store\/|.*\.store\.ts$)/,
    instead: "put the query in a *.store.ts of the room",
  },
  {
    what: "@aws-sdk/*, @octokit/*",
    package: /^@(aws-sdk|smithy|octokit)\//,
    inside: /^src\/jobs\/connectors\//,
    instead: "ask the target through its connector",
  },
  {
    what: "another HTTP client",
    package: /^(undici|axios|got|node-fetch|node:https|https)$/,
    inside: /^src\/base\/http\.ts$/,
    instead: "http of base/http.ts",
  },
];

interface Rule {
  readonly what: string;
  readonly code: RegExp;
  readonly allowedIn: RegExp;
  readonly instead: string;
}
const RULES: readonly Rule[] = [
  {
    what: "process.env",
    code: /\bprocess\s*(\?\.|\.)\s*env\b|\bprocess\s*\[/g,
    allowedIn: /^src\/main\.ts$/,
    instead: "a field of Config (config/env.ts), which main.ts reads once",
  },
  {
    what: "the machine's time",
    code: /\bDate\s*\.\s*now\b|\bnew\s+Date\s*(\(\s*\)|(?![\s(\w]))|(?<!\bnew\s+)(?<![.\w])Date\s*\(|\bTemporal\s*\.\s*Now\b|\bperformance\s*\.\s*(now|timeOrigin)\b|\bprocess\s*\.\s*(hrtime|uptime)\b/g,
    allowedIn: /^src\/base\/clock\.ts$/,
    instead: "clock.now() (domain time) or clock.machineNow() of a Clock that is passed in",
  },
  {
    what: "fetch",
    code: /(?<![.\w])(globalThis\s*\.\s*)?fetch\s*\(|\bglobalThis\s*\.\s*fetch\b/g,
    allowedIn: /^src\/base\/http\.ts$/,
    instead: "http of base/http.ts, passed in as a port",
  },
];

const SQL_TIME =
  /\b(now\s*\(\s*\)|current_timestamp|current_time\b|current_date|localtimestamp|localtime\b|(clock|statement|transaction)_timestamp\s*\(|timeofday\s*\()/gi;

test("a file imports its own room and rooms of lower rank only", () => {
  expect(product.flatMap(roomViolations)).toEqual([]);
});

test("vendors stay behind their fences", () => {
  expect(product.flatMap((file) => FENCES.flatMap((fence) => fenceViolations(file, fence)))).toEqual([]);
});

test.each(RULES)("only $allowedIn touches $what", (rule) => {
  expect(product.flatMap((file) => ruleViolations(file, rule))).toEqual([]);
});

test("process is taken from the global, where the rules above see it", () => {
  const imported = product.filter((file) => file.imports.some((one) => /^(node:)?process$/.test(one.from)));
  expect(imported.map((file) => `${file.path} imports node:process: use the global process`)).toEqual([]);
});

test("no SQL asks the database for the time: due means due_at <= $1, with clock.now()", () => {
  const inCode = product.flatMap(sqlTimeViolations);
  const inMigrations = filesBelow("src/store/migrations").flatMap(sqlTimeOfMigration);
  expect([...inCode, ...inMigrations]).toEqual([]);
});

test("base is a closed list: what seems to belong there belongs to a room", () => {
  expect(filesBelow("src/base").map((path) => path.slice("src/base/".length))).toEqual(BASE);
});

test("no file is called after nothing", () => {
  const vague = /\/(utils?|helpers?|common|misc|shared|types|interfaces|constants)(\.tsx?|\/)/;
  expect(product.map((file) => file.path).filter((path) => vague.test(path))).toEqual([]);
});

test("no import goes round in a circle", () => {
  expect(circles(product)).toEqual([]);
});

test("exports have names", () => {
  const found = everything.flatMap((file) =>
    [...file.code.matchAll(/\bexport\s+default\b|\bas\s+default\b/g)].map(
      (match) => `${placeOf(file, match.index)}: a default export: give it a name`,
    ),
  );
  expect(found).toEqual([]);
});

test("commands are parse, call, say: no SQL and no Slack", () => {
  const sql = /\b(select\s[^"]+\sfrom\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s)/i;
  const found = sourceFiles("commands").flatMap((file) => [
    ...file.imports
      .filter((one) => /store\//.test(one.from))
      .map((one) => `${file.path}:${one.line}: ${one.from}: call a service`),
    ...file.strings
      .filter(({ text }) => sql.test(text))
      .map(({ offset }) => `${placeOf(file, offset)}: SQL: call a service`),
  ]);
  expect(found).toEqual([]);
});

test("no test is skipped for good or singled out, nothing is left for later in a comment", () => {
  const unfinished = new RegExp(`\\b(${["TO", "DO"].join("")}|${["FIX", "ME"].join("")}|XXX)\\b|@ts-(ignore|nocheck)`);
  const found = everything.flatMap((file) => [
    ...[...file.code.matchAll(/\b(test|it|describe)\s*\.\s*(skip|only|todo)\b(?!\w)/g)].map(
      (match) => `${placeOf(file, match.index)}: ${match[0]}`,
    ),
    ...file.text
      .split("\n")
      .flatMap((line, index) => (unfinished.test(line) ? [`${file.path}:${index + 1}: ${line.trim()}`] : [])),
  ]);
  expect(found.filter((line) => !line.startsWith("test/architecture.test.ts"))).toEqual([]);
});

// The rules themselves: each catches what it is for. A rule that catches nothing would look like order.
describe("the rules catch", () => {
  const file = (path: string, text: string) => parse(path, text);

  test.each([
    ["src/incidents/a.ts", "../guard/b.ts"],
    ["src/config/a.ts", "../store/b.ts"],
    ["src/jobs/connectors/a.ts", "../../intake/b.ts"],
    ["src/base/a.ts", "../config/b.ts"],
    ["src/services/a.ts", "../slack/b.ts"],
    ["src/command/a.ts", "../jobs/b.ts"],
    ["src/http/a.ts", "../slack/b.ts"],
    ["src/http/a.ts", "../app.ts"],
    ["src/services/a.ts", "../../commands/index.ts"],
    ["src/services/a.ts", "../../sandbox/postgres.ts"],
    ["commands/sync/a.ts", "../../src/slack/b.ts"],
    ["src/elsewhere/a.ts", "../base/ids.ts"],
  ])("%s that imports %s", (path, from) => {
    expect(roomViolations(file(path, `import { b } from "${from}";\n`))).toHaveLength(1);
    expect(roomViolations(file(path, `const b = await import("${from}");\n`))).toHaveLength(1);
    expect(roomViolations(file(path, `export type {\n  B,\n} from "${from}";\n`))).toHaveLength(1);
  });

  test.each([
    ["src/fanout/a.ts", "../jobs/b.ts"],
    ["src/services/a.ts", "../intake/b.ts"],
    ["src/slack/a.ts", "../command/b.ts"],
    ["src/app.ts", "./slack/b.ts"],
    ["src/app.ts", "../commands/index.ts"],
    ["commands/sync/a.ts", "../../src/services/contract.ts"],
  ])("but not %s that imports %s", (path, from) => {
    expect(roomViolations(file(path, `import { b } from "${from}";\n`))).toEqual([]);
  });

  test("a vendor outside its fence, with what to use instead", () => {
    const text = 'import { Queue } from "bullmq";\n';
    const found = FENCES.flatMap((fence) => fenceViolations(file("src/jobs/a.ts", text), fence));
    expect(found).toEqual(["src/jobs/a.ts:1: bullmq: write an outbox row (requestWork of store/outbox.ts)"]);
    expect(FENCES.flatMap((fence) => fenceViolations(file("src/queue/a.ts", text), fence))).toEqual([]);
    expect(
      FENCES.flatMap((fence) =>
        fenceViolations(file("src/jobs/runs.store.ts", 'import { sql } from "kysely";'), fence),
      ),
    ).toEqual([]);
  });

  test.each([
    "process.env.HOME",
    'process["env"]',
    "Date.now()",
    "new Date()",
    "new Date",
    "Date()",
    "Temporal.Now.instant()",
    "performance.now()",
    "await fetch(url)",
    "const f = globalThis.fetch;",
    "`${Date.now()}`",
  ])("%s", (code) => {
    expect(RULES.flatMap((rule) => ruleViolations(file("src/jobs/a.ts", code), rule))).toHaveLength(1);
  });

  test.each([
    "// Date.now()",
    '"process.env"',
    "new Date(0)",
    "clock.now()",
    "store.fetch(id)",
    "/fetch(x)/",
    "x instanceof Date",
  ])("but not %s", (code) => {
    expect(RULES.flatMap((rule) => ruleViolations(file("src/jobs/a.ts", `const x = 1;\n${code}`), rule))).toEqual([]);
  });

  test("a time that the database tells", () => {
    expect(sqlTimeViolations(file("src/a.ts", "sql`where due_at <= now()`"))).toHaveLength(1);
    expect(sqlTimeViolations(file("src/a.ts", 'sql("default CURRENT_TIMESTAMP")'))).toHaveLength(1);
    expect(sqlTimeViolations(file("src/a.ts", "sql`where due_at <= ${clock.now()}`"))).toEqual([]);
  });

  test("a circle, but not through a type", () => {
    const ring = [
      file("src/a/x.ts", 'import { y } from "./y.ts";'),
      file("src/a/y.ts", 'import { z } from "./z.ts";'),
      file("src/a/z.ts", 'export * from "./x.ts";'),
    ];
    expect(circles(ring)).toEqual(["src/a/x.ts -> src/a/y.ts -> src/a/z.ts -> src/a/x.ts"]);
    const types = file("src/a/z.ts", 'import type { X } from "./x.ts";');
    expect(circles([...ring.slice(0, 2), types])).toEqual([]);
  });
});

function roomOf(path: string): string | null {
  if (path.startsWith("commands/")) return "commands";
  const parts = path.split("/");
  if (parts[0] !== "src") return null;
  return parts.length === 2 ? "root" : (parts[1] ?? null);
}

function targetOf(file: SourceFile, from: string): string | null {
  return from.startsWith(".") ? normalize(`${dirname(file.path)}/${from}`) : null;
}

function roomViolations(file: SourceFile): string[] {
  const room = roomOf(file.path) ?? "";
  const rank = RANKS[room];
  if (rank === undefined) return [`${file.path}: ${room} is no room: add it to src/README.md and to RANKS here`];
  return file.imports.flatMap(({ from, line }) => {
    const target = targetOf(file, from);
    if (target === null || target === "package.json") return [];
    const other = roomOf(target);
    const otherRank = other === null ? undefined : RANKS[other];
    const allowed =
      other === room ||
      (other !== null && (ALSO_ALLOWED[room] ?? []).includes(other)) ||
      (otherRank !== undefined && otherRank < rank && (ONLY[room]?.includes(other ?? "") ?? true));
    if (allowed) return [];
    return [
      `${file.path}:${line}: ${room} must not import ${target}: declare a port (a function type) that app.ts joins`,
    ];
  });
}

function fenceViolations(file: SourceFile, fence: Fence): string[] {
  if (fence.inside.test(file.path)) return [];
  return file.imports
    .filter((one) => fence.package.test(one.from))
    .map((one) => `${file.path}:${one.line}: ${one.from}: ${fence.instead}`);
}

function ruleViolations(file: SourceFile, rule: Rule): string[] {
  if (rule.allowedIn.test(file.path)) return [];
  return [...file.code.matchAll(rule.code)].map(
    (match) => `${placeOf(file, match.index)}: ${rule.what}: use ${rule.instead}`,
  );
}

function sqlTimeViolations(file: SourceFile): string[] {
  return file.strings.flatMap(({ text, offset }) =>
    [...text.matchAll(SQL_TIME)].map(
      (match) => `${placeOf(file, offset + match.index)}: ${match[0]}: pass clock.now() as a parameter`,
    ),
  );
}

function sqlTimeOfMigration(path: string): string[] {
  const text = readFileSync(`${root}${path}`, "utf8").replace(/--.*$/gm, "");
  return [...text.matchAll(SQL_TIME)].map((match) => `${path}: ${match[0]}: no default time; the row is given one`);
}

/** Every way round by what is left at run time (types are not), each once, from its first file in the alphabet. */
function circles(files: readonly SourceFile[]): string[] {
  const graph = new Map(
    files.map((file) => [
      file.path,
      file.imports.flatMap((one) => (one.typeOnly ? [] : (targetOf(file, one.from) ?? []))),
    ]),
  );
  const done = new Set<string>();
  const found = new Set<string>();
  const walk = (path: string, above: readonly string[]) => {
    const start = above.indexOf(path);
    if (start >= 0) {
      const ring = above.slice(start);
      const first = ring.indexOf([...ring].sort()[0] ?? "");
      const turned = [...ring.slice(first), ...ring.slice(0, first)];
      found.add([...turned, turned[0]].join(" -> "));
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...above, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return [...found];
}
