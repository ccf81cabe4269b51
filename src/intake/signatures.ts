import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Instant } from "../base/clock.ts";
import type { HookRequest, Verdict } from "./sources/contract.ts";

/** How far a signed timestamp may be from the machine's clock, on both sides. */
const TIMESTAMP_TOLERANCE_S = 300;

/** Hex of the SHA-256 of what is given. */
export const sha256 = (content: string | Buffer): string => createHash("sha256").update(content).digest("hex");

/** Compares in a time that tells nothing, whatever the lengths. */
export function sameSecret(given: string, secret: string): boolean {
  return timingSafeEqual(createHash("sha256").update(given).digest(), createHash("sha256").update(secret).digest());
}

/** Whether `given` is the hex HMAC-SHA256 of `parts` (strings as UTF-8) under `secret`. */
export function isHmac(given: string, secret: string, parts: readonly (string | Buffer)[]): boolean {
  const hmac = createHmac("sha256", secret);
  for (const part of parts) hmac.update(part);
  return sameSecret(given.toLowerCase(), hmac.digest("hex"));
}

/** Unix seconds, at most five minutes from the machine's time before or after. */
export function checkTimestamp(seconds: string | undefined, machineNow: Instant): Verdict {
  if (seconds === undefined) return { ok: false, reason: "no timestamp" };
  if (!/^\d{1,11}$/.test(seconds)) return { ok: false, reason: "bad timestamp" };
  const awayS = Math.abs(Number(seconds) - machineNow.epochMilliseconds / 1_000);
  return awayS <= TIMESTAMP_TOLERANCE_S ? { ok: true } : { ok: false, reason: "timestamp out of range" };
}

/** A secret as the first segment of the path (after `prefix`); the rest of the path is what may be kept. */
export function checkPathSecret(request: HookRequest, secret: string, prefix = ""): Verdict {
  const match = /^\/([^/]+)(\/.*)?$/.exec(request.path.slice(prefix.length));
  const given = decoded(match?.[1] ?? "");
  if (given === "" || !sameSecret(given, secret)) return { ok: false, reason: "wrong secret in the path" };
  return { ok: true, path: prefix + (match?.[2] ?? "") };
}

/**
 * For senders that cannot sign: the secret in the path, or where the path has none, in a header: `Authorization: Bearer
 * SECRET`, the password of `Authorization: Basic`, or all of one of `headers` (lower case). Never what a request says of both.
 */
export function checkSharedSecret(request: HookRequest, secret: string, headers: readonly string[] = []): Verdict {
  if (request.path !== "" && request.path !== "/") return checkPathSecret(request, secret);
  const given = [credentialsOf(request), ...headers.map((name) => request.headers[name])].filter(
    (one) => one !== undefined && one !== "",
  );
  if (given.length === 0) return { ok: false, reason: "no secret, neither in the path nor in a header" };
  return given.some((one) => sameSecret(one ?? "", secret)) ? { ok: true } : { ok: false, reason: "wrong secret" };
}

function credentialsOf(request: HookRequest): string | undefined {
  const [, scheme = "", credentials = ""] = /^\s*(\S+)\s+(\S+)\s*$/.exec(request.headers["authorization"] ?? "") ?? [];
  if (scheme.toLowerCase() === "bearer") return credentials;
  if (scheme.toLowerCase() !== "basic") return undefined;
  const pair = Buffer.from(credentials, "base64").toString("utf8");
  return pair.includes(":") ? pair.slice(pair.indexOf(":") + 1) : undefined;
}

/** One segment of a path, decoded; as it is when it cannot be. */
export function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
