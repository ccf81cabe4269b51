import { createServer, type IncomingHttpHeaders } from "node:http";

/** A request as it came, to be sent again as it stands. */
export interface Recorded {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface Balancer {
  readonly url: string;
  /** Everything that was passed on, in order. */
  readonly recorded: readonly Recorded[];
  close(): Promise<void>;
}

/** Passes each request on to the next of the processes in turn, as a load balancer before replicas does. */
export async function startBalancer(processes: readonly string[]): Promise<Balancer> {
  const recorded: Recorded[] = [];
  const server = createServer((request, response) => {
    const pass = async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
      const one = {
        path: request.url ?? "/",
        headers: kept(request.headers),
        body: Buffer.concat(chunks).toString("utf8"),
      };
      const next = processes[recorded.length % processes.length] ?? "";
      recorded.push(one);
      const answer = await fetch(next + one.path, { method: "POST", headers: one.headers, body: one.body });
      const type = answer.headers.get("content-type");
      response.writeHead(answer.status, type === null ? {} : { "content-type": type });
      response.end(Buffer.from(await answer.arrayBuffer()));
    };
    pass().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    recorded,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** All but what belongs to the connection itself. */
function kept(headers: IncomingHttpHeaders): Record<string, string> {
  const own = ["host", "connection", "content-length", "transfer-encoding", "expect"];
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === "string" && !own.includes(name) ? [[name, value]] : [],
    ),
  );
}
