import { type Capabilities, type Connection, ConnectorError, type Intent, type ItemResult } from "../contract.ts";
import { idsAnswer, itemsAnswer, readAs } from "./answers.ts";
import { type Calls, jobPath } from "./calls.ts";

const IDS_A_PAGE = 1_000;

/** Ids by reference: handed over, and read from both sides. */
export function bulkOf(
  { calls, target }: { calls: Calls; target: string },
  can: Capabilities,
): Pick<Connection, "items" | "ids"> {
  const most = can.items ?? 0;

  const items: NonNullable<Connection["items"]> = async (intent, { op, ids, key }) => {
    if (ids.length > most) throw new ConnectorError("invalid", `${target} takes at most ${most} ids a call`);
    const answer = await calls.post(`${jobPath(intent.name)}/items`, intent, { body: { op, ids }, key });
    const told = readAs(itemsAnswer, calls.need(answer, "possible"));
    if (told === null) throw new ConnectorError("ambiguous", `${target} did not say what became of these ids`);
    const results = new Map(told.results.map((result) => [result.id, result]));
    return ids.map((id): ItemResult => {
      const result = results.get(id);
      if (result === undefined) return { id, state: "failed", detail: `${target} did not say what became of it` };
      const detail = result.detail ? { detail: calls.exchange.quote(result.detail) } : {};
      return { id, state: result.state, ...detail };
    });
  };

  const ids = async (intent: Intent, side: "source" | "target", after: string | null) => {
    const query = new URLSearchParams({ side, ...(after === null ? {} : { after }), limit: String(IDS_A_PAGE) });
    const page = await calls.read(`${jobPath(intent.name)}/ids?${query}`, idsAnswer, intent.requestedBy.key);
    // Both sides are walked side by side: ids out of order would be told as orphans that are none.
    const disorder = page.ids.find((id, at) => id <= (page.ids[at - 1] ?? after ?? ""));
    if (disorder !== undefined) {
      throw new ConnectorError("invalid", `${target} does not tell its ids in ascending order`);
    }
    return page;
  };

  return { ...(can.items === null ? {} : { items }), ...(can.compare ? { ids } : {}) };
}
