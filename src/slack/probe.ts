import { Temporal } from "temporal-polyfill";
import { z } from "zod";
import { messageOf } from "../base/errors.ts";
import type { Http, HttpResponse } from "../base/http.ts";
import type { SlackProbe } from "../services/doctor-ports.ts";

const TIMEOUT_MS = 10_000;
/** 20 pages of 1,000 are more channels than anyone routes to. */
const MOST_PAGES = 20;

const answerSchema = z.looseObject({ ok: z.boolean(), error: z.string().optional() });
const selfSchema = z.looseObject({ team: z.string(), user: z.string() });
const channelsSchema = z.looseObject({
  channels: z.array(
    z.looseObject({ name: z.string(), is_member: z.boolean().default(false), is_archived: z.boolean().default(false) }),
  ),
  response_metadata: z.looseObject({ next_cursor: z.string().default("") }).default({ next_cursor: "" }),
});

/**
 * What the doctor asks of Slack. It calls the Web API itself: the client hides the headers, and they tell the scopes
 * and Slack's time. Throws Slack's own code (`invalid_auth`) when it says no.
 */
export function slackProbe(options: {
  botToken: string;
  appToken: string | null;
  apiUrl: string | null;
  http: Http;
}): SlackProbe {
  const base = options.apiUrl ?? "https://slack.com/api/";
  const call = async (method: string, token: string, args: Record<string, string> = {}): Promise<HttpResponse> => {
    const response = await options.http({
      method: "POST",
      url: `${base}${method}`,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(args).toString(),
      timeoutMs: TIMEOUT_MS,
    });
    const answer = answerSchema.safeParse(jsonOf(response.body));
    if (!answer.success) throw new Error(`HTTP ${response.status} without an answer of Slack's`);
    if (!answer.data.ok) throw new Error(answer.data.error ?? `HTTP ${response.status}`);
    return response;
  };
  return {
    whoAmI: async () => {
      const response = await call("auth.test", options.botToken);
      const self = selfSchema.parse(jsonOf(response.body));
      const scopes = response.headers.get("x-oauth-scopes");
      return {
        team: self.team,
        bot: self.user,
        scopes: scopes === null ? null : scopes.split(",").map((scope) => scope.trim()),
        date: instantOf(response.headers.get("date")),
      };
    },
    channels: async () => {
      const list = (types: string) =>
        allPages(async (cursor) => {
          const args = { limit: "1000", types, ...(cursor === "" ? {} : { cursor }) };
          const response = await call("conversations.list", options.botToken, args);
          return channelsSchema.parse(jsonOf(response.body));
        });
      try {
        return await list("public_channel,private_channel");
      } catch (error) {
        // groups:read is optional.
        if (messageOf(error) !== "missing_scope") throw error;
        return await list("public_channel");
      }
    },
    tryAppToken: async () => {
      if (options.appToken === null) return;
      await call("apps.connections.open", options.appToken);
    },
  };
}

async function allPages(
  read: (cursor: string) => Promise<z.output<typeof channelsSchema>>,
): Promise<Awaited<ReturnType<SlackProbe["channels"]>>> {
  const found = new Map<string, { member: boolean; archived: boolean }>();
  let cursor = "";
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await read(cursor);
    for (const one of answer.channels) found.set(one.name, { member: one.is_member, archived: one.is_archived });
    cursor = answer.response_metadata.next_cursor;
    if (cursor === "") break;
  }
  return found;
}

function instantOf(httpDate: string | null): Temporal.Instant | null {
  const ms = Date.parse(httpDate ?? "");
  return Number.isNaN(ms) ? null : Temporal.Instant.fromEpochMilliseconds(ms);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
