import { createServer } from "node:http";
import { performance } from "node:perf_hooks";

/** A target that speaks the job contract and answers at once, for measuring Nightdesk and not the target. */
export interface JobTarget {
  readonly url: string;
  readonly token: string;
  /** `performance.now()` at which the abort of an execution arrived, by the name of its job. */
  readonly abortedAt: ReadonlyMap<string, number>;
  /** Looks at jobs that match are answered after so long. */
  slow(job: RegExp, byMs: number): void;
  /** From now on the next abort of a job counts. */
  forgetAborts(): void;
  close(): Promise<void>;
}

interface Execution {
  readonly id: string;
  readonly job: string;
  readonly key: string;
  readonly startedAt: string;
  state: "running" | "aborted";
}

type Answer = { readonly status: number; readonly json: unknown };

export async function jobTarget(environment: string): Promise<JobTarget> {
  const executions = new Map<string, Execution>();
  const abortedAt = new Map<string, number>();
  let slowness: { job: RegExp; byMs: number } | null = null;

  const routes: readonly [RegExp, (path: RegExpExecArray, key: string) => Answer | Promise<Answer>][] = [
    [/^GET \/identity$/, () => ok({ environment, service: "bench", version: "1" })],
    [/^GET \/jobs\/([^/]+)$/, ([, job = ""]) => ok(describe(job))],
    [/^POST \/jobs\/([^/]+)\/executions$/, ([, job = ""], key) => start(job, key)],
    [/^GET \/executions$/, (_, key) => ok({ executions: [...executions.values()].filter((one) => one.key === key) })],
    [/^GET \/executions\/([^/]+)$/, ([, id = ""]) => look(id)],
    [/^POST \/executions\/([^/]+)\/abort$/, ([, id = ""]) => abort(id)],
  ];

  const describe = (job: string) => {
    const active = [...executions.values()].find((one) => one.job === job && one.state === "running");
    return {
      job,
      state: active === undefined ? "idle" : "running",
      execution: active?.id ?? null,
      can: { abort: "hard" },
    };
  };
  const start = (job: string, key: string): Answer => {
    const known = [...executions.values()].find((one) => one.key === key);
    if (known !== undefined) return ok(shown(known));
    const made: Execution = {
      id: `ex-${executions.size + 1}`,
      job,
      key,
      startedAt: new Date().toISOString(),
      state: "running",
    };
    executions.set(made.id, made);
    return { status: 201, json: shown(made) };
  };
  const look = async (id: string): Promise<Answer> => {
    const found = executions.get(id);
    if (found === undefined) return { status: 404, json: { error: { code: "not_found", message: id } } };
    if (slowness?.job.test(found.job)) await new Promise((done) => setTimeout(done, slowness?.byMs ?? 0));
    return ok(shown(found));
  };
  const abort = (id: string): Answer => {
    const found = executions.get(id);
    if (found === undefined) return { status: 404, json: { error: { code: "not_found", message: id } } };
    if (!abortedAt.has(found.job)) abortedAt.set(found.job, performance.now());
    found.state = "aborted";
    return { status: 202, json: {} };
  };

  const server = createServer((request, response) => {
    request.resume();
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const line = `${request.method} ${url.pathname}`;
    const given = request.headers["idempotency-key"];
    const key = url.searchParams.get("key") ?? (Array.isArray(given) ? given[0] : given) ?? "";
    void (async () => {
      for (const [pattern, answer] of routes) {
        const path = pattern.exec(line);
        if (path !== null) return answer(path, key);
      }
      return { status: 404, json: { error: { code: "not_found", message: line } } };
    })().then(({ status, json }) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no address");
  return {
    url: `http://127.0.0.1:${address.port}`,
    token: "bench",
    abortedAt,
    slow: (job, byMs) => {
      slowness = { job, byMs };
    },
    forgetAborts: () => abortedAt.clear(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const ok = (json: unknown): Answer => ({ status: 200, json });

const shown = (one: Execution) => ({
  ...one,
  kind: "run",
  stopping: false,
  version: "1",
  endedAt: one.state === "running" ? null : new Date().toISOString(),
  progress: null,
  attempt: null,
  error: null,
  evidence: `it is ${one.state}`,
  log: { lines: [], cursor: "0", url: null },
});
