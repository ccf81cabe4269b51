import { z } from "zod";
import type { Entity, Side } from "./entity-store-tables.ts";
import type { Answered, Asked } from "./server.ts";

export interface Sides {
  readonly source: Side;
  readonly copy: Side;
  readonly environment: string;
  readonly service: string;
}

const MOST_IDS = 1_000;
const wanted = z.strictObject({ table: z.string(), ids: z.array(z.string()).min(1).max(MOST_IDS) });

/**
 * What both systems let be read over HTTP; nothing is written here. `side` is source or target:
 *
 *     GET  /identity
 *     GET  /{side}/ids?table=placement&after=ID&limit=1000&parent=post/233420  { ids, next }
 *     POST /{side}/entities { table, ids }                                     { entities: [{ id, version, updatedAt }], missing: [id] }
 *     GET  /{side}/entities/{table}/{id}                                       { id, version, updatedAt } | 404
 */
export function answerEntities(asked: Asked, sides: Sides): Answered {
  const [first = "", what, table, id, ...rest] = asked.path.split("/").slice(1);
  if (first === "identity" && what === undefined && asked.method === "GET") {
    return { status: 200, json: { environment: sides.environment, service: sides.service } };
  }
  const side = first === "source" ? sides.source : first === "target" ? sides.copy : null;
  if (side === null || rest.length > 0) return notFound(asked);
  const call = `${asked.method} ${what ?? ""}`;
  if (call === "GET ids" && table === undefined) return ids(asked, side);
  if (call === "POST entities" && table === undefined) return entities(asked, side);
  if (call !== "GET entities" || table === undefined || id === undefined) return notFound(asked);
  const found = side.get({ table: table.toLowerCase(), id });
  return found === null ? notFound(asked) : { status: 200, json: shape(id, found) };
}

function ids({ query }: Asked, side: Side): Answered {
  const table = (query.get("table") ?? "").toLowerCase();
  if (!side.has(table)) return wrong(`there is no table "${table}"`);
  const limit = Number(query.get("limit") ?? MOST_IDS);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_IDS) return wrong(`limit is 1 to ${MOST_IDS}`);
  return { status: 200, json: side.page(table, query.get("after"), { limit, parent: query.get("parent") }) };
}

function entities({ body }: Asked, side: Side): Answered {
  const read = wanted.safeParse(jsonOf(body));
  if (!read.success) return wrong(z.prettifyError(read.error));
  const table = read.data.table.toLowerCase();
  if (!side.has(table)) return wrong(`there is no table "${table}"`);
  const found = read.data.ids.map((id) => ({ id, entity: side.get({ table, id }) }));
  return {
    status: 200,
    json: {
      entities: found.flatMap(({ id, entity }) => (entity === null ? [] : [shape(id, entity)])),
      missing: found.flatMap(({ id, entity }) => (entity === null ? [id] : [])),
    },
  };
}

function shape(id: string, { version, updatedAt }: Entity): unknown {
  return { id, version, updatedAt: new Date(updatedAt).toISOString() };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const wrong = (error: string): Answered => ({ status: 400, json: { error } });
const notFound = ({ path }: Asked): Answered => ({ status: 404, json: { error: "Not Found", path } });
