import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { createAuthorise } from "../../src/guard/authorise.ts";
import { testDatabase } from "../helpers/database.ts";
import { ASHA, catalogueOf, DEV } from "./fixture.ts";

async function authorising() {
  const { store } = await testDatabase();
  const clock = manualClock("2021-03-16T14:42:00Z");
  const authorise = createAuthorise({ store, clock, catalogue: catalogueOf(), groupMembers: async () => [] });
  const audits = () => store.db.selectFrom("audit").selectAll().orderBy("id").execute();
  return { store, authorise, audits };
}

const ACT = { action: "abort", audit: "run.abort", job: "person-sync", environment: "prod" } as const;

test("a refusal is in the audit before it is thrown", async () => {
  const { authorise, audits } = await authorising();
  await expect(authorise.need({ actor: DEV, surface: "slash" }, ACT)).rejects.toMatchObject({
    kind: "denied",
    code: "no_grant",
    message: "Dev Patel may not abort person-sync in prod.",
    wayOut: "Ask Asha Rao or anyone in leads, who may.",
  });
  expect(await audits()).toMatchObject([
    {
      action: "run.abort",
      outcome: "denied",
      actor: "slack:U_DEV",
      actor_key: "dev",
      job: "person-sync",
      environment: "prod",
      reason: "Dev Patel may not abort person-sync in prod",
    },
  ]);
});

test("a yes is recorded in the transaction that does what was allowed, and undone with it", async () => {
  const { store, authorise, audits } = await authorising();
  const allowed = await authorise.need({ actor: ASHA, surface: "button" }, ACT);
  await expect(
    store.tx(async (tx) => {
      await allowed.record(tx);
      throw new Error("the act failed");
    }),
  ).rejects.toThrow("the act failed");
  expect(await audits()).toEqual([]);
  await store.tx((tx) => allowed.record(tx, { details: { number: 3 } }));
  expect(await audits()).toMatchObject([
    {
      outcome: "allowed",
      surface: "button",
      details: { number: 3 },
      reason: "role stopper: abort, settle in every environment",
    },
  ]);
});

test("the audit cannot be changed", async () => {
  const { store, authorise } = await authorising();
  await expect(authorise.need({ actor: DEV, surface: "slash" }, ACT)).rejects.toThrow();
  await expect(store.db.updateTable("audit").set({ outcome: "allowed" }).execute()).rejects.toThrow("append-only");
});
