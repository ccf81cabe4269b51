import { createServer } from "node:http";
import { type Stage, setStage } from "../sandbox/drill/stage.ts";
import { startPostgres } from "../sandbox/postgres.ts";

/** Ten channels and ten services, each service routed to its channel: what one does must not wait for another. */
const CHANNELS = Array.from({ length: 10 }, (_, n) => `desk-${n}`);
const people = { asha: { name: "Asha Rao" } };

const catalogue = {
  version: 1,
  environments: { prod: { look: "red" } },
  people,
  roles: { all: { members: ["asha"], allow: [{ actions: ["*"] }] } },
  services: Object.fromEntries(CHANNELS.map((channel) => [channel, {}])),
  sources: {
    alerts: {
      kind: "generic",
      secret: `\${env.BENCH_SECRET}`,
      auth: "hmac-sha256",
      map: {
        signal: "=firing",
        title: "title",
        service: "service",
        environment: "=prod",
        cause: "cause",
        id: "id",
        at: "at",
      },
    },
    sentry: { kind: "sentry", secret: `\${env.BENCH_SECRET}` },
  },
  targets: { nothing: { connector: "noop" } },
  jobs: Object.fromEntries(
    CHANNELS.map((channel) => [
      `job-${channel}`,
      { environments: { prod: { target: "nothing", service: channel } }, maxAttempts: 1 },
    ]),
  ),
  // What a bench calls a cause is one: its alerts are alike in all but that.
  folding: [{ name: "by-cause", key: ["service", "environment", "cause"], window: "4h", relate: false }],
  routes: [...CHANNELS.map((channel) => ({ match: { services: [channel] }, channel })), { channel: "desk-0" }],
  fallback: "desk-0",
};

export interface BenchStage extends Stage {
  readonly channels: readonly string[];
  readonly secret: string;
  /** A command by the API, as Asha. Throws unless it was answered. */
  command(text: string): Promise<{ readonly answer: string; readonly data: unknown }>;
}

/** What a bench adds to the usual stage. */
export interface BenchOptions {
  readonly targets?: Readonly<Record<string, unknown>>;
  readonly jobs?: Readonly<Record<string, unknown>>;
  /** BullMQ on Redis instead of Postgres. */
  readonly redis?: boolean;
  /** Worker processes. */
  readonly replicas?: number;
}

/** A whole Nightdesk (web and worker) on a real Postgres with fsync on, beside an emulated Slack with its rate limits. */
export async function benchStage(more: BenchOptions = {}): Promise<BenchStage> {
  const postgres = await startPostgres({ fsync: true });
  const stage = await setStage(
    {
      drill: "bench",
      file: import.meta.filename,
      catalogue: {
        ...catalogue,
        targets: { ...catalogue.targets, ...more.targets },
        jobs: { ...catalogue.jobs, ...more.jobs },
      },
      with: { redis: more.redis ?? false, replicas: more.replicas ?? 1 },
      people: { asha: {} },
      channels: CHANNELS.map((name) => ({ name })),
      estate: {},
      steps: [],
    },
    { postgres },
  );
  const secret = stage.names.env["BENCH_SECRET"];
  if (secret === undefined) throw new Error("the stage gave no secret to BENCH_SECRET");
  return {
    ...stage,
    channels: CHANNELS,
    secret,
    command: (text) => commandBy(stage, text),
    close: async () => {
      await stage.close();
      await postgres.close();
    },
  };
}

async function commandBy(stage: Stage, text: string): Promise<{ answer: string; data: unknown }> {
  const response = await fetch(`${stage.url}/api/command`, {
    method: "POST",
    headers: { authorization: `Bearer ${stage.env["NIGHTDESK_API_TOKEN"]}`, "content-type": "application/json" },
    body: JSON.stringify({ text, as: "asha" }),
    signal: AbortSignal.timeout(30_000),
  });
  const said: unknown = await response.json();
  if (response.status !== 200 || typeof said !== "object" || said === null || !("answer" in said)) {
    throw new Error(`"${text}" is answered ${response.status}: ${JSON.stringify(said).slice(0, 300)}`);
  }
  return { answer: JSON.stringify(said.answer), data: "data" in said ? said.data : null };
}

/** A server that does nothing but answer: what this machine and this generator reach at best. */
export async function bareServer(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume();
    request.once("end", () => {
      response.writeHead(202, { "content-length": "0" });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no address");
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
