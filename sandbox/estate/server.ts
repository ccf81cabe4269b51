import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** `json` or `text`, never both; neither is an empty body. */
export interface Answered {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
}

const MAX_BODY_BYTES = 1_000_000;

/** A small server on 127.0.0.1 and a free port. What `answer` throws is a 500, as it would be in the original. */
export async function listen(answer: (asked: Asked) => Answered | Promise<Answered>) {
  const server = createServer((request, response) => {
    void read(request)
      .then((body) => answer(asked(request, body)))
      .catch((error: unknown) => ({ status: 500, json: { error: error instanceof Error ? error.message : "?" } }))
      .then((answered) => write(response, answered));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function asked(request: IncomingMessage, body: string): Asked {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  return {
    method: request.method ?? "GET",
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers: request.headers,
    body,
  };
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const piece = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    bytes += piece.length;
    if (bytes > MAX_BODY_BYTES) throw new Error("the body is too long");
    chunks.push(piece);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function write(response: ServerResponse, answered: Answered): void {
  if (answered.json !== undefined) {
    response.writeHead(answered.status, { "content-type": "application/json" }).end(JSON.stringify(answered.json));
  } else if (answered.text !== undefined) {
    response.writeHead(answered.status, { "content-type": "text/plain;charset=UTF-8" }).end(answered.text);
  } else response.writeHead(answered.status, { "content-length": "0" }).end();
}
