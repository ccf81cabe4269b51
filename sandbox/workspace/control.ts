import type { IncomingMessage, ServerResponse } from "node:http";
import type { Actor, Acts, Change, Json, Reader, Switchboard } from "./contract.ts";
import { send } from "./http.ts";
import { isJson, parsed, text } from "./json.ts";
import type { State } from "./state.ts";

/** Answers one request of the control API (see README.md). */
export type Control = (exchange: {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  readBody: () => Promise<Buffer>;
}) => Promise<void>;

type Operations = Actor & Reader & Switchboard & { connectApp(url: string): void };

const KEEP_OPEN_MS = 15_000;

export function createControl(state: State, operations: Operations): Control {
  return async ({ request, response, url, readBody }) => {
    const origin = request.headers.origin;
    if (!isLocal(`http://${request.headers.host ?? ""}`) || (origin !== undefined && !isLocal(origin))) {
      return send(response, 403, { body: { error: "The control API is for this machine only." } });
    }
    if (origin !== undefined) response.setHeader("access-control-allow-origin", origin);
    response.setHeader("access-control-allow-headers", "content-type, last-event-id");
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    const path = url.pathname.slice("/_twin/".length);
    try {
      if (path === "stream") return stream(state, { request, response, url });
      if (path === "file") return file(state, response, url);
      const body = request.method === "POST" ? parsed((await readBody()).toString("utf8") || "{}") : {};
      if (!isJson(body)) return send(response, 400, { body: { error: "The body must be a JSON object." } });
      const answer =
        request.method === "POST" ? await change(operations, path, body) : read(operations, path, url.searchParams);
      if (answer === null)
        return send(response, 404, { body: { error: `Nothing at ${request.method} /_twin/${path}.` } });
      send(response, 200, { body: answer.value });
    } catch (error) {
      send(response, 400, { body: { error: error instanceof Error ? error.message : String(error) } });
    }
  };
}

function read(from: Reader, path: string, query: URLSearchParams): { value: unknown } | null {
  const user = query.get("user") ?? "";
  const channel = query.get("channel") ?? "";
  switch (path) {
    case "workspace":
      return { value: from.workspace() };
    case "messages":
      return { value: from.messages(channel) };
    case "thread":
      return { value: from.thread(channel, query.get("ts") ?? "") };
    case "ephemerals": {
      const wanted =
        from.workspace().channels.find(({ name, id }) => name === channel || id === channel)?.id ?? channel;
      return { value: from.ephemerals(user).filter((one) => channel === "" || one.channel === wanted) };
    }
    case "modal":
      return { value: from.modal(user) };
    case "home":
      return { value: from.home(user) };
    case "seen":
      return { value: from.lastSeen(user) };
    case "files":
      return { value: from.files() };
    case "counters":
      return { value: from.counters() };
    case "changes":
      return { value: from.changes(Number(query.get("after") ?? 0)) };
    default:
      return null;
  }
}

const ACTS = {
  slash: ["user", "channel", "text"],
  say: ["user", "channel", "text"],
  edit: ["user", "channel", "ts", "text"],
  delete: ["user", "channel", "ts"],
  react: ["user", "channel", "ts", "emoji"],
  upload: ["user", "channel", "name", "text"],
  pin: ["user", "channel", "ts"],
  press: ["user", "button"],
  submit: ["user"],
  closeModal: ["user"],
  shortcut: ["user", "name"],
  postAs: ["bot", "channel", "text"],
  invite: ["user", "channel", "who"],
  archive: ["user", "channel"],
  openHome: ["user"],
} satisfies Record<keyof Actor, readonly string[]>;

async function change(operations: Operations, path: string, body: Json): Promise<{ value: unknown } | null> {
  if (path === "mark") {
    operations.mark();
    return { value: operations.counters() };
  }
  if (path === "connect") {
    operations.connectApp(text(body["url"]));
    return { value: { ok: true } };
  }
  const [family, name = ""] = path.split("/");
  if (family === "switch") return turn(operations, name, body);
  if (family !== "act" || !isAct(name)) return null;
  return { value: await act(operations, name, body) };
}

/** Any act by its name. */
type Run = { [Name in keyof Acts]: (given: Acts[Name]) => Promise<unknown> };

function act<Name extends keyof Acts>(run: Run, name: Name, body: Json): Promise<unknown> {
  if (!fits(name, body)) {
    const also = name === "press" ? ", on ({ channel, ts }, { ephemeral } or { modal })" : "";
    const values = name === "submit" ? ", values (an object of strings)" : "";
    throw new Error(`${name} needs ${ACTS[name].join(", ")}${also}${values}.`);
  }
  return run[name](body);
}

function fits<Name extends keyof Acts>(name: Name, body: unknown): body is Acts[Name] {
  if (!isJson(body) || ACTS[name].some((key) => typeof body[key] !== "string")) return false;
  if (name === "press") return isJson(body["on"]);
  if (name !== "submit") return true;
  return isJson(body["values"]) && Object.values(body["values"]).every((value) => typeof value === "string");
}

function turn(operations: Operations, name: string, body: Json): { value: unknown } | null {
  const on = body["on"];
  if (name === "outage") operations.outage(typeof on === "number" ? on : on === true);
  else if (name === "slow") operations.slow(Number(body["ms"] ?? 0));
  else if (name === "dropAfterSend") operations.dropAfterSend(Number(body["n"] ?? 1));
  else if (name === "eventsDown") operations.eventsDown(on === true);
  else if (name === "limit") {
    const times = body["times"];
    const limit = { method: text(body["method"]), retryAfter: Number(body["retryAfter"] ?? 1) };
    operations.limit(typeof times === "number" ? { ...limit, times } : limit);
  } else return null;
  return { value: operations.switches() };
}

function stream(state: State, exchange: { request: IncomingMessage; response: ServerResponse; url: URL }): void {
  const { request, response, url } = exchange;
  const after = request.headers["last-event-id"] ?? url.searchParams.get("after") ?? state.changes.length;
  const write = (change: Change): void => {
    response.write(`id: ${change.seq}\nevent: change\ndata: ${JSON.stringify(change)}\n\n`);
  };
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(": the changes of the workspace\n\n");
  for (const change of state.changes.slice(Number(after))) write(change);
  state.listeners.add(write);
  const alive = setInterval(() => response.write(": still here\n\n"), KEEP_OPEN_MS);
  alive.unref();
  response.on("close", () => {
    clearInterval(alive);
    state.listeners.delete(write);
  });
}

function file(state: State, response: ServerResponse, url: URL): void {
  const found = state.files.get(url.searchParams.get("id") ?? "");
  if (found === undefined || !found.complete) {
    send(response, 404, { body: { error: "No such file." } });
    return;
  }
  const headers = {
    "content-type": found.mimetype,
    "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(found.name)}`,
  };
  response.writeHead(200, headers).end(found.bytes);
}

function isAct(name: string): name is keyof Actor {
  return Object.hasOwn(ACTS, name);
}

function isLocal(address: string): boolean {
  if (!URL.canParse(address)) return false;
  return ["127.0.0.1", "localhost", "[::1]"].includes(new URL(address).hostname);
}
