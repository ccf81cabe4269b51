import { sign } from "node:crypto";
import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { NotNow } from "../../src/base/errors.ts";
import type { HttpResponse } from "../../src/base/http.ts";
import { createProver } from "../../src/intake/certificates.ts";
import type { Claim } from "../../src/intake/sources/contract.ts";
import { type TestCertificate, testCertificate } from "../helpers/certificates.ts";

const year = (at: number) => new Date(Date.UTC(at, 0, 1));
const valid = { from: year(2020), to: year(2030) };
const authority = testCertificate({ name: "An Authority", ...valid, authority: true });
const vendor = testCertificate({ name: "sns.amazonaws.com", ...valid, issuer: authority });

const claim = (by: TestCertificate, over: Partial<Claim> = {}): Claim => ({
  certificateUrl: "https://sns.eu-west-2.amazonaws.com/a.pem",
  issuedTo: /^sns\.amazonaws\.com$/,
  hash: "sha256",
  content: "Message\nüber\n",
  signature: sign(over.hash ?? "sha256", Buffer.from("Message\nüber\n"), by.key),
  path: "/kept",
  ...over,
});

function prover(answer: (url: string) => Partial<HttpResponse> | Error) {
  const clock = manualClock("2026-01-01T00:00:00Z");
  const asked: string[] = [];
  const prove = createProver({
    clock,
    http: async ({ url, mostBytes, timeoutMs }) => {
      asked.push(url);
      expect(mostBytes).toBeLessThanOrEqual(1_000_000);
      expect(timeoutMs).toBeLessThan(5_000);
      const given = answer(url);
      if (given instanceof Error) throw given;
      return { status: 200, headers: new Headers(), body: "", ...given };
    },
  });
  return { clock, asked, prove };
}

test.each(["sha1", "sha256"] as const)("a %s signature holds, and nothing beside what was signed", async (hash) => {
  const { prove, asked } = prover(() => ({ body: vendor.pem }));
  expect(await prove(claim(vendor, { hash }))).toEqual({ ok: true, path: "/kept" });
  expect(await prove(claim(vendor, { hash, content: "Message\nanother\n" }))).toMatchObject({
    reason: "bad signature",
  });
  expect(await prove(claim(authority, { hash }))).toMatchObject({ reason: "bad signature" });
  const other = hash === "sha1" ? "sha256" : "sha1";
  expect((await prove({ ...claim(vendor, { hash }), hash: other })).ok).toBe(false);
  expect(asked).toHaveLength(1);
});

const pemOf = (...all: readonly TestCertificate[]) => all.map(({ pem }) => pem).join("");
const old = testCertificate({ name: "sns.amazonaws.com", from: year(2020), to: year(2025), issuer: authority });
const early = testCertificate({ name: "sns.amazonaws.com", from: year(2027), to: year(2030), issuer: authority });
const another = testCertificate({ name: "evil.example.org", ...valid, issuer: authority });
const ownWord = testCertificate({ name: "sns.amazonaws.com", ...valid });
const amazon = testCertificate({ name: "Amazon Root CA 1", ...valid, authority: true });
const pretended = testCertificate({ name: "sns.amazonaws.com", ...valid, issuer: authority });
test.each([
  ["is over", old, pemOf(old), /not valid now/],
  ["has not begun", early, pemOf(early), /not valid now/],
  ["is somebody else's", another, pemOf(another), /somebody else's/],
  ["vouches for itself", ownWord, pemOf(ownWord), /not issued by those/],
  ["names an authority that did not issue it", pretended, pemOf(pretended, amazon), /not issued by those/],
])("a certificate that %s proves nothing", async (_, by, body, reason) => {
  const { prove } = prover(() => ({ body }));
  expect(await prove(claim(by))).toMatchObject({ ok: false, reason: expect.stringMatching(reason) });
});

test("a certificate with its authority beside it is as good as one alone", async () => {
  const { prove } = prover(() => ({ body: pemOf(vendor, authority) }));
  // The authority names itself and is none of Node's: it is not told apart from one that vouches for itself.
  expect((await prove(claim(vendor))).ok).toBe(false);
  const root = testCertificate({ name: "A Root", ...valid, authority: true });
  const between = testCertificate({ name: "Between", ...valid, authority: true, issuer: root });
  const leaf = testCertificate({ name: "sns.amazonaws.com", ...valid, issuer: between });
  expect(await prover(() => ({ body: pemOf(leaf, between) })).prove(claim(leaf))).toMatchObject({ ok: true });
});

test.each<[string, Partial<HttpResponse> | Error]>([
  ["an outage", new Error("ECONNREFUSED")],
  ["a redirect", { status: 302, body: vendor.pem }],
  ["a page that is none", { body: "<html>" }],
  ["a broken one", { body: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" }],
])("after %s the sender has to come again, and is heard when it is over", async (_, trouble) => {
  let answer = trouble;
  const { prove, asked, clock } = prover(() => answer);
  await expect(prove(claim(vendor))).rejects.toThrow(NotNow);
  await expect(prove(claim(vendor))).rejects.toThrow(NotNow);
  expect(asked).toHaveLength(1);
  answer = { body: vendor.pem };
  clock.advance({ seconds: 6 });
  expect(await prove(claim(vendor))).toMatchObject({ ok: true });
});

test("many at once ask once; more addresses than can be are not asked for", async () => {
  const { prove, asked } = prover(() => ({ body: vendor.pem }));
  await Promise.all(Array.from({ length: 20 }, () => prove(claim(vendor))));
  expect(asked).toHaveLength(1);
  const many = Array.from({ length: 30 }, (_, n) => prove(claim(vendor, { certificateUrl: `https://x/${n}.pem` })));
  const settled = await Promise.allSettled(many);
  expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(8);
  expect(asked).toHaveLength(9);
});
