import { sql } from "kysely";
import type { Instant } from "../base/clock.ts";
import type { Db } from "../store/store.ts";

/**
 * Lanes keep all processes together within Slack's rates. A lane is a name and the machine time from which it is free.
 * Nobody ever waits in one: whoever finds it taken comes back.
 */
export const channelLane = (channelId: string): string => `channel:${channelId}`;
export const methodLane = (method: string): string => `method:${method}`;
/** All of Slack: taken while it is out. */
export const SLACK_LANE = "slack";

/** Slack takes about one message a second in a channel. */
export const CHANNEL_EVERY_MS = 1_000;

const LONGEST_OUTAGE_STEP_MS = 15_000;

/** The latest time at which one of the lanes becomes free; null when all are. */
export async function lanesTakenUntil(db: Db, names: readonly string[], machineNow: Instant): Promise<Instant | null> {
  const row = await db
    .selectFrom("slack_lanes")
    .select((select) => select.fn.max("free_at").as("free_at"))
    .where("name", "in", names)
    .where("free_at", ">", machineNow)
    .executeTakeFirst();
  return row?.free_at ?? null;
}

/** Takes the lane for `forMs`, unless it is taken: then says until when. One statement decides for all processes. */
export async function takeLane(
  db: Db,
  lane: { name: string; forMs: number },
  machineNow: Instant,
): Promise<{ taken: true } | { taken: false; until: Instant }> {
  const freeAt = machineNow.add({ milliseconds: lane.forMs });
  const mine = await db
    .insertInto("slack_lanes")
    .values({ name: lane.name, free_at: freeAt })
    .onConflict((conflict) =>
      conflict.column("name").doUpdateSet({ free_at: freeAt }).where("slack_lanes.free_at", "<=", machineNow),
    )
    .returning("name")
    .executeTakeFirst();
  if (mine !== undefined) return { taken: true };
  return { taken: false, until: (await lanesTakenUntil(db, [lane.name], machineNow)) ?? freeAt };
}

/** Closes a lane until `until`, or longer when it already is. */
export async function holdLane(db: Db, name: string, until: Instant): Promise<void> {
  await db
    .insertInto("slack_lanes")
    .values({ name, free_at: until })
    .onConflict((conflict) =>
      conflict.column("name").doUpdateSet({ free_at: sql`greatest(slack_lanes.free_at, excluded.free_at)` }),
    )
    .execute();
}

/** Slack gave no usable answer: everyone stays away, longer each time in a row (1 s to 15 s). Returns until when. */
export async function slackFailed(db: Db, machineNow: Instant): Promise<Instant> {
  const step = sql<number>`least(500 * power(2, slack_lanes.failures + 1), ${LONGEST_OUTAGE_STEP_MS})`;
  const first = machineNow.add({ milliseconds: 500 });
  const row = await db
    .insertInto("slack_lanes")
    .values({ name: SLACK_LANE, free_at: first, failures: 1 })
    .onConflict((conflict) =>
      conflict.column("name").doUpdateSet({
        free_at: sql`${machineNow}::timestamptz + ${step} * interval '1 millisecond'`,
        // Calls that were under way together fail together: they count once.
        failures: sql`case when slack_lanes.free_at <= ${machineNow}::timestamptz then least(slack_lanes.failures + 1, 20) else slack_lanes.failures end`,
      }),
    )
    .returning("free_at")
    .executeTakeFirstOrThrow();
  return row.free_at;
}

/** Slack answered: the next failure is the first again. */
export async function slackAnswered(db: Db): Promise<void> {
  await db
    .updateTable("slack_lanes")
    .set({ failures: 0 })
    .where("name", "=", SLACK_LANE)
    .where("failures", ">", 0)
    .execute();
}
