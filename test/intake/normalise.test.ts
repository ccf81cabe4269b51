import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { normalise } from "../../src/intake/normalise.ts";
import type { Signal } from "../../src/intake/sources/contract.ts";
import { estate } from "../helpers/hear.ts";

const catalogue = estate();
const receivedAt = Temporal.Instant.from("2021-03-16T14:42:00Z");
const delivery = {
  id: 7,
  source: "jobs",
  resource: null,
  request: { method: "POST", path: "", query: {} },
  body: "",
  receivedAt,
};

const normal = (over: Partial<Signal>) =>
  normalise(
    { kind: "firing", title: "x", at: receivedAt, ...over },
    { delivery, ordinal: 2, source: "jobs" },
    catalogue,
  );

test("names become the catalogue's, and the job tells its service", () => {
  expect(normal({ job: "Person sync job", environment: "Production" })).toMatchObject({
    inboxId: 7,
    ordinal: 2,
    job: "person-sync",
    environment: "prod",
    environments: [],
    service: "tis-sync",
    cause: "person-sync",
  });
  expect(normal({ job: "unheard-of", environment: "qa7" })).toMatchObject({
    job: "unheard-of",
    environment: "qa7",
    service: null,
  });
  expect(normal({ job: "person-sync", environment: "prod", service: "esr-gen" }).service).toBe("esr-generator");
});

test("candidates stay candidates, unless only one of them knows the job", () => {
  const environments = ["production", "nimdta"];
  expect(normal({ job: "person-sync", environments })).toMatchObject({
    environment: null,
    environments: ["prod", "nimdta"],
    service: "tis-sync",
  });
  expect(normal({ job: "reval-sync", environments })).toMatchObject({ environment: "prod", environments: [] });
  expect(normal({ job: "unheard-of", environments })).toMatchObject({
    environment: null,
    environments: ["prod", "nimdta"],
  });
  expect(normal({ environments: ["stage", "preprod"] })).toMatchObject({ environment: "preprod", environments: [] });
});

test.each([
  ["a moment before", { minutes: -1 }, "2021-03-16T14:41:00Z"],
  ["six days before", { hours: -144 }, "2021-03-10T14:42:00Z"],
  ["years before", { hours: -24 * 900 }, "2021-03-16T14:42:00Z"],
  ["in the future", { minutes: 3 }, "2021-03-16T14:42:00Z"],
])("a stated time %s the delivery", (_, away, expected) => {
  expect(normal({ at: receivedAt.add(away) }).at.toString()).toBe(expected);
});

test("the sender's word for what fires is kept as a hash, without it cause, service and job tell", () => {
  const one = normal({ condition: "issue 1234567", service: "a", cause: "x" });
  expect(one.condition).toMatch(/^[\w-]{16}$/);
  expect(normal({ condition: "issue 1234567", service: "b", cause: "y" }).condition).toBe(one.condition);
  expect(normal({ service: "a", cause: "x", environment: "prod" }).condition).toBe(
    normal({ service: "a", cause: "x" }).condition,
  );
  expect(normal({ service: "a", cause: "x" }).condition).not.toBe(normal({ service: "a", cause: "y" }).condition);
});

test("every text is redacted, also a tag's", () => {
  const text = "to someone@example.org";
  const kept = normal({
    title: text,
    cause: text,
    error: text,
    tags: { [text]: text },
    url: "https://a.example.org/?token=abcdef",
  });
  expect(JSON.stringify(kept)).not.toMatch(/someone|abcdef/);
  expect(kept.title).toBe("to [e-mail]");
});

test("property: whatever a sender writes can be stored and has a size", () => {
  const anything = fc.string({ unit: "binary", maxLength: 80 });
  fc.assert(
    fc.property(anything, anything, anything, fc.nat(200), (a, b, c, times) => {
      const long = a.repeat(times);
      const signal = normal({
        title: long,
        service: b,
        environment: c,
        job: a,
        cause: long,
        error: long,
        rid: b,
        tags: { [a]: long },
      });
      const text = JSON.stringify(signal);
      expect(text).not.toContain("\\u0000");
      expect(text.isWellFormed()).toBe(true);
      expect(text).not.toMatch(/\\ud[89a-f]/);
      expect(signal.title.length).toBeGreaterThan(0);
      expect(signal.title.length).toBeLessThanOrEqual(300);
      expect(text.length).toBeLessThan(60_000);
    }),
  );
});
