import { expect, test } from "vitest";
import { type Clock, manualClock } from "../../../src/base/clock.ts";
import { plug } from "../../../src/intake/plugin.ts";
import { grafana } from "../../../src/intake/sources/grafana.ts";
import { deliveryOf, describeSource, signalsOf } from "../../helpers/conformance/source.ts";
import { estate, hmac } from "../../helpers/hear.ts";

const clock = manualClock("2021-03-16T14:42:00Z");
const entry = { kind: "grafana", secret: "grafana-secret" } as const;

const alert = (over: Record<string, unknown> = {}) => ({
  status: "firing",
  labels: { alertname: "Lag", service: "esr-notifier", environment: "prod", grafana_folder: "ESR" },
  annotations: { summary: "The outbound queue lags" },
  startsAt: "2021-03-16T14:40:00Z",
  endsAt: "0001-01-01T00:00:00Z",
  generatorURL: "https://grafana.example.org/alerting/1",
  fingerprint: "f1",
  dashboardURL: "https://grafana.example.org/d/1",
  panelURL: "https://grafana.example.org/d/1?viewPanel=2",
  silenceURL: "https://grafana.example.org/silence",
  values: { B: 44.2 },
  valueString: "[ var='B' value=44.2 ]",
  ...over,
});
const body = (alerts: readonly unknown[]) => ({
  receiver: "nightdesk",
  status: "firing",
  alerts,
  version: "1",
  orgId: 1,
});
const resolved = { status: "resolved", endsAt: "2021-03-16T14:41:00Z" };

const raw = (said: unknown) => Buffer.from(typeof said === "string" ? said : JSON.stringify(said));
const post = (said: unknown, headers: Record<string, string>, method = "POST") => ({
  method,
  path: "",
  query: {},
  headers,
  body: raw(said),
});
const signed = (said: unknown, secret: string = entry.secret) =>
  post(said, { "x-grafana-alerting-signature": hmac(secret, raw(said)) });
const dated = (said: unknown, at: Clock, secret: string = entry.secret) => {
  const seconds = String(Math.floor(at.machineNow().epochMilliseconds / 1_000));
  const content = Buffer.concat([Buffer.from(`${seconds}:`), raw(said)]);
  return post(said, { "x-signed-at": seconds, "x-our-signature": hmac(secret, content) }, "PUT");
};

const samples = (send: (said: unknown, at: Clock, secret?: string) => ReturnType<typeof post>) => ({
  entry,
  timed: false,
  firing: (at: Clock, n: number) => send(body([alert({ fingerprint: `f${n}` })]), at),
  resolved: (at: Clock, n: number) => send(body([alert({ fingerprint: `f${n}`, ...resolved })]), at),
  wrong: (at: Clock, n: number) => send(body([alert({ fingerprint: `f${n}` })]), at, "another"),
  junk: (at: Clock) => send({ message: "by a template" }, at),
  overtaken: (at: Clock) => [send(body([alert(resolved)]), at), send(body([alert()]), at)] as const,
});
describeSource(plug(grafana), { ...samples((said, _, secret) => signed(said, secret)), repeats: true });
const strict = { ...entry, signatureHeader: "X-Our-Signature", timestampHeader: "X-Signed-At" };
describeSource(plug(grafana), { ...samples(dated), entry: strict, timed: true });
describeSource(plug(grafana), {
  ...samples((said, _, secret) => ({ ...post(said, {}), path: `/${secret ?? entry.secret}` })),
  entry: { ...entry, auth: "path" },
  repeats: true,
});

test("where the time is to be signed, a signature without it is none", () => {
  const source = plug(grafana).bind("g", { ...strict, signatureHeader: "X-Grafana-Alerting-Signature" });
  const sent = signed(body([alert()]));
  expect(source.verify(sent, clock.machineNow())).toMatchObject({ ok: false, reason: "no timestamp" });
});

const first = (over: Record<string, unknown> = {}) => {
  const source = plug(grafana).bind("g", entry);
  return signalsOf(source.parse(deliveryOf(source, signed(body([alert(over)])), clock), estate()))[0];
};

test("an alert leads to its panel, with the values that made it fire", () => {
  expect(first()).toMatchObject({
    kind: "firing",
    title: "The outbound queue lags",
    service: "esr-notifier",
    environment: "prod",
    cause: "Lag",
    url: "https://grafana.example.org/d/1?viewPanel=2",
    error: "[ var='B' value=44.2 ]",
    tags: { silence: "https://grafana.example.org/silence", "grafana.receiver": "nightdesk" },
  });
});

test("rules without data are told apart by their own names", () => {
  const labels = { alertname: "DatasourceNoData", rulename: "Lag" };
  expect(first({ labels, annotations: {} })).toMatchObject({
    cause: "DatasourceNoData: Lag",
    title: "DatasourceNoData: Lag",
  });
});
