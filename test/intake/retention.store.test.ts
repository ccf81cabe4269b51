import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { createReceiver } from "../../src/intake/receive.ts";
import { forgetBodies } from "../../src/intake/retention.store.ts";
import { HOOK_SOURCES } from "../../src/intake/sources/index.ts";
import { testDatabase } from "../helpers/database.ts";
import { estate, pingRequest } from "../helpers/hear.ts";

test("raw bodies and strangers go after the retention time; what waits and what is younger stays", async () => {
  const { store } = await testDatabase();
  const clock = manualClock("2024-01-08T02:00:00Z");
  const receiver = createReceiver({ store, catalogue: estate(), sources: HOOK_SOURCES, clock, log: silentLogger });
  const ping = (rid: string) =>
    receiver.receive("ping", {
      ...pingRequest("/job-secret/person-sync/prod/fail", { rid }),
      body: Buffer.from("why"),
    });
  await ping("old");
  await store.db.updateTable("inbox").set({ state: "done" }).execute();
  await ping("old but waiting");
  expect((await receiver.receive("ping", pingRequest("/wrong/person-sync/prod", {}))).status).toBe(401);
  clock.advance({ hours: 24 * 91 });
  await ping("young");
  expect(await forgetBodies(store.db, clock.now().subtract({ hours: 24 * 90 }))).toBe(1);
  expect(await forgetBodies(store.db, clock.now().subtract({ hours: 24 * 90 }))).toBe(0);
  const rows = await store.db.selectFrom("inbox").select(["body", "state"]).orderBy("id").execute();
  expect(rows).toEqual([
    { body: "", state: "done" },
    { body: "why", state: "pending" },
    { body: "why", state: "pending" },
  ]);
  expect(await store.db.selectFrom("unauthenticated").selectAll().execute()).toEqual([]);
});
