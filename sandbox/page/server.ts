import {
  createServer,
  type IncomingMessage,
  request as openRequest,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { bundlePage } from "./bundle.ts";
import { type DrillPanel, drillRoutes } from "./drills.ts";

export interface PageOptions {
  /** 0 or absent: any free port. */
  port?: number;
  /** Where the emulated workspace listens, e.g. http://127.0.0.1:4010. */
  workspaceUrl: string;
  drills?: DrillPanel;
}

const index = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Nightdesk sandbox</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/look.css">
</head>
<body><div id="page"></div><script type="module" src="/page.js"></script></body>
</html>
`;

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#1f2a44"/>
<path d="M20.5 21.5A8.5 8.5 0 0 1 12.6 8a8.5 8.5 0 1 0 11.1 11.2 8.4 8.4 0 0 1-3.2 2.3z" fill="#ffd479"/></svg>`;

// A message may carry any image address; the sandbox reaches nothing beyond this machine.
const policy = [
  "default-src 'self'",
  "img-src 'self' data: blob: http://127.0.0.1:* http://localhost:*",
  "style-src 'self' 'unsafe-inline'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * The sandbox's page on loopback: the client, and everything under /_twin/ passed on to the workspace, so that the
 * browser knows one origin. Other sites open in the same browser are refused (Host and Origin are checked).
 */
export async function startPage(options: PageOptions): Promise<{ url: string; close(): Promise<void> }> {
  const bundle = await bundlePage();
  const drills = drillRoutes(options.drills);
  const assets = new Map<string, { type: string; body: string | Uint8Array }>([
    ["/", { type: "text/html; charset=utf-8", body: index }],
    ["/page.js", { type: "text/javascript; charset=utf-8", body: bundle.script }],
    ["/look.css", { type: "text/css; charset=utf-8", body: bundle.style }],
    ["/icon.svg", { type: "image/svg+xml", body: icon }],
  ]);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    if (!ownOrigin(request)) return refuse(response, 403, "This page answers only to itself.");
    if (path.startsWith("/_twin/")) return passOn(request, response, options.workspaceUrl);
    if (path === "/_page/drills" && request.method === "GET") return drills.list(response);
    if (path === "/_page/drills/play" && request.method === "POST") return drills.play(request, response);
    const asset = assets.get(path);
    if (asset === undefined || request.method !== "GET") return refuse(response, 404, "Not here.");
    response.writeHead(200, {
      "content-type": asset.type,
      "content-security-policy": policy,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    response.end(asset.body);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      if (response.headersSent) response.destroy();
      else refuse(response, 502, reason);
    });
  });
  await listen(server, options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => closeServer(server) };
}

function ownOrigin(request: IncomingMessage): boolean {
  const host = request.headers.host ?? "";
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host)) return false;
  const origin = request.headers.origin;
  return origin === undefined || origin === `http://${host}`;
}

function passOn(request: IncomingMessage, response: ServerResponse, workspaceUrl: string): void {
  const target = new URL(request.url ?? "/", workspaceUrl);
  const { origin: _origin, ...headers } = request.headers;
  const onward = openRequest(
    target,
    { method: request.method, headers: { ...headers, host: target.host } },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      // An event stream says nothing for minutes; the browser must still see that it is open.
      response.flushHeaders();
      answer.pipe(response);
      answer.on("error", () => response.destroy());
    },
  );
  onward.on("error", () => {
    if (response.headersSent) response.destroy();
    else refuse(response, 502, "The workspace does not answer.");
  });
  response.on("close", () => onward.destroy());
  request.pipe(onward);
}

function refuse(response: ServerResponse, status: number, error: string): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ ok: false, error }));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve());
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
