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
  /** Besides the content type, or instead of the usual one. Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The connection is cut instead: whoever asked learns nothing. */
  readonly cut?: true;
}

/** What a server of the estate is to whoever opened it. */
export interface Listening {
  readonly url: string;
  /** Nobody listens any more, calls are refused, until `comeBack`. */
  goAway(): Promise<void>;
  /** Listens again at the same address. */
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 2_000_000;

/** A small server on 127.0.0.1 and a free port. What `answer` throws is a 500, as it would be in the original. */
export async function listen(answer: (asked: Asked) => Answered | Promise<Answered>): Promise<Listening> {
  const server = createServer((request, response) => {
    void read(request)
      .then((body) => answer(asked(request, body)))
      .catch((error: unknown) => ({ status: 500, json: { error: error instanceof Error ? error.message : "?" } }))
      .then((answered) => write(response, answered));
  });
  const open = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
  const shut = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await open(0);
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    goAway: async () => {
      if (server.listening) await shut();
    },
    comeBack: async () => {
      if (!server.listening) await open(port);
    },
    close: shut,
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

function write(response: ServerResponse, { status, json, text, headers, cut }: Answered): void {
  if (cut === true) response.destroy();
  else if (json !== undefined) {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(json));
  } else if (text !== undefined) {
    response.writeHead(status, { "content-type": "text/plain;charset=UTF-8", ...headers }).end(text);
  } else response.writeHead(status, { "content-length": "0", ...headers }).end();
}
