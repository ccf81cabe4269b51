import { verify, X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import type { Clock, Instant } from "../base/clock.ts";
import { messageOf, NotNow } from "../base/errors.ts";
import type { Http } from "../base/http.ts";
import type { Claim, Verdict } from "./sources/contract.ts";

/** Settles a claim. Throws `NotNow` when the certificate cannot be had at the moment: the sender has to come again. */
export type ProveClaim = (claim: Claim) => Promise<Verdict>;

/** Less than what a sender is told to wait for an answer (`receive.ts`). */
const TIMEOUT_MS = 3_000;
const MOST_BYTES = 100_000;
const KEPT_MS = 24 * 3_600_000;
/** After a failure nobody asks for the same address again before this time. */
const FAILED_MS = 5_000;
const MOST_KEPT = 100;
const MOST_AT_ONCE = 8;

/**
 * Fetches, keeps and checks the certificates that signed deliveries name. The addresses come from requests that nobody has
 * verified yet: they passed the source's allow-list, redirects are not followed, and how many are asked for is bounded.
 */
export function createProver(parts: { http: Http; clock: Clock }): ProveClaim {
  const { http, clock } = parts;
  const kept = new Map<string, { readonly chain: readonly X509Certificate[]; readonly untilMs: number }>();
  const failed = new Map<string, { readonly why: string; readonly untilMs: number }>();
  const underWay = new Map<string, Promise<readonly X509Certificate[]>>();
  const nowMs = () => clock.machineNow().epochMilliseconds;

  async function chainAt(url: string): Promise<readonly X509Certificate[]> {
    const known = kept.get(url);
    if (known !== undefined && known.untilMs > nowMs()) return known.chain;
    const failure = failed.get(url);
    if (failure !== undefined && failure.untilMs > nowMs()) throw new NotNow(failure.why);
    const asked = underWay.get(url);
    if (asked !== undefined) return asked;
    if (underWay.size >= MOST_AT_ONCE) throw new NotNow("too many signing certificates are being asked for");
    const asking = ask(url).finally(() => underWay.delete(url));
    underWay.set(url, asking);
    return asking;
  }

  async function ask(url: string): Promise<readonly X509Certificate[]> {
    try {
      const answer = await http({ method: "GET", url, timeoutMs: TIMEOUT_MS, mostBytes: MOST_BYTES });
      if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
      const chain = certificatesIn(answer.body);
      failed.delete(url);
      put(kept, url, { chain, untilMs: nowMs() + KEPT_MS });
      return chain;
    } catch (error) {
      const why = `the signing certificate cannot be had: ${messageOf(error)}`;
      put(failed, url, { why, untilMs: nowMs() + FAILED_MS });
      throw new NotNow(why);
    }
  }

  return async (claim) => {
    const chain = await chainAt(claim.certificateUrl);
    const problem = problemOf(chain, claim, clock.machineNow());
    return problem === null ? { ok: true, path: claim.path } : { ok: false, reason: problem };
  };
}

function put<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= MOST_KEPT) return;
    map.delete(oldest);
  }
}

function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error("it is no certificate");
  return blocks.map((block) => new X509Certificate(block));
}

/** Why this certificate does not make the claim true; null when it does. */
function problemOf(chain: readonly X509Certificate[], claim: Claim, machineNow: Instant): string | null {
  const [own] = chain;
  if (own === undefined) return "no signing certificate";
  const atMs = machineNow.epochMilliseconds;
  if (atMs < own.validFromDate.getTime() || atMs > own.validToDate.getTime())
    return "the signing certificate is not valid now";
  const { issuedTo } = claim;
  if (issuedTo !== null && !namesIn(own).some((name) => issuedTo.test(name)))
    return "the signing certificate is somebody else's";
  if (issuedTo !== null && !isChained(chain)) return "the signing certificate was not issued by those it names";
  if (own.publicKey.asymmetricKeyType !== "rsa") return "the signing certificate has no RSA key";
  return verify(claim.hash, Buffer.from(claim.content, "utf8"), own.publicKey, claim.signature)
    ? null
    : "bad signature";
}

function namesIn(certificate: X509Certificate): string[] {
  const alternatives = certificate.subjectAltName?.split(", ").map((name) => name.replace(/^DNS:/, "")) ?? [];
  const common = /^CN=(.+)$/m.exec(certificate.subject)?.[1];
  return common === undefined ? alternatives : [...alternatives, common];
}

/**
 * As far as can be told here: each must be issued by the next, and the last, where it names an authority that Node knows,
 * by that one. Vendors give their own certificate alone; its issuer in between is not at hand, and nothing is fetched for it.
 */
function isChained(chain: readonly X509Certificate[]): boolean {
  const links = chain.every((one, index) => {
    const next = chain[index + 1];
    return next === undefined || (next.ca && one.checkIssued(next) && one.verify(next.publicKey));
  });
  const last = chain.at(-1);
  if (!links || last === undefined) return false;
  const named = roots().filter((root) => root.subject === last.issuer);
  return named.length === 0
    ? last.subject !== last.issuer
    : named.some((root) => last.checkIssued(root) && last.verify(root.publicKey));
}

let known: readonly X509Certificate[] | null = null;
/** Read once, when the first claim comes: there are some hundred and fifty. */
function roots(): readonly X509Certificate[] {
  known ??= rootCertificates.map((pem) => new X509Certificate(pem));
  return known;
}
