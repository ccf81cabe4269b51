import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { parse } from "yaml";
import { startWorkspace } from "../sandbox/workspace/start.ts";
import { inspectConfig } from "../src/config/env.ts";
import { runDoctor } from "../src/doctor.ts";
import { testDatabase } from "./helpers/database.ts";
import { redisIsHere, startRedis } from "./helpers/redis.ts";
import { root } from "./helpers/source-code.ts";

const CATALOGUE = `version: 1
environments: { prod: {} }
targets: { nothing: { connector: noop } }
jobs: { etl: { environments: { prod: { target: nothing } } } }
fallback: ops
`;

test.skipIf(!redisIsHere && process.env["CI"] !== "true")(
  "with everything in order the doctor finds no fault, asking a real database, a real Redis and the emulated workspace",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "nightdesk-doctor-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "nightdesk.yml"), CATALOGUE);
    const redis = await startRedis();
    onTestFinished(() => redis.close());
    const workspace = await startWorkspace({
      signingSecret: "0123456789abcdef",
      botToken: "xoxb-1234567890",
      manifest: parse(readFileSync(`${root}manifest.yml`, "utf8")),
      people: { asha: {} },
      channels: [{ name: "ops" }, { name: "elsewhere", bot: false }],
    });
    onTestFinished(() => workspace.close());
    const env = {
      SLACK_BOT_TOKEN: "xoxb-1234567890",
      SLACK_SIGNING_SECRET: "0123456789abcdef",
      SLACK_API_URL: workspace.apiUrl,
      DATABASE_URL: (await testDatabase()).url,
      REDIS_URL: redis.url,
      NIGHTDESK_CATALOGUE: join(folder, "nightdesk.yml"),
      NIGHTDESK_PUBLIC_URL: "https://desk.example.org",
    };
    const said = vi.spyOn(console, "log").mockImplementation(() => {});
    onTestFinished(() => said.mockRestore());
    const exitCode = await runDoctor(inspectConfig(env, "doctor"), env);
    const text = String(said.mock.calls[0]?.[0]);
    expect(text).toContain("ok     Redis answers: noeviction, append-only");
    expect(text).toContain("ok     the database is prepared for this version");
    expect(text).toContain("ok     Nightdesk is in #ops (fallback)");
    expect(text).toMatch(/0 warnings, 0 faults$/);
    expect(exitCode).toBe(0);
  },
);
