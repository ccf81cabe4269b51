import type { ServerResponse } from "node:http";

export interface Response {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export function json(status: number, value: unknown): Response {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8" },
    body: `${JSON.stringify(value)}\n`,
  };
}

export function text(status: number, body: string, mediaType = "text/plain; charset=utf-8"): Response {
  return { status, headers: { "content-type": mediaType }, body };
}

/** What went wrong, in the one form that the API has for it. */
export function problem(status: number, parts: { code: string; message: string; wayOut?: string }): Response {
  return json(status, { error: parts });
}

/** Sends it, once. A HEAD gets the headers only. */
export function send(response: ServerResponse, answer: Response, method: string): void {
  if (response.headersSent) return;
  response.writeHead(answer.status, {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...answer.headers,
    "content-length": String(Buffer.byteLength(answer.body)),
  });
  // A text goes out with the headers, in one piece.
  response.end(method === "HEAD" ? undefined : answer.body);
}
