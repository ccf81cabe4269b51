import { Temporal } from "temporal-polyfill";
import type { Instant } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Http } from "../base/http.ts";
import type { Catalogue, CheckpointMonitor } from "../config/catalogue.ts";

/** What a follower answered, or why it did not. */
export type Asked =
  | { readonly ok: true; readonly placeAt: Instant; readonly position: string | null }
  | { readonly ok: false; readonly trouble: string };

const MOST_POSITION = 300;

/**
 * Asks a follower for its place, at an address that stands in the catalogue and nowhere else. Its target's own headers and
 * token go along; redirects are not followed.
 */
export async function askPlace(
  parts: { readonly http: Http; readonly catalogue: Catalogue },
  monitor: CheckpointMonitor,
  now: Instant,
): Promise<Asked> {
  const { poll } = monitor;
  if (poll === undefined) return { ok: false, trouble: "the catalogue does not say where" };
  const target = poll.target === undefined ? {} : (parts.catalogue.targets[poll.target] ?? {});
  const base = poll.url ?? textAt(target, "url");
  if (base === null) return { ok: false, trouble: `${poll.target ?? "it"} has no address` };
  const token = textAt(target, "token");
  try {
    const { status, body } = await parts.http({
      method: "GET",
      url: `${base.replace(/\/+$/, "")}${poll.path ?? ""}`,
      headers: {
        accept: "application/json",
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...headersOf(target),
        ...poll.headers,
      },
      timeoutMs: poll.timeoutMs,
    });
    if (status !== 200) return { ok: false, trouble: `it answered ${status}` };
    return read(body, poll, now);
  } catch (error) {
    return { ok: false, trouble: messageOf(error) };
  }
}

function read(body: string, poll: NonNullable<CheckpointMonitor["poll"]>, now: Instant): Asked {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    return { ok: false, trouble: "its answer is not JSON" };
  }
  const placeAt = instantOf(valueAt(answer, poll.at));
  if (placeAt === null) return { ok: false, trouble: `its answer has no instant at ${poll.at}` };
  const position = poll.position === undefined ? null : valueAt(answer, poll.position);
  const shown = typeof position === "string" || typeof position === "number" ? String(position) : null;
  return { ok: true, placeAt: notAfter(placeAt, now), position: shown?.slice(0, MOST_POSITION) ?? null };
}

/** A follower whose clock is ahead has not read what is yet to come. */
export const notAfter = (at: Instant, now: Instant): Instant =>
  at.epochMilliseconds > now.epochMilliseconds ? now : at;

/** An ISO instant with its zone; seconds or milliseconds since 1970. Null: none. */
export function instantOf(value: unknown): Instant | null {
  try {
    if (typeof value === "number" && Number.isFinite(value)) {
      return Temporal.Instant.fromEpochMilliseconds(Math.round(value > 100_000_000_000 ? value : value * 1_000));
    }
    if (typeof value !== "string") return null;
    if (/^\d{9,13}(\.\d+)?$/.test(value)) return instantOf(Number(value));
    return Temporal.Instant.fromEpochMilliseconds(Temporal.Instant.from(value).epochMilliseconds);
  } catch {
    return null;
  }
}

function valueAt(value: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (at, key) =>
        typeof at === "object" && at !== null ? Object.entries(at).find(([name]) => name === key)?.[1] : undefined,
      value,
    );
}

function textAt(value: object, key: string): string | null {
  const found = valueAt(value, key);
  return typeof found === "string" && found !== "" ? found : null;
}

function headersOf(target: object): Record<string, string> {
  const headers = valueAt(target, "headers");
  if (typeof headers !== "object" || headers === null) return {};
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
