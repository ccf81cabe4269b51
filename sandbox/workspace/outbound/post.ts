import { createHmac } from "node:crypto";
import { request } from "node:http";

/** What became of a request to the app. */
export interface Answered {
  /** Null when there was no answer. */
  status: number | null;
  body: string;
  headers: Record<string, string | string[] | undefined>;
  /** In Slack's words (`x-slack-retry-reason`). */
  failure: "http_timeout" | "connection_failed" | "http_error" | null;
  /** Machine time until the answer, or until it was given up. */
  ackedMs: number;
}

export interface Outgoing {
  url: string;
  secret: string;
  contentType: string;
  body: string;
  timeoutMs: number;
  headers?: Record<string, string>;
}

/** Slack's request signature, v0: the HMAC-SHA256 of version, timestamp and raw body. */
export function sign(secret: string, timestamp: string, body: string): string {
  return `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
}

/** Sends one signed request to the app. Never rejects. */
export function postSigned(outgoing: Outgoing): Promise<Answered> {
  const startedAt = performance.now();
  const timestamp = String(Math.floor(Date.now() / 1000));
  const body = Buffer.from(outgoing.body, "utf8");
  return new Promise((resolve) => {
    const settle = (answer: Omit<Answered, "ackedMs">): void => {
      clearTimeout(timer);
      resolve({ ...answer, ackedMs: performance.now() - startedAt });
    };
    const lost = (failure: Answered["failure"]): void => settle({ status: null, body: "", headers: {}, failure });
    // A connection each: a kept one that the app closes meanwhile would look like an app that is down.
    const call = request(outgoing.url, {
      method: "POST",
      agent: false,
      headers: {
        "content-type": outgoing.contentType,
        "content-length": body.byteLength,
        "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": sign(outgoing.secret, timestamp, outgoing.body),
        ...outgoing.headers,
      },
    });
    const timer = setTimeout(() => {
      lost("http_timeout");
      call.destroy();
    }, outgoing.timeoutMs);
    call.on("error", () => lost("connection_failed"));
    call.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", () => lost("connection_failed"));
      response.on("end", () => {
        const status = response.statusCode ?? 0;
        settle({
          status,
          body: Buffer.concat(chunks).toString("utf8"),
          headers: response.headers,
          failure: status >= 200 && status < 300 ? null : "http_error",
        });
      });
    });
    call.end(body);
  });
}
