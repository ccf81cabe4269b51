import type { Settled } from "./judge.ts";

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
  /** The body as JSON, or undefined. */
  readonly json: unknown;
}

/** Nightdesk's HTTP API as a drill uses it. Nothing answers while its web process is down. */
export interface Api {
  get(path: string): Promise<ApiAnswer>;
  /** What is still to be done, and when (epoch ms of drill time) something next falls due. */
  settled(): Promise<Settled & { readonly nextDueAt: number | null }>;
}

export function openApi(base: string, token: string): Api {
  const get = async (path: string): Promise<ApiAnswer> => {
    const response = await fetch(base + path, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    return { status: response.status, text, json: jsonOf(text) };
  };
  return {
    get,
    settled: async () => {
      const { status, json } = await get("/api/settled").catch(() => ({ status: 0, json: undefined }));
      if (status !== 200 || typeof json !== "object" || json === null || !("settled" in json)) {
        const said = status === 0 ? "does not answer" : `answers ${status}`;
        return { settled: false, waiting: [`Nightdesk ${said}`], nextDueAt: null };
      }
      const waiting = "waiting" in json && Array.isArray(json.waiting) ? json.waiting.map(String) : [];
      const due = "nextDueAt" in json && typeof json.nextDueAt === "string" ? Date.parse(json.nextDueAt) : Number.NaN;
      return { settled: json.settled === true, waiting, nextDueAt: Number.isNaN(due) ? null : due };
    },
  };
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
