import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { root } from "./helpers/source-code.ts";

/** No Docker engine is needed: the file is read, and a folder is laid out as the image would be. */
const stages = stagesOf(readFileSync(`${root}Dockerfile`, "utf8"));
const image = stages.at(-1) ?? [];
const value = (instruction: string) => image.filter(([name]) => name === instruction).map(([, rest]) => rest);

let app = "";
beforeAll(() => {
  app = mkdtempSync(join(tmpdir(), "nightdesk-image-"));
  layOut(app);
});
afterAll(() => rmSync(app, { recursive: true, force: true }));

test("both stages stand on one pinned Node 24, the one that is tested", () => {
  const { devDependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  const bases = stages.map((stage) => stage[0]?.[1].split(" ")[0]);
  expect(new Set(bases)).toEqual(new Set([`node:${devDependencies.node}-slim`]));
});

test("it runs as a user that is not root, and nothing is copied or run after that as root", () => {
  expect(value("USER")).toEqual(["node"]);
  const after = image.slice(image.findIndex(([name]) => name === "USER") + 1).map(([name]) => name);
  expect(after.filter((name) => name === "RUN" || name === "COPY" || name === "ADD")).toEqual([]);
});

test("every COPY has its source, and .dockerignore lets it in", () => {
  const sources = stages
    .flat()
    .flatMap(([name, rest]) => (name === "COPY" && !rest.startsWith("--from") ? rest.split(/\s+/).slice(0, -1) : []));
  expect(sources.length).toBeGreaterThan(4);
  expect(sources.filter((source) => !existsSync(`${root}${source}`))).toEqual([]);
  const allowed = readFileSync(`${root}.dockerignore`, "utf8").split("\n");
  expect(allowed).toContain("*");
  expect(sources.filter((source) => !allowed.includes(`!${source}`))).toEqual([]);
});

test("only production dependencies are installed", () => {
  const installs = stages.flat().filter(([name, rest]) => name === "RUN" && /\bnpm\b/.test(rest));
  expect(installs.map(([, rest]) => rest)).toEqual([expect.stringMatching(/^npm ci --omit=dev\b/)]);
  expect(existsSync(join(app, "node_modules/pg"))).toBe(true);
  expect(existsSync(join(app, "node_modules/vitest"))).toBe(false);
});

test("the start command starts, and without its values says what is missing, one line each", () => {
  const [command = "", ...args] = JSON.parse(value("CMD").at(-1) ?? "[]");
  expect(command).toBe("node");
  const flags: string[] = JSON.parse(readFileSync(join(app, "bin/node-flags.json"), "utf8"));
  expect(args).toEqual([...flags, "src/main.ts", "all"]);
  const started = spawnSync(process.execPath, args, { cwd: app, env: imageEnv(), encoding: "utf8", timeout: 15_000 });
  expect(started.stderr.trim().split("\n")).toEqual([
    expect.stringMatching(/^SLACK_BOT_TOKEN is not set: /),
    expect.stringMatching(/^SLACK_SIGNING_SECRET is not set: /),
    expect.stringMatching(/^DATABASE_URL is not set: /),
  ]);
  expect(started.status).toBe(1);
});

test("in it, a catalogue can be checked with every plug-in loaded", () => {
  const catalogue = join(app, "nightdesk.yml");
  writeFileSync(catalogue, "version: 1\ntargets: { nothing: { connector: noop } }\nfallback: ops\n");
  const checked = spawnSync(process.execPath, ["bin/nightdesk", "check", catalogue], {
    cwd: app,
    env: imageEnv(),
    encoding: "utf8",
    timeout: 15_000,
  });
  expect(checked.stdout + checked.stderr).toContain("nightdesk.yml: good: ");
  expect(checked.status).toBe(0);
});

test("its health check asks /healthz by node, for the image has no curl", () => {
  const check = value("HEALTHCHECK").at(-1) ?? "";
  const command: string[] = JSON.parse(check.slice(check.indexOf("CMD ") + 4));
  expect(command.slice(0, 2)).toEqual(["node", "-e"]);
  const asked = spawnSync(process.execPath, command.slice(1), { env: { PORT: "1" }, encoding: "utf8", timeout: 5_000 });
  expect(asked.stderr).toBe("");
  expect(asked.status).toBe(1);
  expect(command[2]).toContain("/healthz");
});

test("compose: a Redis that neither evicts nor forgets, a pinned Postgres, and no secret with a default", () => {
  const text = readFileSync(`${root}compose.yml`, "utf8");
  const { services } = parseYaml(text);
  expect(services.redis.command.join(" ")).toContain("--appendonly yes --maxmemory-policy noeviction");
  expect(services.postgres.image).toMatch(/^postgres:18\.\d+$/);
  const variables = [...text.replace(/#.*$/gm, "").matchAll(/\$\{(\w+)([^}]*)\}/g)];
  expect(variables.length).toBeGreaterThan(3);
  expect(variables.filter(([, , rest]) => !rest?.startsWith(":?")).map(([whole]) => whole)).toEqual([]);
  expect(services.nightdesk.environment.DATABASE_URL).toContain("@postgres:5432/");
});

function imageEnv(): Record<string, string> {
  return { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, NODE_ENV: "production" };
}

/** The final stage's files: its COPYs, and links to the packages that `npm ci --omit=dev` would install. */
function layOut(folder: string): void {
  for (const rest of value("COPY").filter((one) => !one.startsWith("--from"))) {
    const words = rest.split(/\s+/);
    const target = words.at(-1) ?? ".";
    for (const source of words.slice(0, -1)) {
      const to = target.endsWith("/") ? join(folder, target, source) : join(folder, target);
      cpSync(`${root}${source}`, to, { recursive: true });
    }
  }
  const lock: { packages: Record<string, { dev?: boolean; devOptional?: boolean }> } = JSON.parse(
    readFileSync(`${root}package-lock.json`, "utf8"),
  );
  for (const [path, entry] of Object.entries(lock.packages)) {
    const top = path !== "" && path.lastIndexOf("node_modules/") === 0;
    if (!top || entry.dev || entry.devOptional || !existsSync(`${root}${path}`)) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(`${root}${path}`, join(folder, path));
  }
}

/** [instruction, rest] per line, by stage; continuations joined, comments dropped. */
function stagesOf(text: string): [string, string][][] {
  const lines = text
    .replace(/^\s*#.*\n/gm, "")
    .replace(/\\\n\s*/g, " ")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const found: [string, string][][] = [];
  for (const line of lines) {
    const [instruction = "", ...rest] = line.split(" ");
    if (instruction === "FROM") found.push([]);
    found.at(-1)?.push([instruction, rest.join(" ").trim()]);
  }
  return found;
}
