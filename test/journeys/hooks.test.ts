import { chmodSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freePort, startPostgres } from "../../sandbox/postgres.ts";
import { prepareTemplate } from "../helpers/template.ts";
import { deliver, jobMessage, postKeys } from "./desk.ts";
import { testDesk } from "./support.ts";

const FAILED = { job: "person-sync", environment: "prod", status: "failed", error: "index is read-only" };

test("what a sender is told: kept, pinged, malformed, not authenticated, unknown, too large", {
  timeout: 60_000,
}, async () => {
  const desk = await testDesk();
  const good = jobMessage(desk.env, { ...FAILED, rid: "1" });
  expect(await deliver(desk.url, good)).toBe(202);
  const secret = desk.env["NIGHTDESK_JOB_SECRET"] ?? "";
  const ping = { path: `/hooks/ping/${secret}/person-sync/prod/start?rid=2`, headers: {}, body: "" };
  expect(await deliver(desk.url, ping)).toBe(200);
  expect(await deliver(desk.url, jobMessage(desk.env, { ...FAILED, status: "asleep" }))).toBe(400);
  expect(await deliver(desk.url, { ...good, body: `${good.body} ` })).toBe(401);
  expect(await deliver(desk.url, { ...ping, path: "/hooks/ping/guessed/person-sync/prod" })).toBe(401);
  expect(await deliver(desk.url, { ...good, path: "/hooks/nobody" })).toBe(404);
  expect(await deliver(desk.url, jobMessage(desk.env, { ...FAILED, log: "x".repeat(1_100_000) }))).toBe(413);
  await desk.settle();

  // The alert and the ping.
  expect(await desk.list("incidents")).toMatchObject([{ signals: 2 }]);
  // Authenticated, and yet not understood: kept with the reason. What anybody could have sent is not.
  const refused = await desk.list("refused");
  expect(refused).toMatchObject([{ source: "jobs", reason: expect.stringContaining("status") }]);
});

test("while the database is away a sender is told to come again, and nothing is lost after it", {
  timeout: 60_000,
}, async () => {
  const parent = await mkdtemp(join(tmpdir(), "nightdesk-away-"));
  chmodSync(parent, 0o755);
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  const options = { dataDir: join(parent, "data"), port: await freePort() };
  let postgres = await startPostgres(options);
  onTestFinished(() => postgres.close());
  const desk = await testDesk({ server: postgres.url, template: await prepareTemplate(postgres.url) });

  await postgres.close();
  const message = jobMessage(desk.env, { ...FAILED, rid: "1" });
  expect(await deliver(desk.url, message)).toBe(503);
  expect((await fetch(`${desk.url}/readyz`)).status).toBe(503);
  expect((await fetch(`${desk.url}/healthz`)).status).toBe(200);

  postgres = await startPostgres(options);
  await desk.wait("a delivery that is kept", async () => (await deliver(desk.url, message)) === 202);
  expect(await deliver(desk.url, message)).toBe(202);
  await desk.wait("an incident", async () => (await desk.list("incidents")).length === 1);
  await desk.settle();
  expect(await desk.list("incidents")).toMatchObject([{ signals: 1 }]);
  expect(postKeys(desk)).toEqual(["incident:1:header"]);
});
