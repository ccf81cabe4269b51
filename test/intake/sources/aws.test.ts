import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Clock, manualClock } from "../../../src/base/clock.ts";
import { createProver } from "../../../src/intake/certificates.ts";
import { plug } from "../../../src/intake/plugin.ts";
import { isCertificateUrl, isSubscribeUrl } from "../../../src/intake/sources/aws/addresses.ts";
import { aws } from "../../../src/intake/sources/aws.ts";
import type { HookRequest } from "../../../src/intake/sources/contract.ts";
import { alarmEvent, alarmMessage, deploymentEvent, serviceEvent, taskEvent } from "../../helpers/aws-events.ts";
import { testCertificate } from "../../helpers/certificates.ts";
import { deliveryOf, describeSource, signalsOf } from "../../helpers/conformance/source.ts";
import { estate } from "../../helpers/hear.ts";
import { CERTIFICATE_URL, type SnsOver, snsRequest, TOPIC } from "../../helpers/sns.ts";

const clock = manualClock("2021-03-16T14:42:00Z");
const valid = { from: new Date("2021-01-01T00:00:00Z"), to: new Date("2022-01-01T00:00:00Z") };
const authority = testCertificate({ name: "An Authority", ...valid, authority: true });
const signer = testCertificate({ name: "sns.amazonaws.com", ...valid, issuer: authority });
const stranger = testCertificate({ name: "sns.amazonaws.com", ...valid, issuer: authority });
const prove = createProver({
  clock,
  http: async ({ url }) => ({ status: url === CERTIFICATE_URL ? 200 : 404, headers: new Headers(), body: signer.pem }),
});
const entry = { kind: "aws", topics: [TOPIC], environment: "prod" } as const;
const pathEntry = { kind: "aws", auth: "path", secret: "destination-secret" } as const;

const sent = (message: unknown, at: Clock, over: SnsOver = {}) => snsRequest(message, { at, signer }, over);
const numbered = (n: number, over: Record<string, unknown> = {}) =>
  alarmMessage({ AlarmArn: `arn:aws:cloudwatch:eu-west-2:1:alarm:a${n}`, ...over });
const ok = { NewStateValue: "OK", StateChangeTime: "2021-03-16T14:41:00.000+0000" };

describe.each(["1", "2"] as const)("signature version %s", (version) => {
  const bySns = (message: unknown, at: Clock) => sent(message, at, { version });
  describeSource(plug(aws), {
    entry,
    timed: { olderS: 86_400, aheadS: 300 },
    prove,
    firing: (at, n) => bySns(numbered(n), at),
    resolved: (at, n) => bySns(numbered(n, ok), at),
    wrong: (at, n) => snsRequest(numbered(n), { at, signer: stranger }, { version }),
    bare: (at) => without(bySns(numbered(1), at), "Signature"),
    junk: (at) => sent(numbered(1), at, { version, fields: { TopicArn: `${TOPIC}-of-a-stranger` } }),
    overtaken: (at) => [bySns(numbered(1, ok), at), bySns(numbered(1), at)],
  });
});

const direct = (event: unknown, over: Partial<HookRequest> = {}): HookRequest => {
  const headers = { "content-type": "application/json", "x-api-key": "destination-secret" };
  return { method: "POST", path: "", query: {}, headers, body: Buffer.from(JSON.stringify(event)), ...over };
};
describeSource(plug(aws), {
  entry: pathEntry,
  timed: false,
  firing: (_, n) => direct(taskEvent({ taskArn: `arn:aws:ecs:eu-west-2:1:task/c/${n}` }, { id: `e${n}` })),
  resolved: (_, n) =>
    direct(
      taskEvent({ taskArn: `arn:aws:ecs:eu-west-2:1:task/c/x${n}`, containers: [{ exitCode: 0 }] }, { id: `x${n}` }),
    ),
  wrong: () => direct(taskEvent(), { headers: { "x-api-key": "guessed" } }),
  junk: () => direct([1]),
});
describeSource(plug(aws), {
  entry: pathEntry,
  timed: false,
  firing: (_, n) => direct(numbered(n), { path: "/destination-secret", headers: {} }),
  resolved: (_, n) => direct(numbered(n, ok), { path: "/destination-secret", headers: {} }),
  wrong: () => direct(numbered(1), { path: "/guessed", headers: {} }),
  junk: () => direct("text", { path: "/destination-secret", headers: {} }),
});

function without(request: HookRequest, field: string, value?: unknown): HookRequest {
  const body = { ...(JSON.parse(request.body.toString()) as Record<string, unknown>), [field]: value };
  return { ...request, body: Buffer.from(JSON.stringify(body)) };
}

const source = plug(aws).bind("aws", entry);
const settled = async (request: HookRequest, bound = source) => {
  const verification = bound.verify(request, clock.machineNow());
  return "claim" in verification ? prove(verification.claim) : verification;
};

test("no field of what is signed can be changed, added or left out", async () => {
  const good = sent(alarmMessage(), clock);
  expect(await settled(good)).toEqual({ ok: true, path: "" });
  for (const field of ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type", "SignatureVersion"]) {
    expect((await settled(without(good, field, "1"))).ok, field).toBe(false);
    expect((await settled(without(good, field))).ok, field).toBe(false);
  }
  const quiet = sent(alarmMessage(), clock, { fields: { Subject: undefined } });
  expect((await settled(quiet)).ok).toBe(true);
  expect((await settled(without(quiet, "Subject", "added"))).ok).toBe(false);
  expect((await settled(without(good, "UnsubscribeURL", "https://unsigned.example.org"))).ok).toBe(true);
});

test("a secret does not stand in for the signature of an envelope, nor the signature for the secret", async () => {
  const bound = plug(aws).bind("aws", { ...pathEntry, topics: [TOPIC] });
  const path = "/destination-secret";
  expect(await settled(sent(alarmMessage(), clock, { path }), bound)).toMatchObject({ ok: true });
  expect((await settled(snsRequest(alarmMessage(), { at: clock, signer: stranger }, { path }), bound)).ok).toBe(false);
  expect((await settled(sent(alarmMessage(), clock), bound)).ok).toBe(false);
});

const EVIL_HOSTS = [
  "http://sns.eu-west-2.amazonaws.com/",
  "https://sns.eu-west-2.amazonaws.com:443/",
  "https://sns.eu-west-2.amazonaws.com:8443/",
  "https://user@sns.eu-west-2.amazonaws.com/",
  "https://sns.eu-west-2.amazonaws.com@evil.example.org/",
  "https://sns.eu-west-2.amazonaws.com.evil.example.org/",
  "https://sns.eu-west-2.amazonaws.com./",
  "https://sns.eu-west-2.amazonaws.co/",
  "https://sns.x.y.amazonaws.com/",
  "https://sns.eu.amazonaws.com%2eevil.example.org/",
  "https://evil-sns.eu-west-2.amazonaws.com/",
  "https://s3.eu-west-2.amazonaws.com/evil/",
  "https://sns.eu-west-2.amazonaws.com\\@evil.example.org/",
  "https:\\\\sns.eu-west-2.amazonaws.com/",
  "https://sns.eu-west-2.аmazonaws.com/",
  "https://ｓns.eu-west-2.amazonaws.com/",
  " https://sns.eu-west-2.amazonaws.com/",
  "HTTPS://SNS.EU-WEST-2.AMAZONAWS.COM/",
  "https://127.0.0.1/",
  "https://[::1]/",
  "https://169.254.169.254/latest/",
  "https://2130706433/",
  "https://localhost/",
  "file:///etc/",
  "//sns.eu-west-2.amazonaws.com/",
  "data:text/plain,",
];
test.each(EVIL_HOSTS)("nothing is fetched from %j", async (host) => {
  const url = `${host}a.pem`;
  expect(isCertificateUrl(url, undefined)).toBe(false);
  expect(isSubscribeUrl(`${host}?Action=ConfirmSubscription&TopicArn=${TOPIC}`, TOPIC, undefined)).toBe(false);
  expect(await settled(sent(alarmMessage(), clock, { fields: { SigningCertURL: url } }))).toMatchObject({
    ok: false,
    reason: "the certificate's address is not Amazon's",
  });
});

test.each([
  "https://sns.eu-west-2.amazonaws.com/a.pem\n",
  "https://sns.eu-west-2.amazonaws.com/a.pem?x=1",
  "https://sns.eu-west-2.amazonaws.com/a.pem#x",
  "https://sns.eu-west-2.amazonaws.com/../a.pem",
  "https://sns.eu-west-2.amazonaws.com/a.txt",
  "",
])("%j is no certificate", (url) => {
  expect(isCertificateUrl(url, undefined)).toBe(false);
});

test("a subscription is confirmed for the topic that it speaks of, and nothing else is asked of Amazon", () => {
  const at = (query: string) => isSubscribeUrl(`https://sns.eu-west-2.amazonaws.com/?${query}`, TOPIC, undefined);
  expect(at(`Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=1`)).toBe(true);
  expect(at(`Action=ConfirmSubscription&TopicArn=${TOPIC}2&Token=1`)).toBe(false);
  expect(at(`Action=ConfirmSubscription&TopicArn=${TOPIC}&TopicArn=${TOPIC}2`)).toBe(false);
  expect(at(`Action=Unsubscribe&TopicArn=${TOPIC}`)).toBe(false);
});

test("whatever is put into an address, only Amazon's hosts are fetched from", () => {
  const part = fc.stringMatching(/^[a-zA-Z0-9@:/.\\?#%[\]-]{0,12}$/);
  const made = fc.tuple(part, part, part).map(([a, b, c]) => `https://${a}sns.eu-west-2${b}.amazonaws.com${c}/x.pem`);
  fc.assert(
    fc.property(made, (url) => {
      if (isCertificateUrl(url, undefined))
        expect(new URL(url).host).toMatch(/^sns\.eu-west-2[a-z0-9-]*\.amazonaws\.com(\.cn)?$/);
    }),
  );
});

test("an emulation can stand in for Amazon only on this machine", () => {
  const bind = (signingHost: string) => () => plug(aws).bind("aws", { ...entry, signingHost });
  expect(bind("http://127.0.0.1:4100")).not.toThrow();
  for (const host of [
    "http://sns.example.org",
    "http://127.0.0.1.example.org",
    "http://127.0.0.1@example.org",
    "ftp://localhost",
  ])
    expect(bind(host), host).toThrow();
  expect(isCertificateUrl("http://127.0.0.1:4100/a.pem", "http://127.0.0.1:4100")).toBe(true);
  expect(isCertificateUrl("http://127.0.0.1:4101/a.pem", "http://127.0.0.1:4100")).toBe(false);
  expect(isCertificateUrl(CERTIFICATE_URL, "http://127.0.0.1:4100")).toBe(false);
});

test.each([
  [{ kind: "aws" }, /topics/],
  [{ kind: "aws", topics: ["night-alarms"] }, /ARN/],
  [{ kind: "aws", auth: "path" }, /secret/],
])("%j is no entry: without topics anybody's would do, without a secret anybody", (given, said) => {
  expect(() => plug(aws).bind("aws", given)).toThrow(said);
});

const read = (event: unknown, settings: Record<string, unknown> = {}) => {
  const bound = plug(aws).bind("aws", { ...entry, ...settings });
  return bound.parse(deliveryOf(bound, sent(event, clock), clock), estate());
};
const first = (...of: Parameters<typeof read>) => signalsOf(read(...of))[0];

test("an alarm is the same by SNS and by EventBridge, and no data begins and ends nothing", () => {
  const [bySns, byEvent] = [first(alarmMessage()), first(alarmEvent())];
  expect(bySns).toMatchObject({
    kind: "firing",
    title: "esr-notifier-lag",
    service: "esr-notifier",
    environment: "prod",
    cause: "esr-notifier-lag",
    url: "https://eu-west-2.console.aws.amazon.com/cloudwatch/home?region=eu-west-2#alarmsV2:alarm/esr-notifier-lag",
    tags: { "dimension.QueueName": "outbound", "aws.account": "111122223333" },
  });
  expect(byEvent?.at.toString()).toBe("2021-03-16T14:40:00.123Z");
  for (const key of ["kind", "service", "environment", "cause", "condition", "url"] as const)
    expect(byEvent?.[key]).toEqual(bySns?.[key]);
  expect(first(alarmEvent("OK"))).toMatchObject({ kind: "resolved", condition: bySns?.condition });
  expect(read(alarmEvent("INSUFFICIENT_DATA"))).toMatchObject({ kind: "ignored" });
  expect(read(alarmMessage({ NewStateValue: "INSUFFICIENT_DATA" }))).toMatchObject({ kind: "ignored" });
  expect(read(alarmMessage({ NewStateValue: "PANIC" }))).toMatchObject({ kind: "refused" });
});

test("accounts, clusters, topics and alarms say which environment it is", () => {
  const environments = { "999999999999": "preprod", "tis-prod*": "prod", "esr-*-lag": "nimdta" };
  expect(first(alarmMessage(), { environments })?.environment).toBe("nimdta");
  expect(first(alarmMessage({ AWSAccountId: "999999999999" }), { environments })?.environment).toBe("preprod");
  expect(first(taskEvent(), { environments, environment: "preprod" })?.environment).toBe("prod");
  expect(first(alarmMessage(), { environment: undefined })?.environment).toBeUndefined();
  expect(first(taskEvent(), { environment: undefined })?.environments).toEqual(["prod", "nimdta"]);
});

const service = { group: "service:esr-notifier" };
const scheduler = { stopCode: "ServiceSchedulerInitiated" };
const exit = (...codes: readonly (number | undefined)[]) => ({
  containers: codes.map((exitCode, n) => ({
    name: ["etl", "sidecar"][n],
    ...(exitCode === undefined ? {} : { exitCode }),
  })),
});
test.each<[string, Record<string, unknown>, Record<string, unknown>, Record<string, unknown>]>([
  [
    "a job's exit code",
    {},
    {},
    { kind: "failed", job: "person-sync", error: expect.stringContaining("etl: exit code 1") },
  ],
  ["a good end", exit(0, 0), {}, { kind: "finished", job: "person-sync", tags: { exit_code: "0" } }],
  [
    "a missing exit code",
    exit(0, undefined),
    {},
    { kind: "failed", error: expect.stringContaining("sidecar: no exit code") },
  ],
  ["a sidecar that was killed", exit(0, 137), {}, { kind: "failed" }],
  ["the same, where only etl counts", exit(0, 137), { essential: ["etl"] }, { kind: "finished" }],
  ["a start that did not succeed", { stopCode: "TaskFailedToStart", containers: [] }, {}, { kind: "failed" }],
  ["no containers at all", { containers: undefined, stopCode: undefined }, {}, { kind: "failed" }],
  [
    "a job stopped by hand",
    { ...exit(137), stopCode: "UserInitiated" },
    {},
    { kind: "failed", error: expect.stringContaining("stopped by hand") },
  ],
  [
    "a job whose machine went",
    { ...exit(137), stopCode: "SpotInterruption" },
    {},
    { kind: "failed", error: expect.stringContaining("taken away") },
  ],
  ["a service's crash", service, {}, { kind: "failed", service: "esr-notifier", job: undefined, cause: "ECS tasks" }],
  [
    "a service's task that was unhealthy",
    { ...service, ...scheduler, stoppedReason: "Task failed ELB health checks in (target-group x)" },
    {},
    { kind: "failed" },
  ],
  [
    "a family that is a service",
    { group: "family:reference" },
    {},
    { kind: "failed", service: "reference", job: undefined },
  ],
  ["a family that nobody knows", { group: "family:other" }, {}, { kind: "failed", job: "other" }],
  [
    "a job that began",
    { lastStatus: "RUNNING", stopCode: undefined },
    {},
    { kind: "started", rid: expect.stringContaining("task/") },
  ],
])("a task: %s", (_, detail, settings, expected) => {
  expect(first(taskEvent(detail), settings)).toMatchObject(expected);
});

test.each<[string, Record<string, unknown>]>([
  [
    "Nightdesk stopped it itself",
    { ...exit(137), stopCode: "UserInitiated", stoppedReason: "Stopped by Nightdesk for x" },
  ],
  [
    "a service is scaled",
    { ...service, ...exit(143), ...scheduler, stoppedReason: "Scaling activity initiated by (deployment x)" },
  ],
  ["a service's task is stopped by hand", { ...service, ...exit(137), stopCode: "UserInitiated" }],
  ["a service's machine is taken away", { ...service, ...exit(undefined), stopCode: "SpotInterruption" }],
  ["a service's task ends well", { ...service, ...exit(0) }],
  ["it is still going down", { lastStatus: "DEPROVISIONING" }],
  ["a service's task begins", { ...service, lastStatus: "RUNNING" }],
])("nobody is called when %s", (_, detail) => {
  expect(read(taskEvent(detail))).toMatchObject({ kind: "ignored" });
});

test("a service in trouble is one condition, over when it is steady", () => {
  const [trouble, steady] = [
    first(serviceEvent("ERROR", "SERVICE_TASK_PLACEMENT_FAILURE", { reason: "RESOURCE:MEMORY" })),
    first(serviceEvent("INFO", "SERVICE_STEADY_STATE")),
  ];
  expect(trouble).toMatchObject({
    kind: "firing",
    title: "esr-notifier: task placement failure",
    error: "RESOURCE:MEMORY",
  });
  expect(steady).toMatchObject({ kind: "resolved", condition: trouble?.condition, cause: trouble?.cause });
  expect(first(taskEvent(service))?.condition).toBe(trouble?.condition);
  expect(read(serviceEvent("INFO", "SERVICE_DESIRED_COUNT_UPDATED"))).toMatchObject({ kind: "ignored" });
});

test("a deployment is told with its version, and ends the trouble of the one that failed", () => {
  const taskDefinitionArn = "arn:aws:ecs:eu-west-2:111122223333:task-definition/esr-notifier:12";
  const failed = first(deploymentEvent("SERVICE_DEPLOYMENT_FAILED"));
  expect(failed).toMatchObject({ kind: "failed", service: "esr-notifier", tags: { "deploy.status": "failure" } });
  const [deployed, over] = signalsOf(read(deploymentEvent("SERVICE_DEPLOYMENT_COMPLETED", { taskDefinitionArn })));
  expect(deployed).toMatchObject({
    kind: "deployed",
    tags: { "deploy.version": "esr-notifier:12", "deploy.id": "ecs-svc/123", "deploy.status": "success" },
  });
  expect(over).toMatchObject({ kind: "resolved", condition: failed?.condition });
  expect(read(deploymentEvent("SERVICE_DEPLOYMENT_IN_PROGRESS"))).toMatchObject({ kind: "ignored" });
});

test("what is no alarm and no event is ignored; a topic that tells no more is an alert", () => {
  expect(read("Hello world!")).toMatchObject({ kind: "ignored" });
  expect(read({ any: "thing" })).toMatchObject({ kind: "ignored" });
  expect(read({ "detail-type": "EC2 Instance State-change Notification", detail: {} })).toMatchObject({
    kind: "ignored",
  });
  const gone = deliveryOf(
    source,
    sent("You have chosen to deactivate", clock, { type: "UnsubscribeConfirmation" }),
    clock,
  );
  expect(source.parse(gone, estate())).toMatchObject({
    kind: "refused",
    reason: expect.stringContaining("no longer tells us"),
    signals: [{ kind: "firing", title: "The topic night-alarms no longer tells us" }],
  });
});

describe("samples of the vendor", () => {
  const folder = process.env["NIGHTDESK_SAMPLES"];
  const filesOf = (name: string): [string, string][] => {
    const inner = join(folder ?? "", name);
    const files = existsSync(inner) ? readdirSync(inner).filter((file) => file.endsWith(".json")) : [];
    return files.map((file) => [file, readFileSync(join(inner, file), "utf8")]);
  };
  const outcome = (body: string, by: "topic" | "destination") => {
    const bound = plug(aws).bind("aws", by === "topic" ? entry : pathEntry);
    const request = by === "topic" ? sent(body, clock) : direct(JSON.parse(body));
    return bound.parse(deliveryOf(bound, request, clock), estate());
  };

  test.runIf(folder !== undefined)("every event is understood or ignored, by a topic and directly", () => {
    const events = filesOf("aws-eventbridge");
    expect(events.length).toBeGreaterThan(0);
    for (const [file, body] of events) {
      const [topic, destination] = [outcome(body, "topic"), outcome(body, "destination")];
      expect(topic.kind, `${file}: ${JSON.stringify(topic)}`).not.toBe("refused");
      expect(destination.kind, file).toBe(topic.kind);
      // What says that something is wrong is never ignored.
      const { detail } = JSON.parse(body) as { detail?: { state?: { value?: string }; eventType?: string } };
      const wrong = detail?.state?.value === "ALARM" || detail?.eventType === "ERROR";
      if (wrong)
        expect(
          signalsOf(topic).map(({ kind }) => kind),
          file,
        ).not.toEqual([]);
    }
  });

  test.runIf(folder !== undefined)("every message of a topic is what it says, and none is taken unsigned", async () => {
    const messages = filesOf("aws-sns");
    expect(messages.length).toBeGreaterThan(0);
    for (const [file, body] of messages) {
      const { Type, TopicArn } = JSON.parse(body) as { Type?: string; TopicArn?: string };
      if (Type === undefined) {
        expect(signalsOf(outcome(body, "topic")), file).not.toEqual([]);
        continue;
      }
      const bound = plug(aws).bind("aws", { ...entry, topics: [TopicArn] });
      const request = { ...direct({}), headers: {}, body: Buffer.from(body) };
      expect((await settled(request, bound)).ok, file).toBe(false);
      expect(bound.wellFormed(request), file).toEqual({ ok: true });
      const delivery = { ...deliveryOf(source, sent("x", clock), clock), body };
      const kinds = { SubscriptionConfirmation: "confirm", UnsubscribeConfirmation: "refused" } as const;
      const { kind } = bound.parse(delivery, estate());
      if (Type === "SubscriptionConfirmation" || Type === "UnsubscribeConfirmation")
        expect(kind, file).toBe(kinds[Type]);
      else expect(kind, file).not.toBe("refused");
    }
  });
});
