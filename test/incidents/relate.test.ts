import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { IncidentId } from "../../src/base/ids.ts";
import { fingerprintOf, sameness } from "../../src/incidents/fingerprint.ts";
import { judge } from "../../src/incidents/judge.ts";
import { kinOf } from "../../src/incidents/kin.ts";
import { relate, type Trace } from "../../src/incidents/relate.ts";
import type { Teller } from "../../src/incidents/said.ts";
import { catalogueOf } from "../helpers/hear.ts";

const catalogue = catalogueOf({
  environments: { prod: { protected: true }, nimdta: { protected: true }, preprod: {} },
  services: {
    tcs: { aliases: ["tis-tcs"], dependsOn: ["reference"] },
    reference: {},
    profile: {},
    "tis-sync": { dependsOn: ["tcs", "profile"] },
    "esr-generator": { dependsOn: ["tcs"] },
    "esr-inbound": { dependsOn: ["tcs"] },
    "esr-notifier": { dependsOn: ["tcs"] },
    forms: { dependsOn: ["profile"] },
    bulk: {},
  },
  targets: { nothing: { connector: "noop" }, other: { connector: "noop" } },
  jobs: {
    "person-sync": {
      title: "Person search index",
      then: ["post-sync"],
      environments: {
        prod: { target: "nothing", service: "tis-sync" },
        preprod: { target: "nothing", service: "tis-sync" },
      },
    },
    "post-sync": { environments: { prod: { target: "other", service: "bulk" } } },
    "ndw-etl": { environments: { prod: { target: "nothing", service: "bulk" } } },
  },
  contracts: {
    Person: { owner: "tcs", contains: ["PermitToWork"], consumers: ["esr-generator", "esr-inbound", "tis-sync"] },
  },
});

const MINUTE = 60_000;
const INC = 1 as IncidentId;

const teller = (over: Partial<Teller>): Teller => ({
  source: "sentry",
  place: "prod",
  service: null,
  job: null,
  rid: null,
  cause: null,
  title: "It failed",
  error: null,
  ...over,
});

const trace = (over: Partial<Teller>, at: { since?: number; last?: number; incident?: number } = {}): Trace => ({
  ...teller(over),
  incident: (at.incident ?? INC) as IncidentId,
  since: (at.since ?? 0) * MINUTE,
  last: (at.last ?? at.since ?? 0) * MINUTE,
});

/** Minutes after the traces began. */
const related = (over: Partial<Teller>, minutes: number, ...traces: Trace[]) =>
  relate(teller(over), minutes * MINUTE, { traces, catalogue });

const jobFailed = { source: "jobs", service: "tis-sync", job: "person-sync", title: "Person search index failed" };
const missed = {
  source: "monitor",
  service: "tis-sync",
  job: "person-sync",
  title: "Person search index did not finish by 03:45",
};
const alarm = { source: "aws", service: "tis-sync", title: "tis-sync-prod-5xx-rate", cause: "tis-sync-prod-5xx-rate" };
const PERMIT =
  'Cannot deserialize value of type `uk.tis.PermitToWork` from String "YES": not one of the values accepted for Enum class';

describe("one run", () => {
  test("its failure, its missed deadline, the error behind it and the alarm of its service are one", () => {
    const error = {
      service: "tis-sync",
      title: "SQLSyntaxErrorException: Unknown column 'pm.leadProvider'",
      error: "Unknown column 'pm.leadProvider' in 'field list'",
    };
    const failed = trace({ ...jobFailed, error: "Unknown column 'pm.leadProvider' in 'field list'" });
    expect(related(missed, 90, failed)).toMatchObject({ rule: "same-job", why: "the same job person-sync in prod" });
    expect(related(error, 1, failed)?.rule).toBe("same-error");
    expect(related(alarm, 4, failed)?.rule).toBe("same-service");
    expect(related(missed, 100, trace(error))?.rule).toBe("same-service");
    expect(related({ ...jobFailed, error: "exit code 1" }, 3, trace(error))?.rule).toBe("same-service");
    expect(related({ ...alarm, service: null, title: "ECS task of person-sync stopped" }, 3, failed)?.rule).toBe(
      "same-job",
    );
  });

  test("the next night's failure and the same job elsewhere are others", () => {
    const failed = trace({ ...jobFailed, error: "Unknown column 'pm.leadProvider'" });
    expect(related({ ...jobFailed, error: "Unknown column 'pm.leadProvider'" }, 24 * 60, failed)).toBeNull();
    expect(
      related({ ...jobFailed, place: "preprod", error: "Unknown column 'pm.leadProvider'" }, 1, failed),
    ).toBeNull();
    expect(related({ ...jobFailed, place: "nimdta", error: "Unknown column 'pm.leadProvider'" }, 1, failed)).toBeNull();
  });

  test("a sender that does not say where joins by the job alone, and never across protection", () => {
    const failed = trace({ ...jobFailed, place: "nimdta|prod", error: PERMIT });
    expect(related(missed, 60, failed)?.rule).toBe("same-job");
    expect(related({ service: "esr-generator", error: PERMIT }, 1, failed)).toBeNull();
    expect(related(missed, 60, trace({ ...jobFailed, place: "preprod|prod" }))).toBeNull();
    expect(related({ ...missed, place: "" }, 60, failed)).toBeNull();
  });
});

describe("one cause in many services", () => {
  test("consumers of one contract that name it, or a shape inside of it", () => {
    const first = trace({ service: "esr-generator", error: PERMIT });
    expect(related({ service: "esr-inbound", error: PERMIT }, 9, first)?.why).toContain("PermitToWork");
    expect(related({ service: "tis-sync", error: "permit_to_work: unexpected value" }, 50, first)?.rule).toBe(
      "same-contract",
    );
  });

  test("a service that cannot reach what it depends on, told in either order", () => {
    const down = { source: "alertmanager", service: "tcs", title: "TargetDown tcs" };
    const lost = {
      service: "esr-generator",
      title: "ResourceAccessException",
      error: "I/O error on GET: Read timed out",
    };
    expect(related(lost, 4, trace(down))).toMatchObject({
      rule: "upstream",
      why: "esr-generator depends on tcs, which failed 4 min earlier",
    });
    expect(related(down, 4, trace(lost))?.rule).toBe("upstream");
    expect(related({ ...lost, error: "503 from http://tcs:8080/api/person" }, 12, trace(down))?.why).toContain(
      "names tcs",
    );
  });

  test("consumers of one upstream that fail the same way at the same time", () => {
    const lost = (service: string) => ({ service, title: "SocketTimeoutException", error: "Read timed out" });
    expect(related(lost("esr-inbound"), 2, trace(lost("esr-generator")))?.rule).toBe("common-upstream");
  });

  test("jobs that share a credential name it", () => {
    const error = 'FATAL: password authentication failed for user "etl_reader"';
    expect(related({ service: "bulk", job: "ndw-etl", error }, 20, trace({ ...jobFailed, error }))?.rule).toBe(
      "same-error",
    );
  });
});

describe("what is named, and what comes after", () => {
  test("a provider that is out, in services that have nothing else in common", () => {
    const out = (service: string) => ({
      service,
      title: "HttpServerErrorException",
      error: "503 from https://api.notify.example/v2/email",
    });
    expect(related(out("bulk"), 12, trace(out("forms"), { last: 10 }))).toMatchObject({ rule: "same-error" });
    const other = {
      service: "bulk",
      title: "HttpServerErrorException",
      error: "503 from https://api.letters.example/v1",
    };
    expect(related(other, 1, trace(out("forms")))).toBeNull();
  });

  test("a queue and its dead letters, and the service that reads it", () => {
    const dead = { source: "aws", service: null, title: "Messages in esr-applicants-dlq", cause: "esr-applicants-dlq" };
    const reader = {
      service: "bulk",
      title: "ListenerExecutionFailedException",
      error: "Could not process a message of queue esr-applicants",
    };
    expect(related(dead, 3, trace(reader))).not.toBeNull();
    expect(related({ ...dead, title: "Messages in forms-dlq", cause: "forms-dlq" }, 3, trace(reader))).toBeNull();
  });

  test("an alarm that goes on, called by its environment first, and what its service says of it half an hour later", () => {
    const depth = {
      source: "aws",
      service: null,
      title: "prod-esr-inbound-dlq-depth",
      error: "23 messages in esr-inbound-dlq",
    };
    const error = { service: "esr-inbound", title: "MessageConversionException", error: "ticket 7: version 3" };
    const told = related(error, 36, trace(depth, { since: 0, last: 30 }));
    expect(told).toMatchObject({ rule: "same-service", why: expect.stringContaining("it speaks of esr-inbound") });
    expect(related(error, 36, trace(depth, { since: -60, last: 30 }))).toBeNull();
    expect(related(error, 60, trace(depth, { since: 0, last: 30 }))).toBeNull();
  });

  test("one sentence of one service, whatever stands in it and whatever class it is thrown as", () => {
    const locked = (id: string, node: string) => `could not lock claim:${id} within 5018 ms on node ${node} (pid 39)`;
    const first = trace({ service: "bulk", title: "LockTimeoutError", error: locked("1ae7bcabeb72", "4b96") });
    const again = { title: "Error", error: locked("7ef12947cfe5", "abad") };
    expect(related({ ...again, service: "bulk" }, 12, first)).toMatchObject({ rule: "same-error" });
    expect(related({ ...again, service: "forms" }, 12, first)).toMatchObject({ rule: "same-error" });
    expect(related({ ...again, service: "forms" }, 120, first)).toBeNull();
    const pool = (n: number) => ({
      title: "CannotGetJdbcConnectionException",
      error: `HikariPool-${n} - Connection is not available, request timed out after ${n}00 ms`,
    });
    expect(related({ ...pool(2), service: "forms" }, 1, trace({ ...pool(1), service: "bulk" }))).toBeNull();
    const short = trace({ service: "bulk", title: "ImportError", error: "line 217: grant is empty" });
    expect(related({ service: "bulk", title: "CheckError", error: "line 8: grant is empty" }, 12, short)).toBeNull();
  });

  test("brokers of one cluster are one, databases with other names are not", () => {
    const large = (host: string) => ({
      service: "bulk",
      title: "MessageTooLargeError",
      error: `message 7 of 3 bytes is too large for topic invoice-events on ${host}:9092`,
    });
    expect(related(large("kafka-4.internal"), 8, trace(large("kafka-2.internal")))).not.toBeNull();
    const refused = (service: string, host: string) => ({
      service,
      title: "PSQLException",
      error: `Connection refused: ${host}`,
    });
    const one = trace(refused("esr-inbound", "tcs-db.internal:5432"));
    expect(related(refused("esr-generator", "other-db.internal:5432"), 1, one)).toBeNull();
    // An address may be of any host, also of that one.
    expect(related(refused("esr-generator", "10.0.8.61:5432"), 1, one)).toMatchObject({ rule: "common-upstream" });
  });

  test("a job after one that failed, not one that failed before it, nor tomorrow's", () => {
    const failed = trace({ ...jobFailed, error: "exit code 1" });
    const next = {
      source: "jobs",
      service: "bulk",
      job: "post-sync",
      title: "post-sync failed",
      error: "no rows to read",
    };
    expect(related(next, 40, failed)).toMatchObject({
      rule: "after-job",
      why: "post-sync comes after person-sync, which failed 40 min earlier",
    });
    expect(related(next, 23 * 60, failed)).toBeNull();
    expect(related({ ...jobFailed, error: "exit code 1" }, 60, trace(next))).toBeNull();
    expect(related({ ...next, error: "java.lang.OutOfMemoryError: Java heap space" }, 40, failed)).toBeNull();
  });

  test("a full node that several services run on", () => {
    const full = (service: string) => ({
      service,
      title: "No space left on device",
      error: "No space left on device (eks-node-7)",
    });
    expect(related(full("bulk"), 6, trace(full("forms")))?.why).toContain("eks-node-7");
  });
});

/** Errors that everybody has, sooner or later. */
const GENERIC = [
  "Connection refused",
  "connect ECONNREFUSED 10.0.3.7:5432",
  "Read timed out",
  "java.lang.NullPointerException",
  "NullPointerException: null",
  "Cannot read properties of undefined (reading 'length')",
  "HikariPool-1 - Connection is not available, request timed out after 30000ms.",
  "HTTP 503 Service Unavailable",
  "401 Unauthorized",
  "No space left on device",
  "java.lang.OutOfMemoryError: Java heap space",
  "Internal Server Error",
  "exit code 1",
  "x509: certificate has expired or is not yet valid",
  "Deadlock found when trying to get lock; try restarting transaction",
];
/** Nothing ties these together in the catalogue. */
const STRANGERS = ["reference", "bulk", "forms", "esr-generator"];

describe("two troubles in the same minutes stay two", () => {
  test("whatever everybody's errors say, in services that have nothing to do with each other", () => {
    const some = fc.record({
      services: fc.shuffledSubarray(STRANGERS, { minLength: 2, maxLength: 2 }),
      errors: fc.tuple(fc.constantFrom(...GENERIC), fc.constantFrom(...GENERIC)),
      sources: fc.tuple(fc.constantFrom("sentry", "aws"), fc.constantFrom("sentry", "aws")),
      minutes: fc.integer({ min: 0, max: 30 }),
    });
    fc.assert(
      fc.property(some, ({ services: [a = "", b = ""], errors, sources, minutes }) => {
        const hosts = errors.every((error) => error.includes("10.0.3.7"));
        fc.pre(!hosts);
        const first = trace({ service: a, source: sources[0], title: errors[0], error: errors[0] });
        expect(
          related({ service: b, source: sources[1], title: errors[1], error: errors[1] }, minutes, first),
        ).toBeNull();
      }),
      { numRuns: 1_000 },
    );
  });

  test("alarms of one name on services that have nothing to do with each other", () => {
    const high = (service: string) => ({
      source: "alertmanager",
      service,
      title: "HighErrorRate",
      cause: "HighErrorRate",
      error: "error rate is 7% over 5m",
    });
    expect(related(high("bulk"), 0, trace(high("forms")))).toBeNull();
  });

  test("two different errors of one service, and a full disk beside a wrong column", () => {
    const a = {
      service: "bulk",
      title: "NullPointerException",
      error: "Cannot invoke ReportRow.total() because row is null",
    };
    const b = {
      service: "bulk",
      title: "SQLSyntaxErrorException",
      error: "Unknown column 'gmcNumber' in 'field list'",
    };
    expect(related(b, 1, trace(a))).toBeNull();
    const disk = { source: "aws", service: "bulk", title: "bulk disk usage above 90%" };
    expect(related(disk, 1, trace(b))).toBeNull();
    expect(related(b, 1, trace(disk))).toBeNull();
  });

  test("a trouble of one's own beside one of what one depends on", () => {
    const down = trace({ source: "alertmanager", service: "tcs", title: "TargetDown tcs" });
    const own = {
      service: "esr-generator",
      title: "DataIntegrityViolationException",
      error: "Duplicate entry for key 'applicant_id'",
    };
    expect(related(own, 1, down)).toBeNull();
    expect(related({ service: "esr-generator", title: "High memory usage", source: "aws" }, 1, down)).toBeNull();
    expect(related({ service: "esr-generator", error: "Read timed out calling profile" }, 1, down)).toBeNull();
  });

  test("one job that runs too long, and another of its service that brought too little", () => {
    const found = (job: string, title: string) => ({ source: "monitor", service: "bulk", job, title });
    const late = trace(found("post-sync", "post-sync runs too long in prod: for 20 min (10 min are expected)"));
    expect(related(found("ndw-etl", "too few rows in prod: 4, at least 100"), 1, late)).toBeNull();
  });

  test("what has been burning slowly for hours does not take what begins now", () => {
    const slow = trace(
      { source: "aws", service: "tis-sync", title: "tis-sync replica lag high" },
      { since: -300, last: 0 },
    );
    expect(related({ ...jobFailed, error: "exit code 1" }, 1, slow)).toBeNull();
  });

  test("time alone is never enough, however near and however many", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), (count) => {
        const traces = Array.from({ length: count }, (_, n) =>
          trace({ service: `s${n}`, error: `Failure of Widget${n}Frame` }),
        );
        expect(related({ service: "elsewhere", error: "Failure of SprocketTable" }, 0, ...traces)).toBeNull();
      }),
    );
  });
});

test("which of two came first does not change what they tell of each other", () => {
  const some = fc.record({
    service: fc.constantFrom("tcs", "tis-sync", "esr-inbound", "bulk", null),
    job: fc.constantFrom("person-sync", "post-sync", null),
    source: fc.constantFrom("sentry", "aws", "monitor"),
    error: fc.constantFrom(...GENERIC, PERMIT, "Unknown column 'pm.leadProvider'", "503 from http://tcs:8080", null),
    title: fc.constantFrom("It failed", "HighErrorRate", "person-sync did not finish"),
  });
  fc.assert(
    fc.property(some, some, fc.integer({ min: 0, max: 200 }), (one, two, minutes) => {
      const [a, b] = [trace(one), trace(two, { since: minutes })];
      const points = [judge(a, b, kinOf(catalogue)), judge(b, a, kinOf(catalogue))].map((found) => found?.points);
      expect(points[0]).toBe(points[1]);
    }),
    { numRuns: 500 },
  );
});

test("another environment never relates, whatever is the same", () => {
  fc.assert(
    fc.property(fc.constantFrom("preprod", "nimdta", ""), fc.constantFrom(...GENERIC, PERMIT), (place, error) => {
      const same = { ...jobFailed, rid: "run-4711-abcdef", error };
      expect(related({ ...same, place }, 0, trace(same))).toBeNull();
    }),
  );
});

describe("fingerprints", () => {
  test("leave out what differs from one occurrence to the next", () => {
    const one = fingerprintOf(
      "Order 4711 of 2021-03-16T14:42:00Z: Unknown column 'pm.leadProvider' (0x7f3a9c1122) took 30000ms",
    );
    const two = fingerprintOf(
      "Order 9 of 2024-01-01T00:00:00Z: Unknown column 'pm.leadProvider' (0x11aa22bb33) took 17ms",
    );
    expect(two).toEqual(one);
    expect(one.names).toEqual(new Set(["leadprovider"]));
  });

  test("know hosts from packages and files", () => {
    expect(fingerprintOf("connect to db-1.example.org:5432 failed").hosts).toEqual(new Set(["db-1.example.org"]));
    expect(fingerprintOf("org.hibernate.Foo at Report.java:17, java.lang.String").hosts).toEqual(new Set());
  });

  test("of everybody's errors share nothing that is particular", () => {
    for (const a of GENERIC)
      for (const b of GENERIC)
        expect(sameness(fingerprintOf(a), fingerprintOf(b)).names.filter((name) => !name.includes("."))).toEqual([]);
  });

  test("any text has one, and it is the same each time", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(fingerprintOf(text)).toEqual(fingerprintOf(text));
      }),
    );
  });
});
