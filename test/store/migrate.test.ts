import { sql } from "kysely";
import { expect, test } from "vitest";
import { nextNumber } from "../../src/store/counters.ts";
import { migrate } from "../../src/store/migrate.ts";
import { openStore } from "../../src/store/store.ts";
import { emptyDatabase, testDatabase } from "../helpers/database.ts";

test("two processes that start at once migrate once", async () => {
  const url = await emptyDatabase();
  const applied = await Promise.all([migrate(url), migrate(url)]);
  expect(applied.flat().filter((name) => name === "0001_record.sql")).toEqual(["0001_record.sql"]);
  expect(await migrate(url)).toEqual([]);
});

test("refuses a migration that was changed after it was applied, and one that it does not know", async () => {
  const { store, url } = await testDatabase();
  await sql`update migrations set sha256 = 'other' where name = '0001_record.sql'`.execute(store.db);
  await expect(migrate(url)).rejects.toThrow("0001_record.sql was changed after it was applied");
  await sql`insert into migrations values ('9999_future.sql', 'x', 'me')`.execute(store.db);
  await expect(migrate(url)).rejects.toThrow("9999_future.sql, which this Nightdesk does not know");
});

test("the record is append-only in the database itself", async () => {
  const { store } = await testDatabase();
  await sql`insert into audit (at, actor, actor_key, actor_name, action, outcome, reason, surface)
            values ('2024-01-08T02:00:00Z', 'system', 'nightdesk', 'Nightdesk', 'run.request', 'denied', 'no grant', 'api')`.execute(
    store.db,
  );
  await expect(sql`update audit set outcome = 'allowed'`.execute(store.db)).rejects.toThrow("append-only");
  await expect(sql`delete from audit`.execute(store.db)).rejects.toThrow("append-only");
});

test("numbers have no gap after a rollback", async () => {
  const url = await emptyDatabase();
  await migrate(url);
  const store = openStore({ url, connections: 3 });
  try {
    const failing = store.tx(async (tx) => {
      await nextNumber(tx, "incident");
      throw new Error("rolled back");
    });
    await expect(failing).rejects.toThrow("rolled back");
    const numbers = await Promise.all([1, 2, 3].map(() => store.tx((tx) => nextNumber(tx, "incident"))));
    expect(numbers.sort()).toEqual([1, 2, 3]);
  } finally {
    await store.close();
  }
});
