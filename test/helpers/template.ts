import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import pg from "pg";
import { migrate } from "../../src/store/migrate.ts";

/** `postgres://…/anything` -> the same server, database `name`. */
export function databaseUrl(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.toString();
}

/** Work on the server's maintenance database. */
export async function administer(server: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl(server, "postgres") });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/** Creates and migrates the template for exactly these migrations, unless it is there already. Returns its name. */
export async function prepareTemplate(server: string): Promise<string> {
  const name = `template_${migrationsHash()}`;
  await administer(server, async (client) => {
    // All test runs of this server share it; the lock goes with the connection.
    await client.query("select pg_advisory_lock(6174002)");
    const found = await client.query("select 1 from pg_database where datname = $1", [name]);
    if (found.rowCount === 1) return;
    await client.query(`create database "${name}_new"`);
    await migrate(databaseUrl(server, `${name}_new`));
    await client.query(`alter database "${name}_new" rename to "${name}"`);
  });
  return name;
}

function migrationsHash(): string {
  const folder = new URL("../../src/store/migrations/", import.meta.url);
  const hash = createHash("sha256");
  for (const file of readdirSync(folder).sort()) hash.update(file).update(readFileSync(new URL(file, folder)));
  return hash.digest("hex").slice(0, 12);
}
