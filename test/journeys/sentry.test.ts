import { createHmac } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { Nightdesk } from "../../sandbox/nightdesk.ts";
import { freePort } from "../../sandbox/postgres.ts";
import { type FakeSentry, fakeSentry } from "../helpers/sentry.ts";
import { type Desk, deliver, rootsOf, toldTo } from "./desk.ts";
import { testDesk } from "./support.ts";

/** Nightdesk with the API of a Sentry on this machine. */
async function withSentry(): Promise<{ desk: Desk; sentry: FakeSentry; nightdesk: Nightdesk }> {
  const sentry = await fakeSentry();
  const desk = await testDesk({ processes: 0 });
  const file = desk.env["NIGHTDESK_CATALOGUE"] ?? "";
  const catalogue = JSON.parse(await readFile(file, "utf8"));
  catalogue.sources.sentry.api = { url: sentry.url, organization: "acme", token: sentry.token };
  await writeFile(file, JSON.stringify(catalogue));
  const nightdesk = await desk.open();
  await desk.wait("the first look", () => sentry.calls.length > 0);
  return { desk, sentry, nightdesk };
}

function webhook(desk: Desk, resource: string, said: unknown) {
  const body = JSON.stringify(said);
  const signature = createHmac("sha256", desk.env["SENTRY_CLIENT_SECRET"] ?? "")
    .update(body)
    .digest("hex");
  const headers = { "sentry-hook-resource": resource, "sentry-hook-signature": signature };
  return deliver(desk.url, {
    path: "/hooks/sentry",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
}

/** Moves drill time on by less than a minute, and waits until Sentry was asked again and all is done. */
async function aWhile(desk: Desk, sentry: FakeSentry): Promise<void> {
  const asked = sentry.calls.length;
  await desk.moveTo(desk.now() + 45_000);
  await desk.wait("another look", () => sentry.calls.slice(asked).includes("GET /issues/"));
  await desk.settle();
}

const instant = (ms: number) => new Date(ms).toISOString();

test("a webhook that is lost is caught up within a minute, one that comes late counts once, and Resolve reaches Sentry", {
  timeout: 90_000,
}, async () => {
  const { desk, sentry } = await withSentry();
  const happenedAt = desk.now();
  const lost = sentry.happens({ at: instant(happenedAt), project: "tis-esr-generator", environment: "production" });
  await aWhile(desk, sentry);
  expect(await desk.list("incidents")).toMatchObject([{ status: "open", environment: "prod", signals: 1 }]);
  const [line] = await desk.timeline(1);
  const [at, learnedAt] = [line?.["at"], line?.["learnedAt"]].map((time) => Date.parse(String(time)));
  expect(at).toBe(happenedAt);
  expect(learnedAt).toBeGreaterThanOrEqual(happenedAt + 10_000);

  expect(await webhook(desk, "issue", sentry.hook(lost.issue, "created"))).toBe(202);
  expect(await webhook(desk, "event_alert", sentry.alert(lost.issue, lost.event))).toBe(202);
  await aWhile(desk, sentry);
  expect(await desk.list("incidents")).toMatchObject([{ signals: 1 }]);

  await desk.workspace.slash({ user: "asha", channel: "ops", text: "/incident resolve INC-1 mapping released" });
  await desk.settle();
  const offer = desk.workspace
    .ephemerals("asha")
    .find((one) => desk.workspace.plain(one).includes("[Resolve in Sentry too]"));
  expect(sentry.status(lost.issue)).toBe("unresolved");
  await desk.workspace.press({ user: "asha", on: { ephemeral: offer?.id ?? "" }, button: "Resolve in Sentry too" });
  await desk.wait("Sentry's resolution", () => sentry.status(lost.issue) === "resolved");
  const integration = { type: "application", id: "a1", name: "Nightdesk" };
  expect(await webhook(desk, "issue", sentry.hook(lost.issue, "resolved", integration))).toBe(202);
  await aWhile(desk, sentry);

  expect(toldTo(desk, "asha").at(-1)).toContain("Sentry is asked to resolve");
  const [root] = rootsOf(desk, "ops");
  const replies = (root?.replies ?? []).map((reply) => desk.workspace.plain(reply));
  expect(replies.filter((text) => text.includes("in Sentry"))).toHaveLength(1);
  expect(replies.join("\n")).toContain("Asha Rao resolved TIS-ESR-GENERATOR-");
  expect(await desk.list("incidents")).toMatchObject([{ status: "resolved" }]);
  expect(sentry.calls.filter((call) => call.startsWith("PUT"))).toEqual([`PUT /issues/${lost.issue}/`]);
  expect((await desk.list("audit")).map((entry) => entry["action"])).toContain("sentry.resolve");
  expect(sentry.wrong).toEqual([]);
});

test("what happened while nobody was there is caught up by two who come back, and told once", {
  timeout: 90_000,
}, async () => {
  const { desk, sentry, nightdesk } = await withSentry();
  await nightdesk.kill();
  const happenedAt = desk.now();
  sentry.happens({ at: instant(happenedAt), project: "tis-esr-inbound-data-writer", environment: "prod" });
  await desk.moveTo(happenedAt + 3 * 3_600_000);
  const second = await freePort();
  await Promise.all([desk.open(), desk.open({ PORT: String(second) })]);
  await aWhile(desk, sentry);
  expect(await desk.list("incidents")).toMatchObject([{ signals: 1, services: ["esr-inbound"] }]);
  expect((await desk.timeline(1)).map((line) => Date.parse(String(line["at"])))).toContain(happenedAt);
  expect(rootsOf(desk, "ops")).toHaveLength(1);
});
