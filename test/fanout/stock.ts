import { z } from "zod";
import {
  type Capabilities,
  type Connection,
  type Connector,
  ConnectorError,
  type DeadLetter,
  type IdPage,
  type ItemResult,
  NO_MORE,
} from "../../src/jobs/connectors/contract.ts";
import { listed } from "../../src/jobs/connectors/index.ts";

/** One call that the target got. */
export interface Call {
  readonly op: "resync" | "delete";
  readonly ids: readonly string[];
  readonly key: string;
}

/** A target that takes ids, with its two sides, as a test sets it. */
export interface Stock {
  readonly calls: Call[];
  readonly source: Set<string>;
  readonly target: Set<string>;
  readonly letters: DeadLetter[];
  readonly redriven: string[][];
  keptForMs: number | null;
  page: number;
  /** How many pages were asked for. */
  pages: number;
  /** What a call does instead of answering well. */
  before: (call: Call) => Promise<void> | void;
  answer: ((call: Call) => readonly ItemResult[]) | null;
  busy: boolean;
  /** What happens when a page of ids is asked for. */
  pageTrouble: () => void;
  lettersTrouble: () => void;
  redriveTrouble: () => void;
  /** Shows its ids in the wrong order. */
  reversed: boolean;
}

export const newStock = (): Stock => ({
  calls: [],
  source: new Set(),
  target: new Set(),
  letters: [],
  redriven: [],
  keptForMs: null,
  page: 2,
  pages: 0,
  before: () => {},
  answer: null,
  busy: false,
  pageTrouble: () => {},
  lettersTrouble: () => {},
  redriveTrouble: () => {},
  reversed: false,
});

const settings = z.looseObject({ connector: z.literal("stock") });
type Settings = z.output<typeof settings>;

const capabilities: Capabilities = {
  startKey: "native",
  abort: "none",
  abortProof: "none",
  evidence: "status",
  progress: false,
  ...NO_MORE,
  items: 1_000,
  compare: true,
  deadLetters: true,
};

/** A connector over such targets, by their name in the catalogue. */
export function stockConnector(stocks: Readonly<Record<string, Stock>>) {
  const connector: Connector<Settings> = {
    name: "stock",
    settings,
    connect: (_settings, { target }) => {
      const stock = stocks[target];
      if (stock === undefined) throw new Error(`no stock for ${target}`);
      return connection(target, stock);
    },
  };
  return listed(connector);
}

function connection(target: string, stock: Stock): Connection {
  const free = { phase: "not_running", evidence: `${target} is free` } as const;
  return {
    capabilities,
    plan: () => "nothing",
    preflight: async () =>
      stock.busy
        ? [{ check: "running", level: "block", text: `${target} is busy` }]
        : [{ check: "running", level: "info", text: `${target} is free` }],
    start: async () => {
      throw new ConnectorError("invalid", "a fan-out starts nothing");
    },
    locate: async () => ({ kind: "not_found" }),
    look: async () => free,
    observe: async () => free,
    abort: async () => "unsupported",
    items: async (_intent, call) => {
      stock.calls.push(call);
      await stock.before(call);
      return stock.answer?.(call) ?? call.ids.map((id) => carriedOut(stock, call.op, id));
    },
    ids: async (_intent, side, after) => pageOf(stock, side, after),
    deadLetters: async (limit) => {
      stock.lettersTrouble();
      const { letters, keptForMs } = stock;
      return { queue: `${target}-dlq`, count: letters.length, keptForMs, letters: letters.slice(0, limit) };
    },
    redrive: async (ids) => {
      stock.redriveTrouble();
      stock.redriven.push([...ids]);
      return ids.map((id) => {
        const at = stock.letters.findIndex((letter) => letter.id === id);
        if (at === -1) return { id, state: "missing" };
        stock.letters.splice(at, 1);
        return { id, state: "done" };
      });
    },
    ownPermission: async () => ({ kind: "yes", evidence: "asks nobody" }),
    personPermission: async () => ({ kind: "yes", evidence: "asks nobody" }),
  };
}

function carriedOut(stock: Stock, op: Call["op"], id: string): ItemResult {
  if (op === "delete") {
    if (stock.source.has(id)) return { id, state: "skipped", detail: "the source has it again" };
    stock.target.delete(id);
    return { id, state: "done" };
  }
  if (!stock.source.has(id)) return { id, state: "missing" };
  stock.target.add(id);
  return { id, state: "done" };
}

function pageOf(stock: Stock, side: "source" | "target", after: string | null): IdPage {
  stock.pages += 1;
  stock.pageTrouble();
  const from = after === null ? 0 : Number(after);
  const sorted = [...stock[side]].sort();
  const all = stock.reversed ? sorted.reverse() : sorted;
  const ids = all.slice(from, from + stock.page);
  return { ids, next: from + stock.page < all.length ? String(from + stock.page) : null };
}
