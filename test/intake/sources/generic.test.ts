import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { manualClock } from "../../../src/base/clock.ts";
import { plug } from "../../../src/intake/plugin.ts";
import { generic } from "../../../src/intake/sources/generic.ts";
import { deliveryOf, describeSource, signalsOf } from "../../helpers/conformance/source.ts";
import { ESTATE, estate, hmac } from "../../helpers/hear.ts";

const entry = ESTATE.sources.queues;
const clock = manualClock("2021-03-16T14:42:00Z");

const alert = (over: Record<string, unknown> = {}) => ({
  id: "a1",
  status: "firing",
  startsAt: "2021-03-16T14:40:00Z",
  alert: { name: "Queue is full" },
  labels: { service: "esr-notifier", env: "stage", queue: "outbound" },
  ...over,
});

function request(body: unknown, secret = "queue-secret") {
  const raw = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return { method: "POST", path: "", query: {}, headers: { "x-signature": hmac(secret, raw) }, body: raw };
}

describeSource(plug(generic), {
  entry,
  timed: false,
  firing: (_, n) => request({ alerts: [alert({ id: `a${n}` })] }),
  resolved: (_, n) => request({ alerts: [alert({ id: `a${n}`, status: "resolved" })] }),
  wrong: (_, n) => request({ alerts: [alert({ id: `a${n}` })] }, "another"),
  junk: () => request("<xml/>"),
});

const pathEntry = { ...entry, auth: "path" } as const;
describeSource(plug(generic), {
  entry: pathEntry,
  timed: false,
  firing: (_, n) => byPath({ alerts: [alert({ id: `a${n}` })] }),
  resolved: (_, n) => byPath({ alerts: [alert({ id: `a${n}`, status: "ok" })] }),
  wrong: () => ({ ...byPath({}), path: "/queue-secret2" }),
  junk: () => ({ ...byPath({}), body: Buffer.from("7") }),
});

function byPath(body: unknown) {
  return { ...request(body), headers: {}, path: "/queue-secret" };
}

const source = plug(generic).bind("queues", entry);
const parse = (body: unknown, bound = source) => bound.parse(deliveryOf(bound, request(body), clock), estate());

test("one signal per element, each field by its path", () => {
  const parsed = parse({ alerts: [alert(), alert({ id: "a2", status: "resolved", labels: {} })] });
  const signals = signalsOf(parsed);
  expect(signals).toHaveLength(2);
  expect(signals[0]).toMatchObject({
    kind: "firing",
    title: "Queue is full",
    service: "esr-notifier",
    environment: "stage",
    cause: "outbound",
    condition: "a1",
  });
  expect(signals[0]?.at.toString()).toBe("2021-03-16T14:40:00Z");
  expect(signals[1]).toMatchObject({ kind: "resolved", service: undefined, condition: "a2" });
});

test("constants, list positions and the body itself where there is no list", () => {
  const map = { signal: "=failed", title: "$.events[1].text", service: "=tis-sync" };
  const bound = plug(generic).bind("x", { kind: "generic", secret: "queue-secret", map });
  expect(signalsOf(parse({ events: [{}, { text: "Second" }] }, bound))).toMatchObject([
    { kind: "failed", title: "Second", service: "tis-sync", condition: undefined },
  ]);
});

test.each([
  [{ alerts: [alert({ status: "purple" })] }, /signal is "purple", not one of firing/],
  [{ alerts: [alert({ alert: {} })] }, /nothing at alert.name to be the title/],
  [{ alerts: "none" }, /alerts is not a list/],
])("what does not fit the map is refused with the reason", (body, reason) => {
  expect(parse(body)).toMatchObject({ kind: "refused", reason: expect.stringMatching(reason) });
});

test("an empty list is nothing to tell", () => {
  expect(parse({ alerts: [] })).toMatchObject({ kind: "ignored" });
});

test("without ids and times a repetition is known for a while only", () => {
  expect(source.deliveryKey(request({ alerts: [alert()] })).forMs).toBeUndefined();
  expect(source.deliveryKey(request({ alerts: [alert({ id: null })] })).forMs).toBe(600_000);
  expect(source.deliveryKey(request({ other: 1 })).forMs).toBe(600_000);
});

test("a path does not reach into what every object has", () => {
  const bound = plug(generic).bind("x", {
    kind: "generic",
    secret: "queue-secret",
    map: { title: "constructor.name" },
  });
  expect(parse({ a: 1 }, bound)).toMatchObject({ kind: "refused" });
});

test("the depth of a queue, as docs/sources.md describes and signs it", () => {
  const docs = readFileSync(new URL("../../../docs/sources.md", import.meta.url), "utf8");
  const [, yaml = "", script = ""] =
    /<!-- queue depth -->\n```yaml\n([\s\S]*?)```\n\n```sh\n([\s\S]*?)```/.exec(docs) ?? [];
  const { queues } = parseYaml(yaml.replace("${env.QUEUE_HOOK_SECRET}", "queue-secret")).sources;
  const bound = plug(generic).bind("queues", queues);
  const sent = (...args: string[]) => {
    const told = `curl() { printf '%s\\n%s' "$signature" "$body"; }\n${script}`;
    const env = { PATH: process.env["PATH"] ?? "", QUEUE_HOOK_SECRET: "queue-secret", NIGHTDESK_URL: "http://x" };
    const [signature = "", ...body] = spawnSync("sh", ["-c", told, "depth.sh", ...args], {
      env,
      encoding: "utf8",
    }).stdout.split("\n");
    return { ...request(body.join("\n")), headers: { "x-signature": signature } };
  };
  const [firing, resolved] = [
    sent("firing", "2274", "2024-01-31T02:10:00Z"),
    sent("resolved", "3", "2024-01-31T03:00:00Z"),
  ];
  const read = (one: typeof firing) => signalsOf(bound.parse(deliveryOf(bound, one, clock), estate()))[0];
  expect(read(firing)).toMatchObject({
    kind: "firing",
    title: "Too many messages in esr.dlq",
    error: "2274 messages wait",
    service: "esr-inbound",
    environment: "prod",
    cause: "esr.dlq",
    tags: { depth: "2274" },
  });
  expect(read(resolved)).toMatchObject({ kind: "resolved", condition: read(firing)?.condition });
  expect(bound.deliveryKey(firing).forMs).toBeUndefined();
  expect(bound.deliveryKey(firing).key).not.toBe(bound.deliveryKey(resolved).key);
});
