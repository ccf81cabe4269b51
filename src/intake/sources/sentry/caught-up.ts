import { fieldsOf, instantOf, isFields, textOf } from "../../reading.ts";
import type { Parsed, Signal } from "../contract.ts";
import { kindOfIssue, signalOfIssue } from "./issue.ts";
import { ignored, listOf, refused, signals, type Told } from "./told.ts";

/** What Nightdesk asked of Sentry's API because no webhook came: the resource of such a delivery. */
export const CAUGHT_UP = "catch-up";

/** The body of a delivery that Nightdesk writes itself: `issue` and `events` as Sentry's API answered. */
export interface CaughtUp {
  readonly action: "created" | "unresolved" | "resolved" | "ignored";
  readonly data: {
    readonly issue: Readonly<Record<string, unknown>>;
    /** The newest event of each environment, with when the first that we know of happened there. */
    readonly events: readonly { readonly event: Readonly<Record<string, unknown>>; readonly since: string }[];
    /** When it happened. */
    readonly at: string;
  };
}

/** A delivery of `catch-up`: one signal for each environment where the issue was seen. */
export function ofCaughtUp(told: Told): Parsed {
  const issue = fieldsOf(told.data, "issue");
  const kind = kindOfIssue(told.action);
  if (kind === undefined) return ignored(told);
  const id = textOf(issue["id"]);
  const title = textOf(issue["title"]);
  if (id === undefined || title === undefined) return refused("an issue without id or title");
  const at = instantOf(told.data["at"]) ?? told.delivery.receivedAt;
  const events = kind === "firing" ? listOf(told.data["events"]).filter(isFields) : [];
  if (events.length === 0) return signals(asked(signalOfIssue(told, { issue, id, title, kind, at })));
  const times = told.action === "created" ? Number(textOf(issue["count"]) ?? 0) : 0;
  return signals(
    ...events.map((one) => {
      const since = instantOf(one["since"]) ?? at;
      const of = { issue, id, title, kind, at: events.length === 1 ? at : since, event: fieldsOf(one, "event") };
      return seenOften(asked(signalOfIssue(told, of)), { times, places: events.length });
    }),
  );
}

/** Nobody told it: it was asked for. */
const asked = (signal: Signal): Signal => ({ ...signal, tags: { ...signal.tags, "sentry.caught_up": "true" } });

/** One alert, however many events were missed: how many they are is said. */
function seenOften(signal: Signal, seen: { times: number; places: number }): Signal {
  if (!Number.isFinite(seen.times) || seen.times <= 1) return signal;
  const words = `seen ${seen.times.toLocaleString("en-GB")} times${seen.places === 1 ? "" : " in all"}`;
  const said =
    signal.error === undefined || signal.title.includes(signal.error) ? words : `${firstLine(signal.error)} (${words})`;
  return { ...signal, error: said, counts: { events: seen.times } };
}

const firstLine = (text: string): string => text.split("\n")[0]?.slice(0, 250) ?? "";
