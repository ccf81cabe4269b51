import { jsonOf } from "../api.ts";
import type { Verbs } from "../language.ts";
import { differences } from "../match.ts";
import type { Stage } from "../stage.ts";

/** What happens around Slack: the estate, the processes, outages, plain HTTP. */
type AroundVerb = "estate" | "nightdesk" | "slackApi" | "redis" | "http" | "mark" | "wait";
export type AroundActs = { [V in AroundVerb]: (body: Verbs[V], stage: Stage) => Promise<string> };

export const aroundActs: AroundActs = {
  estate: async (changes, { targets }) => {
    for (const [name, change] of Object.entries(changes)) await targets[name]?.change(change);
    return Object.entries(changes)
      .map(([name, change]) => `${name}: ${Object.keys(change).join(", ")}`)
      .join("; ");
  },
  nightdesk: async (body, { processes }) => {
    const [verb, role] = "kill" in body ? (["kill", body.kill] as const) : (["start", body.start] as const);
    const roles = role === "all" ? (["web", "worker"] as const) : ([role] as const);
    await Promise.all(roles.map((one) => processes[verb](one)));
    return `${verb} ${role}`;
  },
  slackApi: async (body, { workspace }) => {
    if (body === "down") workspace.outage(true);
    else if (body === "up") allWell(workspace);
    else {
      if (body.outage !== undefined) workspace.outage(body.outage);
      if (body.limit !== undefined) {
        const { times, ...limit } = body.limit;
        workspace.limit({ ...limit, ...(times === undefined ? {} : { times }) });
      }
      if (body.slow !== undefined) workspace.slow(body.slow);
      if (body.dropAfterSend !== undefined) workspace.dropAfterSend(body.dropAfterSend);
    }
    return typeof body === "string" ? body : Object.keys(body).join(", ");
  },
  redis: async (verb, { redis }) => {
    if (redis === null) throw new Error("this drill has no Redis: give it `with: { redis: true }`");
    await redis[verb]();
    return verb;
  },
  http: async ({ method, path, headers, body, expect }, { url }) => {
    const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const type = text !== undefined && typeof body !== "string" ? { "content-type": "application/json" } : {};
    const response = await fetch(url + path, {
      method,
      headers: { ...type, ...headers },
      redirect: "manual",
      signal: AbortSignal.timeout(30_000),
      ...(text === undefined ? {} : { body: text }),
    });
    const said = await response.text();
    // A mapping or list is compared with the answer as JSON, a text with the text.
    const asJson = typeof expect?.body === "object" && expect.body !== null;
    const found = { status: response.status, body: asJson ? jsonOf(said) : said };
    const wrong = expect === undefined ? [] : differences(expect, found, "");
    if (wrong.length > 0) {
      throw new Error(
        `${method} ${path}: ${wrong.map((one) => `${one.path}: expected ${JSON.stringify(one.expected)}, is ${shorten(one.actual)}`).join("; ")}`,
      );
    }
    return `${method} ${path}: ${response.status}`;
  },
  mark: async (what, { workspace }) => {
    workspace.mark();
    return what;
  },
  wait: async (ms) => {
    await new Promise((done) => setTimeout(done, ms));
    return `${ms} ms`;
  },
};

function allWell(workspace: Stage["workspace"]): void {
  workspace.outage(false);
  workspace.slow(0);
  workspace.dropAfterSend(0);
  for (const { method } of workspace.switches().limits) workspace.limit({ method, retryAfter: 0, times: 0 });
}

/** A value as one short line. */
export function shorten(value: unknown, most = 300): string {
  const text = value === undefined ? "absent" : JSON.stringify(value);
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}
