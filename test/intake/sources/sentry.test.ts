import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { manualClock } from "../../../src/base/clock.ts";
import { checkReferences } from "../../../src/config/references.ts";
import { plug } from "../../../src/intake/plugin.ts";
import { sentry } from "../../../src/intake/sources/sentry.ts";
import { deliveryOf, describeSource, signalsOf } from "../../helpers/conformance/source.ts";
import { catalogueOf, ESTATE, estate, eventAlert, issue, sentryRequest } from "../../helpers/hear.ts";

const entry = { kind: "sentry", secret: "sentry-secret" } as const;
const source = plug(sentry).bind("sentry", entry);
const clock = manualClock("2021-03-16T14:42:00Z");

describeSource(plug(sentry), {
  entry,
  timed: false,
  firing: (_, n) => sentryRequest(eventAlert({ event: `e${n}` })),
  resolved: (_, n) => sentryRequest({ ...issue("resolved"), n }, { resource: "issue" }),
  wrong: (_, n) => sentryRequest(eventAlert({ event: `e${n}` }), { secret: "another" }),
  junk: () => sentryRequest("[1, 2"),
});

describeSource(plug(sentry), {
  entry,
  timed: false,
  firing: (_, n) => legacy({ message: "Pool exhausted", n }),
  resolved: (_, n) =>
    sentryRequest(
      {
        action: "resolved",
        n,
        data: { issue: { id: "77", title: "Pool exhausted", project: { slug: "esr-generator" } } },
      },
      { resource: "issue", path: "/sentry-secret", signature: null },
    ),
  wrong: () => ({ ...legacy({}), path: "/another" }),
  junk: () => ({ ...legacy({}), body: Buffer.from("x=1") }),
});

function legacy(over: Record<string, unknown>) {
  const body = {
    id: "77",
    project: "esr-generator",
    project_name: "ESR generator",
    level: "error",
    culprit: "pool.acquire",
    message: "Pool exhausted",
    url: "https://sentry.example.org/issues/77/",
    triggering_rules: ["every error"],
    event: { event_id: "e9", tags: [["environment", "prod"]], title: "Pool exhausted" },
    ...over,
  };
  const { "sentry-hook-resource": _, ...headers } = sentryRequest(body, { signature: null }).headers;
  return { ...sentryRequest(body, { signature: null, path: "/sentry-secret" }), headers };
}

const parse = (body: unknown, resource: string) =>
  source.parse(deliveryOf(source, sentryRequest(body, { resource }), clock), estate());
const one = (body: unknown, resource: string) => {
  const [signal] = signalsOf(parse(body, resource));
  if (signal === undefined) throw new Error(JSON.stringify(parse(body, resource)));
  return signal;
};

test("an event alert: project by the API address, environment, class of the error, tags as pairs", () => {
  const body = eventAlert({ at: "2021-03-16T14:41:00.500Z" });
  expect(one(body, "event_alert")).toMatchObject({
    kind: "firing",
    title: "JsonMappingException: PermitToWork is no longer an enumeration",
    service: "esr-generator",
    environment: "production",
    cause: "JsonMappingException",
    condition: "issue 100",
    tags: { level: "error", "sentry.issue": "100", "sentry.event": "e1", "sentry.rule": "every new issue" },
    url: "https://sentry.example.org/organizations/acme/issues/100/",
  });
  expect(one(body, "event_alert").at.toString()).toBe("2021-03-16T14:41:00.5Z");
});

test("tags as objects, the environment among them, the issue from its address, the class from the exception", () => {
  const event = {
    title: "Unknown column",
    project_slug: "tis-sync",
    issue_url: "https://sentry.example.org/api/0/organizations/acme/issues/4711/",
    timestamp: 1_615_905_660.5,
    tags: [
      { key: "environment", value: "stage" },
      { key: "traineeId", value: 42 },
    ],
    exception: { values: [{ type: "CauseException" }, { type: "SqlException", value: "Unknown column" }] },
  };
  expect(one({ action: "created", data: { error: event } }, "error")).toMatchObject({
    service: "tis-sync",
    environment: "stage",
    condition: "issue 4711",
    cause: "SqlException",
    error: "Unknown column",
    tags: { traineeId: "42" },
  });
});

test("a service that the catalogue knows wins over a project that it does not", () => {
  const body = eventAlert({ service: "java-backend" });
  Object.assign((body["data"] as { event: object }).event, { tags: [["service", "tis-sync"]] });
  expect(one(body, "event_alert").service).toBe("tis-sync");
});

test.each([
  ["created", "firing"],
  ["unresolved", "firing"],
  ["resolved", "resolved"],
])("issue.%s says %s", (action, kind) => {
  expect(one(issue(action), "issue")).toMatchObject({ kind, condition: "issue 100", service: "esr-generator" });
});

test.each([
  ["issue", "merged"],
  ["comment", "created"],
  ["comment", "updated"],
  ["installation", "created"],
  ["installation", "deleted"],
  ["seer", "root_cause_started"],
  ["event_alert", "something_new"],
  ["a_new_resource", "created"],
])("%s.%s is accepted and ignored", (resource, action) => {
  expect(parse({ action, data: {} }, resource)).toMatchObject({ kind: "ignored" });
});

test("a metric alert and its end belong together by its id", () => {
  const alert = (action: string) => ({
    action,
    data: {
      description_title: action === "resolved" ? "Resolved: Too many errors" : "Critical: Too many errors",
      description_text: "1000 events in the last 10 minutes",
      web_url: "https://sentry.example.org/alerts/1/",
      metric_alert: {
        id: "4",
        identifier: "1",
        title: "A Fish",
        projects: ["tis-sync"],
        alert_rule: { name: "Too many errors", environment: "prod" },
      },
    },
  });
  for (const action of ["critical", "warning", "open"]) {
    expect(one(alert(action), "metric_alert")).toMatchObject({
      kind: "firing",
      title: "Critical: Too many errors",
      service: "tis-sync",
      environment: "prod",
      cause: "Too many errors",
      condition: "metric alert 4",
    });
  }
  expect(one(alert("resolved"), "metric_alert")).toMatchObject({ kind: "resolved", condition: "metric alert 4" });
});

test("what people do with an issue in Sentry is told with who did it; nobody is named for our own acts", () => {
  const told = (action: string, over: Record<string, unknown>, actor: Record<string, unknown>) => {
    const body = issue(action);
    Object.assign((body["data"] as { issue: object }).issue, over);
    return one({ ...body, actor }, "issue");
  };
  const ben = { type: "user", id: 7, name: "Ben Okafor" };
  const ours = { type: "application", id: "a1", name: "Nightdesk" };
  const forgotten = { status: "ignored", substatus: "archived_until_escalating" };
  expect(told("resolved", {}, ben)).toMatchObject({ kind: "resolved", error: "resolved in Sentry by Ben Okafor" });
  expect(told("resolved", {}, ours)).toMatchObject({ kind: "resolved", error: "resolved in Sentry" });
  for (const action of ["ignored", "archived"]) {
    expect(told(action, forgotten, ben)).toMatchObject({
      kind: "resolved",
      condition: "issue 100",
      error: "archived in Sentry by Ben Okafor until it escalates",
      tags: { "sentry.status": "ignored" },
    });
  }
  expect(told("assigned", { assignedTo: { type: "team", id: "3", name: "sync" } }, ben)).toMatchObject({
    kind: "noted",
    condition: "issue 100",
    error: "assigned to the team sync in Sentry by Ben Okafor",
  });
});

test("an event, the making of an issue and its return have a name, by which what was caught up is known", () => {
  const name = (body: unknown, resource: string) => source.deliveryKey(sentryRequest(body, { resource })).name;
  const event = eventAlert({ event: "AB-12" });
  const inner = (event["data"] as { event: object }).event;
  expect(name(event, "event_alert")).toBe("event ab12");
  expect(name({ action: "created", data: { error: inner } }, "error")).toBe("event ab12");
  expect(name({ ...issue("created"), n: 1 }, "issue")).toBe("issue 100 created");
  const back = issue("unresolved");
  Object.assign((back["data"] as { issue: object }).issue, { lastSeen: "2021-03-16T14:42:00.391000Z" });
  expect(name(back, "issue")).toBe("issue 100 unresolved 1615905720");
  expect(name(issue("resolved"), "issue")).toBeUndefined();
});

describe("a monitor of Sentry's Crons", () => {
  const failure = (over: { name?: string; slug?: string; reason?: string; crons?: Record<string, string> } = {}) => {
    const { name = "Person sync job", slug = "person-sync-job", reason = "A missed check-in was detected" } = over;
    const event = {
      event_id: "c1",
      issue_id: "200",
      title: `Monitor failure: ${name}`,
      project_slug: "batch",
      environment: "nimdta",
      tags: [
        ["monitor.slug", slug],
        ["monitor.id", "b0b"],
        ["environment", "nimdta"],
      ],
      contexts: { monitor: { slug, name, status: "error" } },
      occurrence: { evidenceDisplay: [{ name: "Failure reason", value: reason, important: true }] },
    };
    const body = { action: "triggered", data: { event, triggered_rule: "crons" } };
    const bound = plug(sentry).bind("sentry", { ...entry, crons: over.crons ?? {} });
    const delivery = deliveryOf(bound, sentryRequest(body), clock);
    const [signal] = signalsOf(bound.parse(delivery, estate()));
    if (signal === undefined) throw new Error("no signal");
    return signal;
  };

  test("names the job by its alias, where it failed and how; it is an alarm, never the job's own word", () => {
    expect(failure()).toMatchObject({
      kind: "firing",
      title: "Sentry cron Person sync job missed its check-in",
      job: "person-sync",
      environment: "nimdta",
      service: "tis-sync",
      cause: "person-sync-job",
      condition: "issue 200",
      error: "A missed check-in was detected",
    });
  });

  test.each([
    ["A timeout check-in was detected", "ran too long"],
    ["An error check-in was detected", "reported an error"],
    ["2 missed check-ins, 1 timeout check-in and 1 error check-in were detected", "failed"],
    ["3 missed check-ins detected", "missed its check-in"],
  ])("%s: it %s", (reason, said) => {
    expect(failure({ reason }).title).toBe(`Sentry cron Person sync job ${said}`);
  });

  test("of another name is told by the setting crons; of nobody's it names no job", () => {
    const crons = { "Nightly-Etl": "reval-sync" };
    expect(failure({ name: "ETL", slug: "nightly-etl", crons })).toMatchObject({
      job: "reval-sync",
      cause: "nightly-etl",
    });
    const other = failure({ name: "ETL", slug: "nightly-etl" });
    expect(other.job).toBeUndefined();
    expect(other.service).toBe("batch");
  });

  test("the issue, which tells no slug, is about the same cause, and its end ends it", () => {
    const about = (action: string) => {
      const body = issue(action, { id: "200", service: "batch" });
      const inner = (body["data"] as { issue: Record<string, unknown> }).issue;
      const crons = { issueCategory: "outage", issueType: "monitor_check_in_failure", metadata: {} };
      Object.assign(inner, { title: "Monitor failure: Person sync job", ...crons });
      return one(body, "issue");
    };
    const same = { job: "person-sync", service: "tis-sync", cause: "person-sync-job", condition: "issue 200" };
    expect(about("created")).toMatchObject({ ...same, kind: "firing", title: "Sentry cron Person sync job failed" });
    expect(about("resolved")).toMatchObject({ ...same, kind: "resolved", error: "resolved in Sentry" });
  });
});

test("the legacy plugin's unsigned body is heard behind the secret path, and nowhere else", () => {
  const request = legacy({});
  expect(source.verify({ ...request, path: "" }, clock.machineNow())).toMatchObject({ ok: false });
  const [signal] = signalsOf(source.parse(deliveryOf(source, request, clock), estate()));
  expect(signal).toMatchObject({
    title: "Pool exhausted",
    service: "esr-generator",
    environment: "prod",
    condition: "issue 77",
  });
});

test("a component's call, signed as an app, is accepted", () => {
  const request = sentryRequest(issue("created"), { resource: "issue" });
  const { "sentry-hook-signature": signature = "", ...headers } = request.headers;
  const asApp = { ...request, headers: { ...headers, "sentry-app-signature": signature } };
  expect(source.verify(asApp, clock.machineNow())).toEqual({ ok: true });
});

describe("samples of the vendor", () => {
  const folder = process.env["NIGHTDESK_SAMPLES"];
  const inner = folder === undefined ? "" : join(folder, "sentry");
  const samples = folder === undefined ? "" : existsSync(inner) ? inner : folder;

  test.runIf(folder !== undefined)("every one of NIGHTDESK_SAMPLES is understood or ignored, none refused", () => {
    const files = readdirSync(samples).filter((file) => file.endsWith(".json"));
    expect(files.length).toBeGreaterThan(0);
    const refused = files.flatMap((file) => {
      const isLegacy = file.startsWith("legacy");
      const body = readFileSync(join(samples, file));
      const request = sentryRequest(body.toString("utf8"), {
        resource: file.split(".")[0] ?? "",
        ...(isLegacy ? { path: "/sentry-secret", signature: null } : {}),
      });
      const delivery = deliveryOf(source, request, clock);
      const parsed = source.parse(isLegacy ? { ...delivery, resource: null } : delivery, estate());
      return parsed.kind === "refused" || !source.wellFormed(request).ok ? [`${file}: ${JSON.stringify(parsed)}`] : [];
    });
    expect(refused).toEqual([]);
  });
});

test("a monitor's job that the catalogue does not have is a mistake with its place and a hint", () => {
  const crons = { "nightly-people": "person-snyc", other: "Person sync job" };
  const sources = { ...ESTATE.sources, sentry: { ...entry, crons } };
  const { errors } = checkReferences(catalogueOf({ ...ESTATE, sources }));
  expect(errors.filter(({ path }) => path[0] === "sources")).toEqual([
    {
      path: ["sources", "sentry", "crons", "nightly-people"],
      message: 'there is no job "person-snyc"',
      hint: 'did you mean "person-sync"?',
    },
  ]);
});
