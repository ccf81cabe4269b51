import type { IncomingMessage } from "node:http";

/** More than `mostBytes`: nothing of it is kept. `broken`: the sender went away in the middle. */
export type Body =
  | { readonly kind: "read"; readonly bytes: Buffer }
  | { readonly kind: "too_large" }
  | { readonly kind: "broken" };

/** The raw body, at most `mostBytes`. A declared length over it is refused before anything is read. */
export function readBody(request: IncomingMessage, mostBytes: number): Promise<Body> {
  if (Number(request.headers["content-length"] ?? 0) > mostBytes) return Promise.resolve({ kind: "too_large" });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (bytes: Buffer) => {
      length += bytes.byteLength;
      if (length > mostBytes) {
        request.pause();
        resolve({ kind: "too_large" });
      } else chunks.push(bytes);
    });
    request.once("end", () => {
      const [first] = chunks;
      resolve({
        kind: "read",
        bytes: chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, length),
      });
    });
    request.once("error", () => resolve({ kind: "broken" }));
    request.once("close", () => resolve({ kind: "broken" }));
  });
}
