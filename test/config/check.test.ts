import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { checkCatalogue } from "../../src/config/check.ts";

const plugins = {
  sources: { job: z.looseObject({ kind: z.literal("job"), secret: z.string() }) },
  connectors: {
    noop: z.looseObject({ connector: z.literal("noop") }),
    ecs: z.looseObject({ connector: z.literal("ecs") }),
  },
};
const CATALOGUE = `version: 1
environments: { prod: {} }
people: { asha: { name: Asha Rao } }
sources: { jobs: { kind: job, secret: "\${env.JOB_SECRET}" } }
targets: { nothing: { connector: noop }, cluster: { connector: ecs, region: eu-west-2 } }
roles: { second: { members: [asha] } }
jobs:
  etl:
    then: [etl-two]
    environments: { prod: { target: nothing, approvals: { count: 1, role: second } } }
  etl-two: { environments: { prod: { target: cluster } } }
monitors:
  night: { job: etl, environment: prod, schedule: "0 2 * * *", zone: Europe/London, startBy: 10m }
fallback: ops
`;

function file(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "nightdesk-check-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "nightdesk.yml"), text);
  return join(folder, "nightdesk.yml");
}

test("a good catalogue: what was found", () => {
  const path = file(CATALOGUE);
  const { exitCode, lines } = checkCatalogue(path, { env: { JOB_SECRET: "x" }, plugins });
  expect(exitCode).toBe(0);
  expect(lines.at(-1)).toBe(
    `${path}: good: 1 environment, 1 person, 1 role, 1 source, 0 message patterns, 2 targets, 2 jobs, 0 routes`,
  );
  expect(lines.slice(0, -1)).toEqual([]);
});

test("what comes in without a signature is said in one line each", () => {
  const path = file(CATALOGUE.replace("sources: {", "sources: { cron: { kind: job, secret: an-hour-of-coin-flips },"));
  const unsigned = { job: (entry: unknown) => (JSON.stringify(entry).includes("JOB") ? null : "a ping") };
  const { lines } = checkCatalogue(path, { env: { JOB_SECRET: "JOB" }, plugins: { ...plugins, unsigned } });
  expect(lines.filter((line) => line.includes("secret"))).toEqual([
    "sources.cron: a ping cannot sign: it is only as secret as its URL (/hooks/ping/SECRET)",
  ]);
});

test("a bad one: its problems, their number, exit 1", () => {
  const path = file(CATALOGUE.replace("target: nothing", "traget: nothing"));
  const { exitCode, lines } = checkCatalogue(path, { env: { JOB_SECRET: "x" }, plugins });
  expect(exitCode).toBe(1);
  expect(lines).toEqual([
    `${path}:10:21: jobs.etl.environments.prod.target: is missing; it must be text`,
    `${path}:10:29: jobs.etl.environments.prod.traget: unknown key; did you mean "target"?`,
    `${path}: 2 problems`,
  ]);
});

test("a variable that is not set is an error, and a note for a pipeline without secrets", () => {
  const path = file(CATALOGUE);
  const line = `${path}:4:39: sources.jobs.secret: the environment variable JOB_SECRET is not set; set it where Nightdesk runs`;
  expect(checkCatalogue(path, { env: {}, plugins }).lines[0]).toBe(line);
  const lenient = checkCatalogue(path, { env: {}, plugins, allowUnset: true });
  expect(lenient.exitCode).toBe(0);
  expect(lenient.lines[0]).toBe(`${line} (only a note here)`);
});

test("no file is one clear line", () => {
  const { exitCode, lines } = checkCatalogue("none.yml", { env: {}, plugins });
  expect(exitCode).toBe(1);
  expect(lines[0]).toBe(
    "none.yml: there is no such file; NIGHTDESK_CATALOGUE names the catalogue (default ./nightdesk.yml)",
  );
});
