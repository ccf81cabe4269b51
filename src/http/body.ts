import type { IncomingMessage } from "node:http";

/** More than `mostBytes`: nothing of it is kept. `broken`: the sender went away in the middle. */
export type Body =
  | { readonly kind: "read"; readonly bytes: Buffer }
  | { readonly kind: "too_large" }
  | { readonly kind: "broken" };

/** The raw body, at most `mostBytes`. A declared length over it is refused before anything is read. */
export async function readBody(request: IncomingMessage, mostBytes: number): Promise<Body> {
  if (Number(request.headers["content-length"] ?? 0) > mostBytes) return { kind: "too_large" };
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      length += bytes.byteLength;
      if (length > mostBytes) return { kind: "too_large" };
      chunks.push(bytes);
    }
  } catch {
    return { kind: "broken" };
  }
  return { kind: "read", bytes: Buffer.concat(chunks, length) };
}
