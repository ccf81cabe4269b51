import { expect, test } from "vitest";
import { redisIsHere } from "../helpers/redis.ts";
import { deliver, jobMessage, postKeys } from "./desk.ts";
import { testDesk } from "./support.ts";

const ALERTS = 30;

test.skipIf(!redisIsHere && process.env["CI"] !== "true")(
  "a queue that loses everything in the middle loses no alert, no run and no answer",
  { timeout: 60_000 },
  async () => {
    const desk = await testDesk({ redis: true });
    const run = desk.workspace.slash({ user: "asha", channel: "ops", text: "/sync run person-record-status preprod" });
    for (let index = 0; index < ALERTS; index++) {
      const said = { job: "person-sync", environment: "prod", status: "failed", rid: `night-${index}`, error: "no" };
      expect(await deliver(desk.url, jobMessage(desk.env, said))).toBe(202);
      if (index % 5 === 0) await desk.redis?.flush();
    }
    expect(await run).toMatchObject({ ok: true });
    await desk.wait("the end of the run", async () => (await desk.list("runs"))[0]?.["state"] === "succeeded", 30_000);
    await desk.settle();

    expect(await desk.list("incidents")).toMatchObject([{ signals: ALERTS }]);
    expect(desk.targets["tis-sync-preprod"]?.counts()).toMatchObject({ apiStarts: 1 });
    expect(desk.workspace.ephemerals("asha")).toHaveLength(1);
    expect(postKeys(desk).sort()).toEqual(["incident:1:header", "run:1:card"]);
  },
);
