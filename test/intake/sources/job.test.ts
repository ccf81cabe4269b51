import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Clock, manualClock } from "../../../src/base/clock.ts";
import { plug } from "../../../src/intake/plugin.ts";
import { job } from "../../../src/intake/sources/job.ts";
import { deliveryOf, describeSource, signalsOf } from "../../helpers/conformance/source.ts";
import { estate, jobRequest, pingRequest } from "../../helpers/hear.ts";

const entry = { kind: "job", secret: "job-secret" } as const;
const source = plug(job).bind("jobs", entry);
const clock = manualClock("2021-03-16T14:42:00Z");
const message = (over: Record<string, unknown>) => ({
  job: "personElasticSearchSyncJob",
  environment: "prod",
  ...over,
});

describeSource(plug(job), {
  entry,
  timed: true,
  firing: (at: Clock, n) => jobRequest(message({ rid: `r${n}`, status: "failed" }), { at: at.machineNow() }),
  resolved: (at: Clock, n) => jobRequest(message({ rid: `r${n}`, status: "succeeded" }), { at: at.machineNow() }),
  wrong: (at: Clock, n) =>
    jobRequest(message({ rid: `r${n}`, status: "failed" }), { at: at.machineNow(), secret: "another" }),
  junk: (at: Clock) => jobRequest(message({ status: "exploded" }), { at: at.machineNow() }),
});

describeSource(plug(job), {
  entry,
  timed: false,
  firing: (_, n) => pingRequest("/ping/job-secret/person-sync/prod/fail", { rid: `r${n}` }),
  resolved: (_, n) => pingRequest("/ping/job-secret/person-sync/prod", { rid: `r${n}` }),
  wrong: (_, n) => pingRequest("/ping/job-secrets/person-sync/prod/fail", { rid: `r${n}` }),
  junk: () => pingRequest("/ping/job-secret/person-sync"),
});

const read = (request: Parameters<typeof deliveryOf>[1]) =>
  signalsOf(source.parse(deliveryOf(source, request, clock), estate()))[0];

test("a message with all it can say", () => {
  const body = message({
    rid: "a1",
    status: "failed",
    at: "2021-03-16T14:41:30Z",
    exit_code: 3,
    counts: { read: 12, bad: "x" },
    error: { type: "SqlException", message: "Unknown column" },
    entities: ["11", 12],
    log_url: "https://logs.example.org/1",
  });
  expect(read(jobRequest(body, { at: clock.machineNow() }))).toMatchObject({
    kind: "failed",
    title: "Person search index failed",
    job: "personElasticSearchSyncJob",
    environment: "prod",
    rid: "a1",
    counts: { read: 12 },
    error: "Unknown column",
    tags: { exit_code: "3", entities: "11 12" },
    url: "https://logs.example.org/1",
  });
});

test.each([
  ["", "finished", undefined],
  ["/", "finished", undefined],
  ["/start", "started", undefined],
  ["/fail", "failed", undefined],
  ["/log", "progress", undefined],
  ["/0", "finished", undefined],
  ["/137", "failed", "exit code 137"],
])("a ping that ends with %j says %s", (end, kind, error) => {
  for (const method of ["GET", "HEAD", "POST"]) {
    const signal = read(pingRequest(`/ping/job-secret/person-sync/prod${end}`, { rid: "r", method }));
    expect(signal).toMatchObject({ kind, job: "person-sync", environment: "prod", rid: "r" });
    expect(signal?.error).toBe(error);
  }
});

test("the body of a failing ping is its error, and no method but three is a ping", () => {
  const failing = pingRequest("/ping/job-secret/person-sync/prod/1", { method: "POST", body: "Unknown column\n" });
  expect(read(failing)?.error).toBe("Unknown column");
  expect(source.verify({ ...failing, method: "DELETE" }, clock.machineNow()).ok).toBe(false);
});

test("encoded names in a ping are decoded, and a secret with signs that need it is found", () => {
  const odd = plug(job).bind("odd", { kind: "job", secret: "a/b c" });
  const request = pingRequest("/ping/a%2Fb%20c/Person%20sync%20job/prod/start");
  const [signal] = signalsOf(odd.parse(deliveryOf(odd, request, clock), estate()));
  expect(signal).toMatchObject({ job: "Person sync job", title: "Person search index started" });
});

test.each(["/256", "/1.5", "/-1", "/begin", "/start/again"])("a ping that ends with %s is refused", (end) => {
  const request = pingRequest(`/ping/job-secret/person-sync/prod${end}`);
  expect(source.wellFormed(request)).toMatchObject({ ok: false });
  expect(source.parse(deliveryOf(source, request, clock), estate())).toMatchObject({ kind: "refused" });
});

test("progress with the same rid is a new delivery whenever it says something new", () => {
  const key = (body: Record<string, unknown>) =>
    source.deliveryKey(jobRequest(message(body), { at: clock.machineNow() })).key;
  const first = { rid: "a", status: "progress", counts: { done: 1 } };
  expect(key(first)).toBe(key(first));
  expect(key(first)).not.toBe(key({ ...first, counts: { done: 2 } }));
  expect(key({ rid: "a", status: "started", at: "2021-03-16T14:00:00Z" })).toBe(key({ rid: "a", status: "started" }));
});

test("a signature does not carry over to another time", () => {
  const request = jobRequest(message({ status: "failed" }), { at: clock.machineNow() });
  const later = {
    ...request.headers,
    "x-nightdesk-timestamp": String(Number(request.headers["x-nightdesk-timestamp"]) + 1),
  };
  expect(source.verify({ ...request, headers: later }, clock.machineNow())).toEqual({
    ok: false,
    reason: "bad signature",
  });
});

/** Requests as they go over the wire, between lines of dashes: method, address, headers, body. */
function requestsIn(text: string) {
  return text.split(/^-{3,}\s*$/m).flatMap((part) => {
    const [head = "", ...body] = part.trim().split(/\r?\n\r?\n/);
    const line = /^(GET|HEAD|POST) (\S+) HTTP\//.exec(head);
    return line === null ? [] : [{ method: line[1] ?? "", address: line[2] ?? "", body: body.join("\n\n") }];
  });
}

/** What comes behind the check's own id, or behind the project's key and the check's name. */
const endingOf = (path: string): string =>
  path.replace(/^\/([0-9a-f]{8}-[0-9a-f-]{27}|[^/]+\/[^/]+)(?=\/|$)/i, "").replace(/\/$/, "");

const KINDS: Readonly<Record<string, string>> = {
  "": "finished",
  "/start": "started",
  "/fail": "failed",
  "/log": "progress",
  "/0": "finished",
};
const folder = process.env["NIGHTDESK_SAMPLES"];

test.runIf(folder !== undefined)(
  "pings of the vendor's samples in NIGHTDESK_SAMPLES mean here what they mean there",
  () => {
    const inner = join(folder ?? "", "healthchecks");
    const files = (existsSync(inner) ? readdirSync(inner) : []).filter((file) => file.endsWith(".txt"));
    const requests = files.flatMap((file) => requestsIn(readFileSync(join(inner, file), "utf8")));
    expect(requests.length).toBeGreaterThan(0);
    for (const { method, address, body } of requests) {
      const url = new URL(address, "https://ping.example.org");
      const ending = endingOf(url.pathname);
      const query = Object.fromEntries(url.searchParams);
      const request = { ...pingRequest(`/ping/job-secret/person-sync/prod${ending}`, { method, body }), query };
      expect(source.wellFormed(request)).toEqual({ ok: true });
      expect(source.acceptedStatus(request)).toBe(200);
      expect(read(request)).toMatchObject({ kind: KINDS[ending] ?? "failed", rid: query["rid"] });
    }
  },
);
