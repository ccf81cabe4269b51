import { createServer } from "node:http";

/** A target of the job contract that takes ids and answers at once, for measuring Nightdesk and not the target. */
export interface ItemTarget {
  readonly url: string;
  readonly token: string;
  /** How many ids it has taken. */
  taken(): number;
  close(): Promise<void>;
}

export async function itemTarget(environment: string): Promise<ItemTarget> {
  let taken = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const json = answer(`${request.method} ${request.url ?? ""}`, Buffer.concat(chunks).toString("utf8"));
      response.writeHead(json === null ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(json ?? { error: { code: "not_found", message: "no such path" } }));
    });
  });
  const answer = (line: string, body: string): unknown => {
    if (/^GET \/identity$/.test(line)) return { environment, service: "bench", version: "1" };
    const job = /^GET \/jobs\/([^/?]+)$/.exec(line)?.[1];
    if (job !== undefined) return { job, state: "idle", execution: null, can: { items: 100 } };
    if (!/^POST \/jobs\/[^/]+\/items$/.test(line)) return null;
    const ids = idsIn(body);
    taken += ids.length;
    return { results: ids.map((id) => ({ id, state: "done" })) };
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no address");
  return {
    url: `http://127.0.0.1:${address.port}`,
    token: "bench",
    taken: () => taken,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function idsIn(body: string): string[] {
  const read: unknown = JSON.parse(body);
  if (typeof read !== "object" || read === null || !("ids" in read) || !Array.isArray(read.ids)) return [];
  return read.ids.filter((id) => typeof id === "string");
}
