import { Kysely, PostgresDialect, type Transaction } from "kysely";
import pg from "pg";
import { Temporal } from "temporal-polyfill";
import type { DB } from "./database.ts";
import type { Ring } from "./outbox.ts";

/** Anything that can be asked: query functions take it first. */
export type Db = Kysely<DB>;

declare const inTransaction: unique symbol;
/** A transaction: functions that lock or write several rows demand it, so that they cannot be called outside one. */
export type Tx = Transaction<DB> & { readonly [inTransaction]: true };

export interface Store {
  readonly db: Db;
  /** Runs `work` in one transaction; what it put in the outbox is rung after the commit, never before. */
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Called with what each committed transaction put in the outbox. Ringing may fail: the sweep finds the rows again. */
  onCommitted(ring: (rings: readonly Ring[]) => void): void;
  close(): Promise<void>;
}

const CROSSED = ["40P01", "40001"];

/** Two transactions wanted the same things crosswise, and Postgres asked this one to come again: nothing of it was done. */
export function isCrossed(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && CROSSED.includes(error.code);
}

const TIMESTAMPTZ = 1184;
const INT8 = 20;

/** Opens a pool of at most `connections` to `url`. Nothing is connected before the first query. */
export function openStore(options: { url: string; connections?: number; application?: string }): Store {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.connections ?? 10,
    application_name: options.application ?? "nightdesk",
    types: { getTypeParser },
    options: "-c timezone=UTC",
    connectionTimeoutMillis: 5_000,
  });
  // An idle connection that breaks is replaced at the next query, and one that breaks between two statements fails the
  // next; without a listener either would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
  let listener: (rings: readonly Ring[]) => void = () => {};
  return {
    db,
    tx: async (work) => {
      const rings: Ring[] = [];
      const result = await db.transaction().execute((transaction) => {
        const tx = transaction as Tx;
        ringsOf.set(tx, rings);
        return work(tx);
      });
      if (rings.length > 0) listener(rings);
      return result;
    },
    onCommitted: (ring) => {
      listener = ring;
    },
    close: () => db.destroy(),
  };
}

const ringsOf = new WeakMap<Tx, Ring[]>();

/** Remembers to ring once `tx` has committed. */
export function ringAfterCommit(tx: Tx, ring: Ring): void {
  const rings = ringsOf.get(tx);
  if (rings === undefined) throw new Error("this transaction was not opened by store.tx");
  rings.push(ring);
}

// Instants are Temporal.Instant on both sides. pg asks an object it does not know for `toPostgres`.
Object.defineProperty(Temporal.Instant.prototype, "toPostgres", {
  configurable: true,
  value(this: Temporal.Instant) {
    return this.toString();
  },
});

function getTypeParser(oid: number, format?: "text" | "binary"): (value: string) => unknown {
  if (oid === TIMESTAMPTZ) return (text) => Temporal.Instant.from(text);
  // Row ids: they stay far below 2^53.
  if (oid === INT8) return Number;
  return format === "binary" ? pg.types.getTypeParser(oid, "binary") : pg.types.getTypeParser(oid, "text");
}

/** A value for a jsonb column. (pg would write a bare array as a Postgres array.) */
export function jsonb<T>(value: T): T {
  return JSON.stringify(value) as T;
}
