import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { SCOPES } from "../src/command/manifest.ts";
import { inspectConfig } from "../src/config/env.ts";
import { runDoctor } from "../src/doctor.ts";
import { testDatabase } from "./helpers/database.ts";
import { redisIsHere, startRedis } from "./helpers/redis.ts";

const CATALOGUE = `version: 1
environments: { prod: {} }
targets: { nothing: { connector: noop } }
jobs: { etl: { environments: { prod: { target: nothing } } } }
fallback: ops
`;

/** Enough of Slack for a doctor: who the token is, and which channels there are. */
async function smallSlack(): Promise<string> {
  const answers: Record<string, unknown> = {
    "/api/auth.test": { ok: true, team: "Example", user: "nightdesk" },
    "/api/conversations.list": { ok: true, channels: [{ name: "ops", is_member: true, is_archived: false }] },
  };
  const server = createServer((request, response) => {
    response.setHeader("x-oauth-scopes", SCOPES.map((scope) => scope.name).join(","));
    response.end(JSON.stringify(answers[request.url ?? ""] ?? { ok: false, error: "unknown_method" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/api/`;
}

test.skipIf(!redisIsHere && process.env["CI"] !== "true")(
  "with everything in order the doctor finds no fault, asking a real database and a real Redis",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "nightdesk-doctor-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "nightdesk.yml"), CATALOGUE);
    const redis = await startRedis();
    onTestFinished(() => redis.close());
    const env = {
      SLACK_BOT_TOKEN: "xoxb-1234567890",
      SLACK_SIGNING_SECRET: "0123456789abcdef",
      SLACK_API_URL: await smallSlack(),
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
