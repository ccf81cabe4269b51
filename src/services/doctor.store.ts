import pg from "pg";
import { migrationNames } from "../store/migrate.ts";
import type { DatabaseProbe } from "./doctor-ports.ts";

/** Asks the database of `url` without changing it; a connection for each question. */
export function databaseProbe(url: string): DatabaseProbe {
  return {
    version: () =>
      ask(url, async (client) => {
        const { rows } = await client.query<{ version: string }>(
          "select current_setting('server_version_num') as version",
        );
        return Math.floor(Number(rows[0]?.version) / 10_000);
      }),
    migrations: () =>
      ask(url, async (client) => {
        const { rows } = await client.query<{ here: boolean }>("select to_regclass('migrations') is not null as here");
        const applied = rows[0]?.here ? (await client.query<{ name: string }>("select name from migrations")).rows : [];
        const names = applied.map((row) => row.name);
        const known = migrationNames();
        return {
          missing: known.filter((name) => !names.includes(name)),
          ahead: names.filter((name) => !known.includes(name)),
        };
      }),
  };
}

async function ask<T>(url: string, question: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "nightdesk doctor",
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
  });
  await client.connect();
  try {
    return await question(client);
  } finally {
    await client.end();
  }
}
