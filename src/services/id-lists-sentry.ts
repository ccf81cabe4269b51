import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Http } from "../base/http.ts";
import type { Naming } from "./id-lists-incident.ts";

/** Where Sentry's API is, from the catalogue's `sources.<sentry>.api`. */
const apiSchema = z.object({ url: z.string(), organization: z.string(), token: z.string() });
export type SentryApi = z.output<typeof apiSchema>;

/** The API of the first source that has one; null: none has. */
export function sentryApiOf(sources: Readonly<Record<string, unknown>>): SentryApi | null {
  for (const source of Object.values(sources)) {
    const read = z.object({ kind: z.literal("sentry"), api: apiSchema }).safeParse(source);
    if (read.success) return read.data.api;
  }
  return null;
}

const PER_PAGE = 100;
const MOST_PAGES = 50;
const CALL_MS = 5_000;
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
  const { http, clock } = parts;
  const events: Naming[] = [];
  let cursor: string | null = "";
  for (let page = 0; cursor !== null; page += 1) {
    if (page >= MOST_PAGES) return { events, more: `issue ${of.issue} has more than ${MOST_PAGES * PER_PAGE} events` };
    if (clock.machineNow().epochMilliseconds > of.untilMs) return { events, more: "Sentry took too long" };
    try {
      const answer = await http({
        method: "GET",
        url: addressOf(api, of.issue, cursor),
        headers: { authorization: `Bearer ${api.token}`, accept: "application/json" },
        timeoutMs: CALL_MS,
      });
      if (answer.status !== 200) return { events, more: `Sentry answers ${answer.status}` };
      events.push(...namingsIn(answer.body, parts.redact));
      cursor = nextCursor(answer.headers.get("link"));
    } catch (error) {
      return { events, more: `Sentry cannot be asked: ${messageOf(error)}` };
    }
  }
  return { events, more: null };
}

function addressOf(api: SentryApi, issue: string, cursor: string): string {
  const url = new URL(
    `/api/0/organizations/${encodeURIComponent(api.organization)}/issues/${encodeURIComponent(issue)}/events/`,
    api.url,
  );
  url.searchParams.set("per_page", String(PER_PAGE));
  if (cursor !== "") url.searchParams.set("cursor", cursor);
  return url.href;
}

function namingsIn(body: string, redact: (text: string) => string): Naming[] {
  return z
    .array(eventSchema)
    .parse(JSON.parse(body))
    .map(({ title, message, tags }) => ({
      message: redact([title ?? "", message ?? ""].join("\n")),
      tags: Object.fromEntries((tags ?? []).map(({ key, value }) => [key, redact(value)])),
    }));
}

/** Only the cursor is taken: the address stays the one that the catalogue names. Null: this was the last page. */
export function nextCursor(link: string | null): string | null {
  for (const part of (link ?? "").split(/,\s*(?=<)/)) {
    const field = (name: string) => new RegExp(`;\\s*${name}="([^"]*)"`).exec(part)?.[1];
    if (field("rel") === "next" && field("results") === "true") return field("cursor") ?? null;
  }
  return null;
}
