import { sql } from "kysely";
import pg from "pg";
import { expect, test } from "vitest";
import { testDatabase } from "../helpers/database.ts";

test("a connection that breaks between two statements of a transaction fails the transaction, not the process", async () => {
  const { store, url } = await testDatabase();
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  const failing = store.tx(async (tx) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
    await other.query("select pg_terminate_backend($1, 5000)", [rows[0]?.pid]);
    // The bad news arrives while nobody waits for an answer.
    await new Promise((done) => setTimeout(done, 50));
    await sql`select 1`.execute(tx);
  });
  await expect(failing).rejects.toThrow();
  await other.end();
  expect((await sql<{ one: number }>`select 1 as one`.execute(store.db)).rows).toEqual([{ one: 1 }]);
});
