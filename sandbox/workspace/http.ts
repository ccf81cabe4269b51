import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createApi } from "./api/answer.ts";
import type { Json } from "./contract.ts";
import type { Control } from "./control.ts";
import { isJson, parsed, text } from "./json.ts";
import { answerThroughUrl } from "./outbound/respond.ts";
import type { Twin } from "./twin.ts";

const MAX_BODY_BYTES = 20 * 1024 * 1024;

/** The workspace's one port: Web API, response URLs, uploads, files, and the control API. */
export function createHttp(twin: Twin, control: Control): Server {
  const api = createApi(twin);
  const { state } = twin;

  async function webApi(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const sent = fields(request, await bodyOf(request));
    const args = { ...Object.fromEntries(url.searchParams), ...sent };
    const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    const token = bearer ?? (text(args["token"]) || undefined);
    const answer = await api({ method: url.pathname.slice("/api/".length), token, args });
    if (answer === "cut") return void request.socket.destroy();
    send(response, answer.status, { body: answer.body, headers: answer.headers });
  }

  async function responseUrl(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const body = fields(request, await bodyOf(request));
    if (state.switches.outage) return send(response, 503, { body: "Service Unavailable" });
    const payload = parsed(text(body["payload"]));
    const answer = answerThroughUrl(twin, url.pathname.split("/").pop() ?? "", isJson(payload) ? payload : body);
    const cut = answer.status === 200 && state.switches.dropAfterSend > 0;
    if (cut) state.switches.dropAfterSend -= 1;
    if (state.switches.slowMs > 0) await sleep(state.switches.slowMs);
    if (cut) return void request.socket.destroy();
    send(response, answer.status, { body: answer.body });
  }

  async function upload(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (state.switches.outage) return send(response, 503, { body: "Service Unavailable" });
    const token = url.pathname.split("/").pop();
    const file = [...state.files.values()].find((one) => one.uploadToken !== null && one.uploadToken === token);
    const bytes = await uploadedBytes(request, await bodyOf(request));
    if (file === undefined) return send(response, 404, { body: "no such upload" });
    Object.assign(file, { bytes, size: bytes.byteLength, uploadToken: null });
    send(response, 200, { body: `OK - ${bytes.byteLength}` });
  }

  function privateFile(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const file = state.files.get(url.pathname.split("/")[2] ?? "");
    const allowed =
      request.headers.authorization === `Bearer ${state.options.botToken}` && state.scopes.has("files:read");
    if (!allowed) {
      send(response, 302, { body: "", headers: { location: `${state.url}/?redir=files` } });
      return;
    }
    if (file === undefined || !file.complete) {
      send(response, 404, { body: "file_not_found" });
      return;
    }
    response.writeHead(200, { "content-type": file.mimetype, "content-length": file.bytes.byteLength }).end(file.bytes);
  }

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", state.url);
    if (url.pathname.startsWith("/api/")) return webApi(request, response, url);
    if (url.pathname.startsWith("/response/")) return responseUrl(request, response, url);
    if (url.pathname.startsWith("/upload/v1/")) return upload(request, response, url);
    if (url.pathname.startsWith("/files-pri/")) return privateFile(request, response, url);
    if (url.pathname.startsWith("/_twin/")) return control({ request, response, url, readBody: () => bodyOf(request) });
    send(response, 404, { body: "Not found. The Web API is under /api/, the control API under /_twin/." });
  }

  const server = createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      // A mistake in the twin must be seen by whoever runs it, not look like one of Slack's refusals.
      console.error("The emulated workspace failed:", error);
      if (!response.headersSent) send(response, 500, { body: "internal_error" });
      else response.destroy();
    });
  });
  server.on("upgrade", (request, socket, head) => {
    if (request.url?.startsWith("/link/")) twin.socket.upgrade(request, socket, head);
    else socket.destroy();
  });
  return server;
}

/** Answers with JSON, or with text for a string. */
export function send(
  response: ServerResponse,
  status: number,
  answer: { body: unknown; headers?: Record<string, string> },
): void {
  const isText = typeof answer.body === "string";
  const body = isText ? String(answer.body) : JSON.stringify(answer.body);
  const type = isText ? "text/plain; charset=utf-8" : "application/json; charset=utf-8";
  response.writeHead(status, { "content-type": type, ...answer.headers }).end(body);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.byteLength;
    if (size > MAX_BODY_BYTES) throw new Error("The request body is larger than 20 MiB.");
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function fields(request: IncomingMessage, body: Buffer): Json {
  const source = body.toString("utf8");
  if (request.headers["content-type"]?.startsWith("application/json")) {
    const value = parsed(source);
    return isJson(value) ? value : {};
  }
  return Object.fromEntries(new URLSearchParams(source));
}

async function uploadedBytes(request: IncomingMessage, body: Buffer): Promise<Buffer> {
  const type = request.headers["content-type"] ?? "";
  if (!type.startsWith("multipart/form-data")) return body;
  const form = await new Response(new Uint8Array(body), { headers: { "content-type": type } }).formData();
  for (const value of form.values()) if (typeof value !== "string") return Buffer.from(await value.arrayBuffer());
  return Buffer.alloc(0);
}
