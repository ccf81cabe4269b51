import fc from "fast-check";
import { expect, test } from "vitest";
import { redactorOf } from "../../src/incidents/redact.ts";
import { estate } from "../helpers/hear.ts";

const redact = redactorOf(estate());
// Put together here, so that no scanner takes this file for a leak.
const made = (...parts: string[]) => parts.join("");

test.each([
  ["an address", "mail someone.else+x@mail.example.org now", "mail [e-mail] now"],
  ["Slack's way to write one", "<mailto:a@example.org|a@example.org> wrote", "[e-mail] wrote"],
  ["a bot token", `it is ${made("xoxb", "-123456789012-abcdefABCDEF")}.`, "it is [secret]."],
  ["an app token", made("xapp", "-1-A0-123-abcdef"), "[secret]"],
  ["a webhook", `see ${made("https://hooks.slack.com/", "services/T0/B0/abc")}`, "see [secret]"],
  ["a bearer token", "authorization: Bearer abc.def-ghi_jkl0", "authorization: [secret] [secret]"],
  ["a web token", `jwt ${made("eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiIxIn0.c2lnbmF0dXJl")}`, "jwt [secret]"],
  ["an AWS key id", made("AKIA", "ABCDEFGHIJKLMNOP"), "[secret]"],
  ["an AWS secret", "AWS_SECRET_ACCESS_KEY=abc/def+ghi", "AWS_SECRET_ACCESS_KEY=[secret]"],
  ["a password", "password = hunter22, user=bob", "password = [secret], user=bob"],
  ["a quoted one", '{"apiKey": "a b c", "n": 1}', '{"apiKey": [secret], "n": 1}'],
  ["a connection string", "postgres://app:s3cr:et@db.example.org/x", "postgres://app:[secret]@db.example.org/x"],
  ["a token of GitHub", made("ghp", "_abcdefghijklmnopqrstuvwxyz0123"), "[secret]"],
  ["a private key", "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nrest", "[secret]\nrest"],
  ["the catalogue's pattern", "GMC 1234567 of 12345678", "GMC [redacted] of 12345678"],
])("takes out %s", (_, text, expected) => {
  expect(redact(text)).toBe(expected);
});

test.each([
  "Unknown column 'permit_to_work' in 'field list'",
  "run 7: person-sync in prod succeeded",
  "@asha look at INC-3 #ops",
  "https://sentry.example.org/organizations/acme/issues/100/?project=7",
  "the token bucket is empty: retry",
  "a@b",
])("leaves %j alone", (text) => {
  expect(redact(text)).toBe(text);
});

test("what an address leaves behind a password's name is redacted at once, not at the second look", () => {
  const once = redact("password=:&a@example.org");
  expect(once).not.toContain("a@example.org");
  expect(redact(once)).toBe(once);
});

test("property: redacting twice is redacting once", () => {
  const words = fc.constantFrom(
    "password=",
    "a@example.org",
    "Bearer ",
    "x",
    "://",
    ":",
    "@",
    '"',
    "token",
    " ",
    "eyJ",
    ".",
    "1234567",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(words, fc.string({ maxLength: 5 })), { maxLength: 25 }), (parts) => {
      const once = redact(parts.join(""));
      expect(redact(once)).toBe(once);
    }),
    { numRuns: 500 },
  );
});

test("a text made to be slow is not", () => {
  const bad = [
    "a".repeat(50_000),
    "a@".repeat(20_000),
    "password".repeat(6_000),
    "://x:".repeat(10_000),
    "eyJ".repeat(15_000),
    "-----BEGIN PRIVATE KEY-----".repeat(500),
  ];
  const start = process.hrtime.bigint();
  for (const text of bad) redact(text);
  expect(Number(process.hrtime.bigint() - start) / 1e6).toBeLessThan(3_000);
});
