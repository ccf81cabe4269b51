import { executionKey } from "../jobs/connections.ts";
import { echoOf } from "../jobs/connectors/github-actions/about.ts";
import { attemptOf } from "../jobs/connectors/github-actions/start.ts";
import type { Run } from "../jobs/runs.store.ts";

/** What of a message names the execution that sent it. */
export interface NamedBy {
  readonly rid: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * Whether a message is of the execution that this run started, by the target's own name for it: `own`, `other`, or `unsaid`
 * where the message has none. A source that knows the name gives it as the tags `execution.scope`, `execution.id` and
 * `execution.attempt`, and with `execution.key` the key that Nightdesk gave the start, where the target shows it.
 */
export function whose(
  said: NamedBy,
  run: Pick<Run, "handle" | "intentKey" | "executionsEnded">,
): "own" | "other" | "unsaid" {
  const { handle } = run;
  const id = said.tags["execution.id"];
  const known = handle !== null && handle.externalId !== null;
  if (id === undefined) return known && said.rid === handle.externalId ? "own" : "unsaid";
  if (known) {
    const scope = said.tags["execution.scope"]?.toLowerCase() === handle.scope.toLowerCase();
    const attempt = Number(said.tags["execution.attempt"] ?? "1") === attemptOf(handle);
    return scope && attempt && handle.externalId === id ? "own" : "other";
  }
  // The target did not tell what it has made of the start: only the key tells whose it is.
  return said.tags["execution.key"] === echoOf({ intentKey: executionKey(run) }) ? "own" : "other";
}
