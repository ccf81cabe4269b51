import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { MOST_BODY_BYTES, type Receiver } from "../intake/receive.ts";
import { readBody } from "./body.ts";
import { type Response, text } from "./respond.ts";

export type Receive = Receiver["receive"];

/** `/hooks/<source>[/…]`: the raw body goes to the intake as it came. */
export async function receiveHook(
  receive: Receive,
  { request, url, method }: { request: IncomingMessage; url: URL; method: string },
): Promise<Response> {
  const body = await readBody(request, MOST_BODY_BYTES);
  if (body.kind === "too_large") return { ...text(413, "at most 1 MiB\n"), ...CLOSING };
  if (body.kind === "broken") return { ...text(400, "the body ended too early\n"), ...CLOSING };
  const [, name = "", rest = ""] = /^\/hooks\/([^/]+)(\/.*)?$/.exec(url.pathname) ?? [];
  return receive(decoded(name), {
    method,
    path: rest,
    query: Object.fromEntries(url.searchParams),
    headers: flat(request.headers),
    body: body.bytes,
    sender: senderOf(request),
  });
}

const CLOSING = { headers: { "content-type": "text/plain; charset=utf-8", connection: "close" } };

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function flat(headers: IncomingHttpHeaders): Record<string, string> {
  const single: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) single[name] = typeof value === "string" ? value : value.join(", ");
  }
  return single;
}

/** The address of the connection; behind a proxy also what the proxy says (anybody can write that header). */
function senderOf(request: IncomingMessage): string {
  const address = request.socket.remoteAddress ?? "unknown";
  const forwarded = request.headers["x-forwarded-for"];
  return forwarded === undefined ? address : `${address} for ${String(forwarded)}`;
}
