import { messageOf } from "./errors.ts";

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** A longer answer is a failure, and no more than this is read of it. */
  readonly mostBytes?: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/**
 * Why no answer came. `sent` is false only when the request certainly never reached the other side (name not resolved,
 * connection refused): everything else may have had its effect.
 */
export class HttpFailure extends Error {
  override readonly name = "HttpFailure";
  readonly sent: boolean;
  readonly timedOut: boolean;

  constructor(message: string, parts: { sent: boolean; timedOut: boolean; cause: unknown }) {
    super(message, { cause: parts.cause });
    this.sent = parts.sent;
    this.timedOut = parts.timedOut;
  }
}

export type Http = (request: HttpRequest) => Promise<HttpResponse>;

/** Bodies over this are cut: a target's answer is read for a few fields, not stored. */
const MAX_BODY_CHARS = 5_000_000;

/**
 * One request, one answer of any status. Redirects are not followed: a target must not be able to send our
 * credentials elsewhere. Throws `HttpFailure` when no answer came within `timeoutMs`.
 */
export const http: Http = async (request) => {
  try {
    const response = await fetch(request.url, {
      method: request.method,
      redirect: "manual",
      signal: AbortSignal.timeout(request.timeoutMs),
      ...(request.headers === undefined ? {} : { headers: request.headers }),
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    const body =
      request.mostBytes === undefined ? await response.text() : await readAtMost(response, request.mostBytes);
    return { status: response.status, headers: response.headers, body: body.slice(0, MAX_BODY_CHARS) };
  } catch (error) {
    const timedOut = error instanceof Error && error.name === "TimeoutError";
    const code = causeCode(error);
    const where = `${request.method} ${new URL(request.url).origin}`;
    const what = timedOut ? `no answer within ${request.timeoutMs} ms` : (code ?? messageOf(error));
    throw new HttpFailure(`${where}: ${what}`, { sent: !NEVER_SENT.has(code ?? ""), timedOut, cause: error });
  }
};

async function readAtMost(response: Response, mostBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    // Leaving the loop closes the connection.
    if (bytes > mostBytes) throw new Error(`the answer is longer than ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const NEVER_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

function causeCode(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  if (typeof cause !== "object" || cause === null) return undefined;
  if ("code" in cause && typeof cause.code === "string") return cause.code;
  if (cause instanceof AggregateError) return cause.errors.map(causeCodeOf).find((code) => code !== undefined);
  return undefined;
}

function causeCodeOf(error: unknown): string | undefined {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}
