import { randomBytes } from "node:crypto";
import { inject, onTestFinished } from "vitest";
import { openStore, type Store } from "../../src/store/store.ts";
import { administer, databaseUrl } from "./template.ts";

/**
 * A database of its own for one test, cloned from the migrated template; closed and dropped when the test is over.
 * `emptyDatabase` gives one without tables.
 */
export async function testDatabase(options: { connections?: number } = {}): Promise<{ store: Store; url: string }> {
  const url = await createDatabase(inject("template"));
  const store = openStore({ url, connections: options.connections ?? 5, application: "test" });
  onTestFinished(() => store.close());
  return { store, url };
}

export async function emptyDatabase(): Promise<string> {
  return createDatabase("template0");
}

async function createDatabase(template: string): Promise<string> {
  const server = inject("postgresUrl");
  const name = `test_${randomBytes(6).toString("hex")}`;
  await administer(server, async (client) => {
    await client.query(`create database "${name}" template "${template}" strategy file_copy`);
  });
  // Registered first, so that it runs after the store has closed (last in, first out).
  onTestFinished(() =>
    administer(server, async (client) => {
      await client.query(`drop database if exists "${name}" with (force)`);
    }),
  );
  return databaseUrl(server, name);
}
