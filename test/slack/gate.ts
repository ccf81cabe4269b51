import { createServer, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";

/** What can be wrong with Slack, for a Slack that is always well. */
export interface Trouble {
  /** The next call of that method is refused as one too many. */
  limitOnce(method: string, retryAfterS: number): void;
  outage(on: boolean): void;
  /** The next message is posted, and its answer is lost. */
  dropAfterSend(): void;
}

/** A door before somebody's Web API that answers as Slack does in trouble, and else passes everything on. */
export async function startGate(apiUrl: string): Promise<Trouble & { readonly apiUrl: string }> {
  const limits = new Map<string, number>();
  let out = false;
  let drops = 0;

  async function pass(
    method: string,
    request: AsyncIterable<Buffer>,
    response: ServerResponse,
    type: string,
    token: string,
  ) {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const retryAfterS = limits.get(method);
    if (retryAfterS !== undefined) {
      limits.delete(method);
      response.writeHead(429, { "retry-after": String(retryAfterS), "content-type": "application/json" });
      return response.end('{"ok":false,"error":"ratelimited"}');
    }
    if (out) return response.writeHead(503).end();
    const headers = { "content-type": type, authorization: token };
    const answer = await fetch(apiUrl + method, { method: "POST", headers, body: Buffer.concat(chunks) });
    const body = Buffer.from(await answer.arrayBuffer());
    if (drops > 0 && method === "chat.postMessage") {
      drops -= 1;
      return response.destroy();
    }
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "application/json" });
    return response.end(body);
  }

  const server = createServer((request, response) => {
    const method = (request.url ?? "").replace(/^\/api\//, "");
    const { "content-type": type = "", authorization = "" } = request.headers;
    pass(method, request, response, type, authorization).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return {
    apiUrl: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/api/`,
    limitOnce: (method, retryAfterS) => limits.set(method, retryAfterS),
    outage: (on) => {
      out = on;
    },
    dropAfterSend: () => {
      drops += 1;
    },
  };
}
