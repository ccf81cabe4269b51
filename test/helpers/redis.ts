import { spawnSync } from "node:child_process";
import { watchLeftovers } from "../../sandbox/leftovers.ts";
import { startRedis as startOwnRedis } from "../../sandbox/redis.ts";

/** Whether a real Redis can be started here; under CI it must be. */
export const redisIsHere = spawnSync("redis-server", ["--version"]).status === 0;

export interface TestRedis {
  readonly url: string;
  close(): Promise<void>;
}

/** A redis-server of its own on a free loopback port, with the settings that operators are told to use. */
export async function startRedis(): Promise<TestRedis> {
  const leftovers = watchLeftovers();
  const redis = await startOwnRedis(leftovers);
  return {
    url: redis.url,
    close: async () => {
      await redis.stop();
      await leftovers.close();
    },
  };
}
