import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Http } from "../base/http.ts";
import { type SentryApi, SentryError, sentryApis, sentryClient } from "../intake/sentry-api.ts";
import type { Naming } from "./id-lists-incident.ts";

/** The API of the first source that has one; null: none has. */
export function sentryApiOf(sources: Readonly<Record<string, unknown>>): SentryApi | null {
  const [first] = sentryApis(sources).values();
  return first ?? null;
}

const PER_PAGE = 100;
const MOST_PAGES = 50;
/** All that is asked of Sentry for one answer (machine time): a person waits for it. */
export const SENTRY_WITHIN_MS = 20_000;

const eventSchema = z.object({
  title: z.string().nullish(),
  message: z.string().nullish(),
  tags: z.array(z.object({ key: z.string(), value: z.string() })).nullish(),
});

/** What Sentry told; `more`: why it may have more than this. */
export interface SentryEvents {
  readonly events: readonly Naming[];
  readonly more: string | null;
}

/** The events of an issue, page by page, till `untilMs` (machine time). What cannot be had is said, never thrown. */
export async function sentryEvents(
  parts: { readonly http: Http; readonly clock: Clock; readonly redact: (text: string) => string },
  api: SentryApi,
  of: { readonly issue: string; readonly untilMs: number },
): Promise<SentryEvents> {
  const client = sentryClient(parts, api);
  const events: Naming[] = [];
  let cursor: string | null = null;
  for (let page = 0; page === 0 || cursor !== null; page += 1) {
    if (page >= MOST_PAGES) return { events, more: `issue ${of.issue} has more than ${MOST_PAGES * PER_PAGE} events` };
    if (parts.clock.machineNow().epochMilliseconds > of.untilMs) return { events, more: "Sentry took too long" };
    try {
      const { items, next } = await client.events(of.issue, cursor);
      events.push(...namingsIn(items, parts.redact));
      cursor = next;
    } catch (error) {
      const answered = error instanceof SentryError && error.answered;
      return { events, more: answered ? error.message : `Sentry cannot be asked: ${messageOf(error)}` };
    }
  }
  return { events, more: null };
}

function namingsIn(items: readonly unknown[], redact: (text: string) => string): Naming[] {
  return z
    .array(eventSchema)
    .parse(items)
    .map(({ title, message, tags }) => ({
      message: redact([title ?? "", message ?? ""].join("\n")),
      tags: Object.fromEntries((tags ?? []).map(({ key, value }) => [key, redact(value)])),
    }));
}
