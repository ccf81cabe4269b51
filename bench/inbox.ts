import type { Hits, Shot } from "./load.ts";
import type { BenchStage } from "./stage.ts";

/** What the benches of the inbox share. */

/** Each look counts what waits: looking all the time would be a load of its own. */
const LOOK_EVERY_MS = 100;

/** Starts the worker on a full inbox and measures from the first delivery done to the last. */
export async function drain(stage: BenchStage): Promise<number> {
  const waiting = await gauge(stage, PENDING);
  await stage.processes.start("worker");
  let begunAt = performance.now();
  let left = waiting;
  while (left > 0) {
    left = await gauge(stage, PENDING);
    if (left === waiting) begunAt = performance.now();
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return (waiting * 1_000) / (performance.now() - begunAt);
}

export function shots(make: (n: number) => Shot): () => Shot {
  let n = 0;
  return () => {
    n += 1;
    return make(n);
  };
}

export function allAnswered(hits: Hits, wanted: number): void {
  for (const [status, count] of hits.statuses) {
    if (status !== wanted) throw new Error(`${count} answers were ${status}`);
  }
}

export const perSecond = (hits: Hits): number => (hits.latenciesMs.length * 1_000) / hits.tookMs;

const SETTLED_WITHIN_MS = 180_000;
const PENDING = "nightdesk_inbox_pending";

export async function drained(stage: BenchStage): Promise<void> {
  while ((await gauge(stage, PENDING)) > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}

/** What the round before left to be told in Slack is told: at one message a second and channel. */
export async function settled(stage: BenchStage): Promise<void> {
  const startedAt = performance.now();
  while (!(await stage.api.settled()).settled) {
    if (performance.now() - startedAt > SETTLED_WITHIN_MS) throw new Error("the round before was never settled");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

export async function gauge(stage: BenchStage, name: string): Promise<number> {
  const text = await (await fetch(`${stage.url}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`${name} `) || one.startsWith(`${name}{`));
  if (line === undefined) throw new Error(`/metrics has no ${name}`);
  return Number(line.split(" ").at(-1));
}
