import { describe, expect, test } from "vitest";
import { type Clock, manualClock } from "../../../src/base/clock.ts";
import { plug } from "../../../src/intake/plugin.ts";
import { alertmanager } from "../../../src/intake/sources/alertmanager.ts";
import { deliveryOf, describeSource, signalsOf } from "../../helpers/conformance/source.ts";
import { estate } from "../../helpers/hear.ts";

const entry = { kind: "alertmanager", secret: "alertmanager-secret" } as const;
const clock = manualClock("2021-03-16T14:42:00Z");
const ZERO = "0001-01-01T00:00:00Z";

const alert = (over: Record<string, unknown> = {}) => ({
  status: "firing",
  labels: { alertname: "PodCrashes", service: "esr-notifier", env: "stage", severity: "critical", instance: "a:9090" },
  annotations: { summary: "esr-notifier crashes again and again", description: "12 restarts in 10 minutes" },
  startsAt: "2021-03-16T14:40:00.5Z",
  endsAt: ZERO,
  generatorURL: "https://prometheus.example.org/graph?g0.expr=up",
  fingerprint: "a1",
  ...over,
});
const resolved = { status: "resolved", endsAt: "2021-03-16T14:41:00Z" };
const group = (alerts: readonly unknown[], over: Record<string, unknown> = {}) => ({
  version: "4",
  groupKey: '{}:{alertname="PodCrashes"}',
  truncatedAlerts: 0,
  status: "firing",
  receiver: "nightdesk",
  groupLabels: {},
  commonLabels: {},
  commonAnnotations: {},
  externalURL: "https://alertmanager.example.org",
  alerts,
  ...over,
});

function request(body: unknown, over: { path?: string; authorization?: string } = {}) {
  const raw = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const headers = over.authorization === undefined ? {} : { authorization: over.authorization };
  return { method: "POST", path: over.path ?? "/alertmanager-secret", query: {}, headers, body: raw };
}

const samples = (send: (body: unknown) => ReturnType<typeof request>, wrong: ReturnType<typeof request>) => ({
  entry,
  timed: false,
  firing: (_: Clock, n: number) => send(group([alert({ fingerprint: `a${n}` })])),
  resolved: (_: Clock, n: number) => send(group([alert({ fingerprint: `a${n}`, ...resolved })])),
  wrong: () => wrong,
  junk: () => send({ version: "4", receiver: "x" }),
  repeats: true,
  overtaken: () => [send(group([alert(resolved)])), send(group([alert()]))] as const,
});
const basic = `Basic ${Buffer.from("prometheus:alertmanager-secret").toString("base64")}`;
describeSource(plug(alertmanager), samples(request, request(group([alert()]), { path: "/guessed" })));
describe.each(["Bearer alertmanager-secret", basic])("by header", (authorization) => {
  const send = (body: unknown) => request(body, { path: "", authorization });
  const wrong = request(group([alert()]), { path: "", authorization: "Bearer guessed" });
  describeSource(plug(alertmanager), samples(send, wrong));
});

test.each([
  [{ auth: "path" }, { path: "", authorization: basic }, false],
  [{ auth: "path" }, {}, true],
  [{ auth: "basic" }, {}, false],
  [{ auth: "basic", user: "prometheus" }, { path: "", authorization: basic }, true],
  [{ auth: "basic", user: "grafana" }, { path: "", authorization: basic }, false],
  [{ auth: "bearer" }, { path: "", authorization: basic }, false],
  [{ auth: "bearer" }, { path: "", authorization: "bearer alertmanager-secret" }, true],
])("with %j, %j is taken: %s", (settings, over, ok) => {
  const source = plug(alertmanager).bind("prom", { ...entry, ...settings });
  expect(source.verify(request(group([]), over), clock.machineNow()).ok).toBe(ok);
});

const read = (body: unknown, settings: Record<string, unknown> = {}, catalogue = estate()) => {
  const source = plug(alertmanager).bind("prom", { ...entry, ...settings });
  return source.parse(deliveryOf(source, request(body), clock), catalogue);
};
const first = (...of: Parameters<typeof read>) => signalsOf(read(...of))[0];

test("one signal an alert: what, whose, where, how bad, since when", () => {
  const signals = signalsOf(read(group([alert(), alert({ fingerprint: "b2", ...resolved })])));
  expect(signals).toHaveLength(2);
  expect(signals[0]).toMatchObject({
    kind: "firing",
    title: "esr-notifier crashes again and again",
    service: "esr-notifier",
    environment: "stage",
    job: undefined,
    cause: "PodCrashes",
    condition: "a1",
    severity: "sev1",
    error: "12 restarts in 10 minutes",
    url: "https://prometheus.example.org/graph?g0.expr=up",
    tags: { alertname: "PodCrashes", "alertmanager.receiver": "nightdesk" },
  });
  expect(signals.map(({ at }) => at.toString())).toEqual(["2021-03-16T14:40:00.5Z", "2021-03-16T14:41:00Z"]);
});

test("a resolved alert that gives Go's zero time ended when it was heard", () => {
  expect(first(group([alert({ status: "resolved" })]))?.at.equals(clock.now())).toBe(true);
});

test.each([
  [{ job: "person sync job" }, { job: "person sync job", service: undefined }],
  [{ job: "node" }, { job: undefined, service: "node" }],
  [{ job: "reference", app: "something" }, { service: "something" }],
  [{ cluster: "production", env: "" }, { environment: "production" }],
  [{ cluster: "eu-1" }, { environment: undefined }],
  [{ severity: "page", app: "a" }, { severity: "sev1" }],
  [{ severity: "odd" }, { severity: undefined }],
])("labels %j mean %j", (labels, expected) => {
  expect(first(group([alert({ labels: { alertname: "A", ...labels } })]))).toMatchObject(expected);
});

test("the catalogue says which labels say what", () => {
  const labels = { alertname: "A", team: "esr-gen", place: "stage", what: "lag", bad: "sev2", urgency: "now" };
  const settings = {
    labels: { service: ["team"], environment: ["zone", "place"], cause: ["what"], severity: ["urgency"] },
    severities: { now: "sev2" },
  };
  expect(first(group([alert({ labels })]), settings)).toMatchObject({
    service: "esr-gen",
    environment: "stage",
    cause: "lag",
    severity: "sev2",
  });
});

test("what Alertmanager left out is told with the first alert", () => {
  const [told, other] = signalsOf(read(group([alert(), alert({ fingerprint: "b2" })], { truncatedAlerts: 7 })));
  expect(told?.error).toMatch(/^7 more alerts of this group were left out by alertmanager \(max_alerts\)/);
  expect(told?.tags).toMatchObject({ "alertmanager.left_out": "7" });
  expect(other?.error).toBe("12 restarts in 10 minutes");
});

test("without a fingerprint the labels are it; an empty group says nothing; an odd status is refused", () => {
  const [a, b] = [
    { alertname: "A", x: "1" },
    { x: "1", alertname: "A" },
  ].map((labels) => first(group([alert({ fingerprint: undefined, labels })])));
  expect(a?.condition).toBe(b?.condition);
  expect(read(group([]))).toMatchObject({ kind: "ignored" });
  expect(read(group([alert({ status: "purple" })]))).toMatchObject({
    kind: "refused",
    reason: expect.stringContaining("purple"),
  });
});
