import { ConnectorError, type IdPage, type Intent } from "../contract.ts";
import { createExchange } from "../http/exchange.ts";
import { fieldAt, jsonOf } from "../http/fields.ts";
import { type About, tableOf } from "./about.ts";
import type { SqsSide } from "./settings.ts";

/** Which of these the source still has; null when no source is described. */
export async function existing(about: About, intent: Intent, ids: readonly string[]): Promise<Set<string> | null> {
  const { source } = about.settings;
  if (source === undefined || ids.length === 0) return source === undefined ? null : new Set();
  const { exists, ...place } = source;
  const exchange = createExchange({ ...place, timeoutMs: about.settings.timeoutMs }, about);
  const body = JSON.stringify({ [exists.table]: tableOf(about, intent), [exists.ids]: ids });
  // A question, though it is a POST: nothing is lost when no answer comes.
  const answer = await exchange.act("POST", exists.post, body).catch((error: unknown) => {
    if (!(error instanceof ConnectorError) || error.kind !== "ambiguous") throw error;
    throw new ConnectorError("unavailable", error.message, { cause: error });
  });
  if (answer.status < 200 || answer.status > 299) throw exchange.errorOf(answer, "none");
  const found = fieldAt(jsonOf(answer.body), exists.found);
  if (!Array.isArray(found)) {
    throw new ConnectorError("unavailable", `the source of ${about.target} answered without ${exists.found}`);
  }
  return new Set(found.flatMap((one: unknown) => idOf(typeof one === "object" ? fieldAt(one, exists.id) : one) ?? []));
}

/** One page of a side, ascending: a page that is not would make the comparison lie, and is refused. */
export async function idsOf(
  about: About,
  intent: Intent,
  asked: { readonly side: SqsSide; readonly name: "source" | "target"; readonly after: string | null },
): Promise<IdPage> {
  const { side, after } = asked;
  const exchange = createExchange({ ...side, timeoutMs: about.settings.timeoutMs }, about);
  const path = side.get.replaceAll("${table}", encodeURIComponent(tableOf(about, intent)));
  const query = new URLSearchParams({
    [side.limit]: String(side.size),
    ...(after === null ? {} : { [side.after]: after }),
  });
  const answer = jsonOf((await exchange.read(`${path}${path.includes("?") ? "&" : "?"}${query}`)).body);
  const listed = fieldAt(answer, side.ids);
  const ids = Array.isArray(listed) ? listed.map(idOf) : [null];
  if (!ids.every((id) => id !== null)) {
    throw new ConnectorError("unavailable", `the ${asked.name} of ${about.target} answered without a list of ids`);
  }
  if (ids.some((id, index) => id <= (ids[index - 1] ?? after ?? ""))) {
    throw new ConnectorError(
      "invalid",
      `the ${asked.name} of ${about.target} does not list its ids in ascending order`,
    );
  }
  const next = idOf(fieldAt(answer, side.next));
  return { ids, next: ids.length === 0 ? null : next };
}

const idOf = (value: unknown): string | null =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : null;
