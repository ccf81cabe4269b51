import type { z } from "zod";
import type { HttpResponse } from "../../../base/http.ts";
import { ConnectorError, type Intent } from "../contract.ts";
import { createExchange } from "../http/exchange.ts";
import { executionsAnswer, identityAnswer, jobAnswer, readAs, type SnapshotAnswer, snapshotAnswer } from "./answers.ts";
import type { JobContractSettings } from "./settings.ts";

export type Calls = ReturnType<typeof createCalls>;

/** The calls of the job contract, each told for whom. Errors are the exchange's, and `unavailable` for nonsense. */
export function createCalls(settings: JobContractSettings, parts: Parameters<typeof createExchange>[1]) {
  const { url, timeoutMs, token } = settings;
  const exchange = createExchange({ url, timeoutMs, headers: { authorization: `Bearer ${token}` } }, parts);

  const read = async <Shape extends z.ZodType>(path: string, schema: Shape, who: string): Promise<z.output<Shape>> => {
    const answer = readAs(schema, await exchange.read(path, by(who)));
    if (answer === null) throw senseless(path);
    return answer;
  };
  const senseless = (path: string) =>
    new ConnectorError("unavailable", `${parts.target} answered ${path} with something that is not the job contract`);

  return {
    exchange,
    identity: (who: string) => read("/identity", identityAnswer, who),
    job: (name: string, who: string) => read(jobPath(name), jobAnswer, who),
    executionsOf: (key: string, who: string) =>
      read(`/executions?key=${encodeURIComponent(key)}`, executionsAnswer, who),
    /** Null where there is none yet, or never any. */
    latestSnapshot: async (name: string, who: string): Promise<SnapshotAnswer | null> =>
      read(`${jobPath(name)}/snapshots/latest`, snapshotAnswer, who).catch((error: unknown) => {
        if (error instanceof ConnectorError && ["not_found", "invalid"].includes(error.kind)) return null;
        throw error;
      }),
    read,
    get: (path: string, who: string): Promise<HttpResponse> => exchange.read(path, by(who)),
    post: (path: string, intent: Intent, more: { body?: Record<string, unknown>; key?: string } = {}) => {
      const { key: person, name, email } = intent.requestedBy;
      const body = { ...more.body, requestedBy: { key: person, name, email: email ?? null } };
      const headers = { ...by(person), ...(more.key === undefined ? {} : { "idempotency-key": more.key }) };
      return exchange.act("POST", path, JSON.stringify(body), headers);
    },
    /** Throws unless it was done. `effect`: whether the call may have had one all the same. */
    need: (answer: HttpResponse, effect: "none" | "possible"): HttpResponse => {
      if (answer.status < 200 || answer.status > 299) throw exchange.errorOf(answer, effect);
      return answer;
    },
  };
}

/** For the target's audit. */
const by = (person: string): Record<string, string> => ({
  "x-nightdesk-requested-by": encodeURIComponent(person),
});

export const jobPath = (name: string): string => `/jobs/${encodeURIComponent(name)}`;
export const executionPath = (id: string): string => `/executions/${encodeURIComponent(id)}`;
