import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import pg from "pg";
import { ConfigError } from "../base/errors.ts";

const FOLDER = new URL("./migrations/", import.meta.url);
/** Any number that only Nightdesk's migrations take: two processes that start at once go one after the other. */
const LOCK = 6_174_001;

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly sha256: string;
}

/**
 * Applies the numbered files that the database has not seen, each in its own transaction with its ledger row first.
 * Throws `ConfigError` when a file that was applied has changed since, or when the database is newer than this code.
 * Returns the names applied now.
 */
export async function migrate(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, application_name: "nightdesk migrate" });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [LOCK]);
    await client.query(
      "create table if not exists migrations (name text primary key, sha256 text not null, applied_by text not null)",
    );
    const ledger = await client.query<{ name: string; sha256: string }>("select name, sha256 from migrations");
    const known = readMigrations();
    const problems = compare(known, ledger.rows);
    if (problems.length > 0) throw new ConfigError(problems);
    const applied = new Set(ledger.rows.map((row) => row.name));
    const missing = known.filter((migration) => !applied.has(migration.name));
    for (const migration of missing) await apply(client, migration);
    return missing.map((migration) => migration.name);
  } finally {
    await client.end();
  }
}

/** Names of the migrations that this code has, in order. */
export function migrationNames(): string[] {
  return readMigrations().map((migration) => migration.name);
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query("begin");
  try {
    await client.query("insert into migrations values ($1, $2, current_user)", [migration.name, migration.sha256]);
    await client.query(migration.sql);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw new Error(`migration ${migration.name} failed; nothing of it was kept`, { cause: error });
  }
}

function readMigrations(): Migration[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((name) => {
      const sql = readFileSync(new URL(name, FOLDER), "utf8");
      return { name, sql, sha256: createHash("sha256").update(sql).digest("hex") };
    });
}

function compare(known: readonly Migration[], applied: readonly { name: string; sha256: string }[]): string[] {
  return applied.flatMap((row) => {
    const file = known.find((migration) => migration.name === row.name);
    if (file === undefined) {
      return [`the database has migration ${row.name}, which this Nightdesk does not know: start the newer version`];
    }
    return file.sha256 === row.sha256
      ? []
      : [`migration ${row.name} was changed after it was applied: migrations are append-only, restore the file`];
  });
}
