import { createHmac, randomUUID } from "node:crypto";
import type { Shot } from "./load.ts";
import type { BenchStage } from "./stage.ts";

/** Deliveries of the benches, signed as their senders sign them; every one a delivery of its own. */

let told = 0;

/** An alert of about 1 KB: its cause tells it again and again, each time at another moment (microseconds). */
export function alertShot(stage: BenchStage, about: { channel: number; cause: string }): Shot {
  const service = stage.channels[about.channel];
  told = (told + 1) % 1_000_000;
  const body = JSON.stringify({
    id: `${about.cause} in ${service}`,
    service,
    title: `${about.cause} in ${service}`,
    cause: about.cause,
    at: `${new Date(stage.now()).toISOString().slice(0, 19)}.${String(told).padStart(6, "0")}Z`,
    detail: "x".repeat(700),
  });
  const signature = createHmac("sha256", stage.secret).update(body).digest("hex");
  return { path: "/hooks/alerts", headers: { "content-type": "application/json", "x-signature": signature }, body };
}

/** An event of Sentry; `frames` of its stack make it 1 KB (0) or 7 KB (26). */
export function eventShot(
  stage: BenchStage,
  about: { service: string; issue: string; type: string; value: string; frames?: number },
): Shot {
  const { service, issue, type, value } = about;
  const frames = Array.from({ length: about.frames ?? 0 }, (_, n) => frame(n));
  const event = {
    event_id: randomUUID().replaceAll("-", ""),
    issue_id: issue,
    url: `https://sentry.example.org/api/0/projects/acme/${service}/events/1/`,
    title: `${type}: ${value}`,
    environment: "prod",
    level: "error",
    metadata: { type, value },
    datetime: new Date(stage.now()).toISOString(),
    ...(frames.length === 0
      ? { extra: { detail: "x".repeat(500) } }
      : { exception: { values: [{ type, value, stacktrace: { frames } }] } }),
  };
  const body = JSON.stringify({ action: "triggered", data: { triggered_rule: "every event", event } });
  const signature = createHmac("sha256", stage.secret).update(body).digest("hex");
  const headers = {
    "content-type": "application/json",
    "sentry-hook-resource": "event_alert",
    "sentry-hook-signature": signature,
  };
  return { path: "/hooks/sentry", headers, body };
}

function frame(n: number): object {
  return {
    filename: `Step${n}Service.java`,
    abs_path: `Step${n}Service.java`,
    module: `org.example.sync.step${n}.Step${n}Service`,
    function: `apply${(n * 7_919).toString(36)}`,
    lineno: 40 + n * 3,
    in_app: n % 3 === 0,
    context_line: `    return mapper.readValue(record.get("field${n}"), Step${n}.class);`,
  };
}
