import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";

/**
 * A small Sentry with one organisation, on this machine: the part of its REST API that can be asked for issues, as its
 * schema describes it. Strict: what the real one would misunderstand is refused and kept in `wrong`.
 */
export interface FakeSentry {
  readonly url: string;
  readonly token: string;
  /** Asked in this order: `GET /issues/…`. */
  readonly calls: string[];
  /** What was asked in a way that would do harm or nothing. */
  readonly wrong: string[];
  /** Another event of an issue (a new one, unless `issue` is known). Returns the issue's id and the event's. */
  happens(event: FakeEvent): { issue: string; event: string };
  /** Somebody changes an issue in Sentry. */
  change(issue: string, to: { status: Status; at: string }): void;
  remove(issue: string): void;
  status(issue: string): string;
  assignee(issue: string): string | null;
  /** The webhook that Sentry sends of an issue. */
  hook(issue: string, action: string, actor?: Record<string, unknown>): Record<string, unknown>;
  /** The webhook of an issue alert about an event. */
  alert(issue: string, event: string): Record<string, unknown>;
  /** The next `times` calls get this answer. */
  answerNext(answer: { status: number; headers?: Record<string, string>; times?: number }): void;
  /** What the token may from now on; null: it is no token any more. */
  allow(scopes: readonly string[] | null): void;
}

export interface FakeEvent {
  readonly issue?: string;
  readonly at: string;
  readonly type?: string;
  readonly value?: string;
  readonly title?: string;
  readonly project?: string;
  readonly environment?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly cron?: boolean;
}

type Status = "resolved" | "unresolved" | "ignored";

interface Kept {
  readonly id: string;
  readonly title: string;
  readonly metadata: Record<string, string>;
  readonly project: string;
  readonly cron: boolean;
  status: Status;
  substatus: string;
  assignedTo: { type: string; id: string; name: string; email: string } | null;
  readonly events: { id: string; at: string; environment: string; tags: Record<string, string> }[];
  readonly activity: { id: string; type: string; dateCreated: string }[];
}

const MEMBERS = [
  { id: "71", name: "Asha Rao", email: "asha@example.org" },
  { id: "72", name: "Ben Okafor", email: "ben@example.org" },
];
const QUERIES: Readonly<Record<string, readonly string[]>> = {
  issues: ["query", "sort", "limit", "cursor", "project", "statsPeriod", "start", "end", "collapse", "expand"],
  events: ["per_page", "cursor", "full", "query", "statsPeriod"],
  issue: [],
};
const CHANGES: Readonly<Record<string, unknown>> = { status: 1, statusDetails: 1, substatus: 1, assignedTo: 1 };
let ids = 4_000;
const nextId = (): number => {
  ids += 1;
  return ids;
};

/** `page`: the most that one answer lists. */
export async function fakeSentry(options: { organization?: string; page?: number } = {}): Promise<FakeSentry> {
  const organization = options.organization ?? "acme";
  const token = "sntrys_fake";
  const issues = new Map<string, Kept>();
  const calls: string[] = [];
  const wrong: string[] = [];
  const answers: { status: number; headers: Record<string, string> }[] = [];
  let scopes: readonly string[] | null = ["event:read", "event:write", "org:read"];

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      wrong.push(String(error));
      response.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  const address = server.address();
  const base = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", base);
    const method = request.method ?? "GET";
    const within = `/api/0/organizations/${organization}`;
    calls.push(`${method} ${url.pathname.startsWith(within) ? url.pathname.slice(within.length) : url.pathname}`);
    const body = await textOf(request);
    const send = (status: number, json: unknown, headers: Record<string, string> = {}) => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify(json));
    };
    const fail = (status: number, detail: string) => {
      if (status === 400) wrong.push(`${method} ${url.pathname}${url.search}: ${detail}`);
      send(status, { detail });
    };
    const next = answers.shift();
    if (next !== undefined) return send(next.status, { detail: "Not now." }, next.headers);
    if (scopes === null || request.headers.authorization !== `Bearer ${token}`) return fail(401, "Invalid token");
    if (url.pathname === "/api/0/") return send(200, { version: "0", auth: { scopes }, user: null });
    if (!url.pathname.startsWith(`${within}/`) || !url.pathname.endsWith("/")) {
      return fail(404, "The requested resource does not exist");
    }
    if (!scopes.includes(method === "GET" ? "event:read" : "event:write")) {
      return fail(403, "You do not have permission to perform this action.");
    }
    const [what = "", id, events, which] = url.pathname
      .slice(within.length + 1)
      .split("/")
      .filter((part) => part !== "");
    if (what !== "issues") return fail(404, "The requested resource does not exist");
    const known = QUERIES[id === undefined ? "issues" : events === undefined ? "issue" : "events"] ?? [];
    const strange = [...url.searchParams.keys()].filter((key) => !known.includes(key));
    if (strange.length > 0) return fail(400, `unknown parameters ${strange.join(", ")}`);
    if (id === undefined)
      return method === "GET" ? list(url, send, fail) : fail(400, "a change of everything that matches");
    const issue = issues.get(id);
    if (issue === undefined) return fail(404, "The requested resource does not exist");
    if (method === "PUT") return change(issue, { body, type: request.headers["content-type"] ?? "" }, send, fail);
    if (method !== "GET") return fail(405, `Method "${method}" not allowed.`);
    if (events === undefined) return send(200, { ...issueOf(issue), activity: issue.activity.toReversed() });
    const newest = issue.events.toSorted((a, b) => b.at.localeCompare(a.at)).map((event) => eventOf(issue, event));
    if (which === "oldest") return send(200, newest.at(-1) ?? {});
    if (which !== undefined) return fail(404, "The requested resource does not exist");
    page(url, newest, { size: "per_page", send });
  }

  type Send = (status: number, json: unknown, headers?: Record<string, string>) => void;
  type Fail = (status: number, detail: string) => void;

  function list(url: URL, send: Send, fail: Fail) {
    const words = (url.searchParams.get("query") ?? "is:unresolved").split(/\s+/).filter((word) => word !== "");
    const odd = words.find((word) => !/^(is:(unresolved|resolved|ignored)|project:[\w-]+)$/.test(word));
    if (odd !== undefined) return fail(400, `Invalid query: ${odd}`);
    if ((url.searchParams.get("sort") ?? "date") !== "date") return fail(400, "Invalid sort");
    const found = [...issues.values()].filter((issue) =>
      words.every((word) => word === `is:${issue.status}` || word === `project:${issue.project}`),
    );
    const newest = found.map(issueOf).sort((a, b) => b.lastSeen.localeCompare(a.lastSeen));
    page(url, newest, { size: "limit", send });
  }

  function page(url: URL, all: readonly unknown[], how: { size: string; send: Send }): void {
    const size = Math.min(options.page ?? 100, Number(url.searchParams.get(how.size) ?? 100));
    const start = Number(url.searchParams.get("cursor")?.split(":")[1] ?? 0);
    const link = (rel: string, to: number, results: boolean) =>
      `<${base}${url.pathname}?cursor=0:${to}:0>; rel="${rel}"; results="${results}"; cursor="0:${to}:0"`;
    const links = [
      link("previous", Math.max(0, start - size), start > 0),
      link("next", start + size, start + size < all.length),
    ];
    how.send(200, all.slice(start, start + size), { link: links.join(", ") });
  }

  function change(issue: Kept, asked: { body: string; type: string }, send: Send, fail: Fail) {
    if (!asked.type.startsWith("application/json")) return fail(400, "not JSON");
    const to = JSON.parse(asked.body) as Record<string, unknown>;
    const strange = Object.keys(to).filter((key) => !Object.hasOwn(CHANGES, key));
    if (strange.length > 0) return fail(400, `unknown fields ${strange.join(", ")}`);
    const status = to["status"];
    if (status !== undefined && status !== "resolved" && status !== "unresolved" && status !== "ignored") {
      return fail(400, `"${String(status)}" is not a valid choice.`);
    }
    if (status !== undefined) {
      setStatus(issue, status, new Date().toISOString());
      if (typeof to["substatus"] === "string") issue.substatus = to["substatus"];
    }
    if (to["assignedTo"] !== undefined) {
      const member = MEMBERS.find(({ email }) => email === to["assignedTo"]);
      // A person who is no member is no mistake of the caller's.
      if (member === undefined) return send(400, { assignedTo: ["Unknown actor input"] });
      issue.assignedTo = { type: "user", ...member };
    }
    send(200, issueOf(issue));
  }

  const need = (id: string): Kept => {
    const issue = issues.get(id);
    if (issue === undefined) throw new Error(`there is no issue ${id}`);
    return issue;
  };

  function issueOf(issue: Kept) {
    const times = issue.events.map(({ at }) => at).sort();
    return {
      id: issue.id,
      shortId: `${issue.project.toUpperCase()}-${issue.id}`,
      title: issue.title,
      culprit: "sync.run",
      level: "error",
      status: issue.status,
      substatus: issue.substatus,
      statusDetails: {},
      metadata: issue.metadata,
      project: { id: "7", slug: issue.project, name: issue.project, platform: "java" },
      count: String(issue.events.length),
      userCount: 0,
      firstSeen: micro(times[0] ?? ""),
      lastSeen: micro(times.at(-1) ?? ""),
      assignedTo: issue.assignedTo,
      permalink: `${base}/organizations/${organization}/issues/${issue.id}/`,
      issueType: issue.cron ? "monitor_check_in_failure" : "error",
      issueCategory: issue.cron ? "outage" : "error",
    };
  }

  function eventOf(issue: Kept, event: Kept["events"][number]) {
    const tags = { ...event.tags, environment: event.environment, level: "error" };
    return {
      id: event.id,
      eventID: event.id,
      groupID: issue.id,
      projectID: "7",
      "event.type": "error",
      title: issue.title,
      message: issue.title,
      platform: "java",
      dateCreated: `${event.at.slice(0, 19)}Z`,
      user: null,
      tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    };
  }

  return {
    url: base,
    token,
    calls,
    wrong,
    happens: (event) => {
      const id = event.issue ?? String(nextId());
      const { type = "JsonMappingException", value = `${type} of its own` } = event;
      const issue = issues.get(id) ?? {
        id,
        title: event.title ?? `${type}: ${value}`,
        metadata: event.cron === true ? { title: event.title ?? "", value } : { type, value },
        project: event.project ?? "esr-generator",
        cron: event.cron ?? false,
        status: "unresolved",
        substatus: "new",
        assignedTo: null,
        events: [],
        activity: [],
      };
      issues.set(id, issue);
      const made = {
        id: nextId().toString(16).padStart(32, "e"),
        at: event.at,
        environment: event.environment ?? "prod",
      };
      issue.events.push({ ...made, tags: { ...event.tags } });
      if (issue.status === "resolved") {
        issue.status = "unresolved";
        issue.substatus = "regressed";
        issue.activity.push({ id: String(nextId()), type: "set_regression", dateCreated: event.at });
      }
      return { issue: id, event: made.id };
    },
    change: (id, to) => setStatus(need(id), to.status, to.at),
    remove: (id) => issues.delete(id),
    status: (id) => need(id).status,
    assignee: (id) => need(id).assignedTo?.email ?? null,
    hook: (id, action, actor = { type: "application", id: "sentry", name: "Sentry" }) => ({
      action,
      actor,
      installation: { uuid: "a8e5d37a-0000-4000-8000-63dc5e7e52ec" },
      data: { issue: issueOf(need(id)) },
    }),
    alert: (id, eventId) => {
      const issue = need(id);
      const event = issue.events.find((one) => one.id === eventId);
      if (event === undefined) throw new Error(`there is no event ${eventId}`);
      const { environment, tags, at } = event;
      return {
        action: "triggered",
        actor: { type: "application", id: "sentry", name: "Sentry" },
        data: {
          triggered_rule: "every new issue",
          event: {
            event_id: event.id,
            issue_id: issue.id,
            title: issue.title,
            level: "error",
            metadata: issue.metadata,
            url: `${base}/api/0/projects/${organization}/${issue.project}/events/${event.id}/`,
            datetime: micro(at),
            environment,
            tags: Object.entries({ ...tags, environment }),
          },
        },
      };
    },
    answerNext: ({ status, headers = {}, times = 1 }) => {
      for (let n = 0; n < times; n += 1) answers.push({ status, headers });
    },
    allow: (to) => {
      scopes = to;
    },
  };

  function setStatus(issue: Kept, status: Status, at: string): void {
    const changed = issue.status !== status;
    issue.status = status;
    issue.substatus = status === "ignored" ? "archived_until_escalating" : "ongoing";
    if (changed) issue.activity.push({ id: String(nextId()), type: `set_${status}`, dateCreated: at });
  }
}

/** As Sentry writes the times of an issue. */
const micro = (at: string): string => (at === "" ? "" : new Date(at).toISOString().replace("Z", "000Z"));

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}
