import type { Api } from "./api.ts";
import type { Subject } from "./expectations.ts";
import { buttonsOf, field, threadOf } from "./find.ts";
import type { Line } from "./judge.ts";
import type { Stage } from "./stage.ts";

/** What the lines of one `expect` are about, as it is now; each address of the API is asked once. */
export async function readSubjects(stage: Stage, lines: readonly Line<Subject>[]): Promise<unknown[]> {
  const asked = new Map<string, ReturnType<Api["get"]>>();
  const get = (path: string) => {
    const found = asked.get(path) ?? stage.api.get(path);
    asked.set(path, found);
    return found;
  };
  return Promise.all(lines.map((line) => readOne(stage, line, get)));
}

async function readOne(stage: Stage, line: Line<Subject>, get: Api["get"]): Promise<unknown> {
  const { subject } = line;
  switch (subject.kind) {
    case "incidents":
    case "runs":
    case "refused":
      return counted(line.expected, await listAt(get, subject.kind));
    case "audit":
      return listAt(get, "audit");
    case "incident":
    case "run":
      return objectAt(get, `/api/${subject.kind}s/${subject.number}`);
    case "items":
      return readItems(subject, get);
    case "timeline":
      return field(await objectAt(get, `/api/incidents/${subject.number}/timeline`), "timeline");
    case "monitor": {
      const found = await listAt(get, "monitors");
      return found?.find((one) => field(one, "name") === subject.name);
    }
    case "thread":
      return thread(stage, subject);
    case "channel":
      return channel(stage, subject.name);
    case "reply":
      return stage.workspace.lastSeen(subject.name)?.text;
    case "estate":
      return stage.targets[subject.name]?.counts();
    case "slackApi": {
      const { calls, total, ...rest } = stage.workspace.counters();
      const named = Object.keys(typeof line.expected === "object" ? (line.expected ?? {}) : {});
      // A method that was never called is not in the counters: that is zero calls.
      return { ...Object.fromEntries(named.map((name) => [name, 0])), ...calls, ...rest, calls: total };
    }
    case "postmortem":
      return postmortem(line, await get(`/api/incidents/${subject.number}/postmortem?format=${subject.format}`));
  }
}

/** The ids of a fan-out's items, those in that state; undefined when there is no such run. */
export async function readItems(
  { number, state }: Pick<Extract<Subject, { kind: "items" }>, "number" | "state">,
  get: Api["get"],
): Promise<unknown> {
  const narrow = state === null ? "" : `&state=${state}`;
  const found = field(await objectAt(get, `/api/runs/${number}/items?limit=5000${narrow}`), "items");
  if (!Array.isArray(found)) return undefined;
  const wanted = found.filter((item) => state === null || field(item, "state") === state);
  return { ...(state === null ? {} : { state }), ids: wanted.map((item) => field(item, "id")) };
}

/** A number or comparison is about how many there are; a list is about the entries. */
function counted(expected: unknown, list: unknown[] | undefined): unknown {
  return typeof expected === "object" ? list : list?.length;
}

async function listAt(get: Api["get"], name: string): Promise<unknown[] | undefined> {
  const found = field(await objectAt(get, `/api/${name}?limit=5000`), name);
  return Array.isArray(found) ? found : undefined;
}

/** The JSON object at that address; undefined when there is none. Throws when the API does not let us ask. */
async function objectAt(get: Api["get"], path: string): Promise<unknown> {
  const { status, json, text } = await get(path);
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`GET ${path} answers ${status}: ${text.slice(0, 200)}`);
  return json;
}

async function thread(stage: Stage, what: { of: "incident" | "run"; number: number }): Promise<unknown> {
  const found = await threadOf(what, stage);
  if (found === null) return undefined;
  const messages = stage.workspace.thread(found.channel, found.ts);
  return {
    messages: messages.length,
    text: messages.map((message) => stage.workspace.plain(message)),
    buttons: messages.flatMap(buttonsOf),
  };
}

/** `threads` are the messages of Nightdesk itself in the channel: each heads one. */
function channel(stage: Stage, name: string): unknown {
  const roots = stage.workspace.messages(name);
  return {
    threads: roots.filter((root) => root.bot_id === stage.workspace.botId).length,
    messages: roots.length,
    text: roots.map((root) => stage.workspace.plain(root)),
  };
}

/** `sections` are the document's headings; each of `contains`, and none of `lacks`, is looked for in the whole text. */
function postmortem(line: Line<Subject>, answer: { status: number; text: string }): unknown {
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw new Error(`the postmortem answers ${answer.status}: ${answer.text.slice(0, 200)}`);
  const wanted = field(line.expected, "contains");
  return {
    format: "markdown",
    sections: [...answer.text.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)].map((match) => match[1] ?? ""),
    contains: Array.isArray(wanted) ? wanted.map(() => answer.text) : [],
    lacks: [answer.text],
  };
}
