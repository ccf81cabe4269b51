import { expect, test } from "vitest";
import { manualClock } from "../../../src/base/clock.ts";
import { plug } from "../../../src/intake/plugin.ts";
import { deploy } from "../../../src/intake/sources/deploy.ts";
import { deliveryOf, describeSource, signalsOf } from "../../helpers/conformance/source.ts";
import { estate, hmac } from "../../helpers/hear.ts";

const entry = { kind: "deploy", secret: "deploy-secret" } as const;
const clock = manualClock("2021-03-16T14:42:00Z");
const said = (over: Record<string, unknown> = {}) => ({
  service: "esr-gen",
  environment: "production",
  version: "6.2",
  ...over,
});

function request(body: unknown, secret = "deploy-secret", path = "") {
  const raw = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const headers = path === "" ? { "x-signature": hmac(secret, raw) } : {};
  return { method: "POST", path, query: {}, headers, body: raw };
}

describeSource(plug(deploy), {
  entry,
  timed: false,
  firing: (_, n) => request(said({ id: `d${n}`, status: "failed" })),
  resolved: (_, n) => request(said({ id: `d${n}` })),
  wrong: (_, n) => request(said({ id: `d${n}`, status: "failed" }), "another"),
  junk: () => request(said({ verson: "6.2" })),
});

describeSource(plug(deploy), {
  entry: { ...entry, auth: "path" },
  timed: false,
  firing: (_, n) => request(said({ version: `6.${n}`, status: "failed" }), "", "/deploy-secret"),
  resolved: (_, n) => request(said({ version: `6.${n}` }), "", "/deploy-secret"),
  wrong: () => request(said(), "", "/deploy-secrets"),
  junk: () => request("<xml/>", "", "/deploy-secret"),
});

const source = plug(deploy).bind("deploys", entry);
const parse = (body: unknown) => source.parse(deliveryOf(source, request(body), clock), estate());

test("a deployment that went well: what, where, when, by whom, and the end of a failed one", () => {
  const whole = said({
    sha: "3f78685",
    url: "https://ci.example.org/7",
    at: "2021-03-16T14:30:00Z",
    by: "asha",
    id: 7,
  });
  const [resolved, deployed] = signalsOf(parse(whole));
  expect(deployed).toMatchObject({
    kind: "deployed",
    title: "esr-generator 6.2 was deployed to prod",
    service: "esr-generator",
    environment: "prod",
    rid: "7",
    url: "https://ci.example.org/7",
    tags: {
      "deploy.version": "6.2",
      "deploy.sha": "3f78685",
      "deploy.id": "7",
      "deploy.status": "succeeded",
      "deploy.by": "asha",
    },
  });
  expect(deployed?.at.toString()).toBe("2021-03-16T14:30:00Z");
  const [failed] = signalsOf(parse(said({ status: "failed" })));
  expect(failed).toMatchObject({ kind: "failed", title: "Deployment of esr-generator 6.2 to prod failed" });
  expect(resolved).toMatchObject({ kind: "resolved", condition: failed?.condition });
  expect(signalsOf(parse(said({ status: "started" })))).toMatchObject([{ kind: "started" }]);
  expect(signalsOf(parse(said({ sha: null, url: "", at: "", by: null })))).toHaveLength(2);
});

test.each([
  ["[1]", "not a JSON object"],
  [{ environment: "prod", version: "1" }, "service, environment and version are needed"],
  [said({ version: " " }), "service, environment and version are needed"],
  [said({ version: { tag: 1 } }), "version must be text"],
  [said({ verson: "1" }), '"verson" is not known: service, environment, version,'],
  [said({ status: "done" }), "status must be one of succeeded, failed, started"],
  [said({ at: "yesterday" }), "at must be a time like"],
  [said({ url: "javascript:alert(1)" }), "url must begin with https://"],
  [said({ sha: "main" }), "sha must be 7 to 64"],
  [said({ by: "x".repeat(201) }), "by must be at most 200"],
])("%j is answered with what to change", (body, reason) => {
  expect(source.wellFormed(request(body))).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  expect(parse(body)).toMatchObject({ kind: "refused" });
});

test("with an id a repetition is known for ever, without one for a while", () => {
  expect(source.deliveryKey(request(said({ id: "1" }))).forMs).toBeUndefined();
  expect(source.deliveryKey(request(said())).forMs).toBe(600_000);
});
