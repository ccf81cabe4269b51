import { onTestFinished } from "vitest";
import { startEstate } from "../../../sandbox/estate/index.ts";

const AT = Date.parse("2023-12-11T14:45:00Z");

export interface Said {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

/** A target of the estate over real HTTP, in a time that only the test moves. */
export async function openTarget(kind: string, options: Record<string, unknown> = {}, at = AT) {
  let now = at;
  const posts: string[] = [];
  const target = await startEstate(
    kind,
    { token: "token-of-the-test", ...options },
    {
      name: "target",
      now: () => now,
      post: async ({ channel, text }) => void posts.push(`#${channel} ${text}`),
      people: [],
    },
  );
  onTestFinished(() => target.close());
  const call = async (
    method: string,
    path: string,
    more: { body?: unknown; headers?: Record<string, string> } = {},
  ) => {
    const response = await fetch(target.url + path, {
      method,
      headers: { authorization: `Bearer ${target.token}`, ...more.headers },
      ...(more.body === undefined ? {} : { body: JSON.stringify(more.body) }),
    });
    return said(response);
  };
  return {
    target,
    posts,
    call,
    now: () => now,
    /** The answer of an AWS service: `request` is `Service.Action`; the signature only looks like one. */
    aws: async (request: string, body: unknown, headers: Record<string, string> = {}) => {
      const [service = ""] = request.split(/[_.]/);
      const scope = { AmazonEC2ContainerServiceV20141113: "ecs", AWSEvents: "events", Logs: "logs", AmazonSQS: "sqs" };
      const name = Object.entries(scope).find(([key]) => key === service)?.[1] ?? "sts";
      const response = await fetch(target.url, {
        method: "POST",
        headers: {
          "content-type": `application/x-amz-json-${name === "sqs" ? "1.0" : "1.1"}`,
          "x-amz-date": "20231211T144500Z",
          "x-amz-target": request,
          authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20231211/eu-west-2/${name}/aws4_request, SignedHeaders=host;x-amz-date, Signature=${"0".repeat(64)}`,
          ...headers,
        },
        body: JSON.stringify(body),
      });
      return said(response);
    },
    advance: async (ms: number) => {
      const end = now + ms;
      for (let due = target.nextDueAt(); due !== null && due <= end; due = target.nextDueAt()) {
        now = Math.max(now, due);
        await target.tick();
      }
      now = end;
    },
    /** Moves time at once, as when nobody looked. */
    jump: (ms: number) => {
      now += ms;
    },
  };
}

async function said(response: Response): Promise<Said> {
  const text = await response.text();
  const body: unknown = /^[[{]/.test(text) ? JSON.parse(text) : text;
  return { status: response.status, body, headers: response.headers };
}

export const seconds = (n: number) => n * 1_000;
export const minutes = (n: number) => n * 60_000;
export const hours = (n: number) => n * 3_600_000;
