import { type Shot, steady } from "./load.ts";
import { progress, report } from "./report.ts";
import { eventShot } from "./shots.ts";
import { type BenchStage, benchStage } from "./stage.ts";

const DELIVERIES = 10_000;
const STORM_MS = 60_000;
const ISSUES = 12;
/** When, in the storm, something else happens that is told in another channel. */
const OTHER_AFTER_MS = 15_000;
const SETTLES_WITHIN_MS = 30_000;

const LIMITS = {
  slack_calls_first_minute: 12,
  threads: 1,
  count_settle_ms: 5_000,
  other_channel_first_message_ms: 2_000,
};

/**
 * `storm`: one cause, told 10,000 times in a minute, over signed webhooks. What Slack gets of it, how long after the last
 * alert the header says the whole count, and how long an alert of another channel has to wait meanwhile.
 */
export async function storm(): Promise<void> {
  const stage = await benchStage();
  try {
    progress(`storm: ${DELIVERIES} deliveries of one cause in ${STORM_MS / 1_000} s`);
    stage.workspace.mark();
    const firstMinute = later(STORM_MS, () => stage.workspace.counters());
    const other = later(OTHER_AFTER_MS, () => otherMessage(stage));
    const shots = stormShots(stage);
    const hits = await steady(stage.url, {
      perSecond: (DELIVERIES * 1_000) / STORM_MS,
      forMs: STORM_MS,
      next: shots,
    });
    const endedAt = performance.now();
    for (const [status, count] of hits.statuses) {
      if (status !== 202) throw new Error(`${count} answers were ${status}`);
    }
    const settleMs = await settled(stage, endedAt);
    const counters = await firstMinute;
    progress(`storm: calls of the first minute: ${JSON.stringify(counters.calls)}`);
    tell("slack_calls_first_minute", counters.total, "count");
    tell("threads", stage.workspace.messages(channelOf(stage, 0)).length, "count");
    tell("count_settle_ms", settleMs, "ms");
    tell("other_channel_first_message_ms", await other, "ms");
  } finally {
    await stage.close();
  }
}

function tell(metric: keyof typeof LIMITS, value: number, unit: "count" | "ms"): void {
  report({ bench: "storm", metric, value, unit, limit: { name: "most", value: LIMITS[metric] } });
}

/** The header of the one thread says all of them. */
async function settled(stage: BenchStage, endedAt: number): Promise<number> {
  const wanted = `${DELIVERIES.toLocaleString("en-GB")} alerts`;
  const says = () => {
    const [header] = stage.workspace.messages(channelOf(stage, 0));
    return header === undefined ? "" : stage.workspace.plain(header);
  };
  const found = await stage.workspace.until(() => says().includes(wanted), SETTLES_WITHIN_MS);
  if (found === null) throw new Error(`the header never said "${wanted}": ${says().slice(0, 400)}`);
  return Math.max(0, performance.now() - endedAt);
}

/** Milliseconds from an alert of another channel to its first message there. */
async function otherMessage(stage: BenchStage): Promise<number> {
  const sentAt = performance.now();
  const hits = await steady(stage.url, {
    perSecond: 1,
    forMs: 1_000,
    next: () => eventShot(stage, { service: channelOf(stage, 1), issue: "9", type: "KeyError", value: "region" }),
  });
  if (hits.statuses.get(202) !== 1) throw new Error("the other alert was not taken");
  const seen = () => stage.workspace.messages(channelOf(stage, 1)).length > 0;
  if ((await stage.workspace.until(seen, SETTLES_WITHIN_MS)) === null)
    throw new Error("the other alert was never seen");
  return performance.now() - sentAt;
}

/** One error in one service, as Sentry tells it: every event of its own, in words that Sentry groups as a few issues. */
function stormShots(stage: BenchStage): () => Shot {
  let n = 0;
  return () => {
    n += 1;
    return eventShot(stage, {
      service: channelOf(stage, 0),
      issue: String(4_000 + (n % ISSUES)),
      type: "MappingException",
      value: `Cannot map permitKind of record ${1_000_000 + n}`,
    });
  };
}

function later<T>(ms: number, act: () => T | Promise<T>): Promise<T> {
  const started = new Promise<void>((resolve) => setTimeout(resolve, ms));
  const acted = started.then(act);
  // Awaited at the end: what fails before must not end the process.
  acted.catch(() => {});
  return acted;
}

function channelOf(stage: BenchStage, n: number): string {
  const channel = stage.channels[n];
  if (channel === undefined) throw new Error(`the stage has no channel ${n}`);
  return channel;
}
