import { expect, test } from "vitest";
import { echoOf } from "../../src/jobs/connectors/github-actions/about.ts";
import { whose } from "../../src/services/named-execution.ts";

const unknown = { handle: null, intentKey: "key-1", executionsEnded: 0 };
const known = { ...unknown, handle: { scope: "acme/sync", externalId: "7" } };
const tags = (over: Record<string, string> = {}) => ({ "execution.scope": "acme/sync", "execution.id": "7", ...over });

test.each([
  ["nothing is said", known, {}, null, "unsaid"],
  ["only the target's id", known, {}, "7", "own"],
  ["the target's id, and nothing is known of the run's", unknown, {}, "7", "unsaid"],
  ["its own name", known, tags(), "7.1", "own"],
  ["a later attempt", known, tags({ "execution.attempt": "2" }), "7.2", "other"],
  ["another execution", known, tags({ "execution.id": "8" }), "8.1", "other"],
  ["the same id in another place", known, tags({ "execution.scope": "acme/x" }), "7.1", "other"],
  ["the key of its start", unknown, tags({ "execution.key": echoOf(unknown) }), "7.1", "own"],
  ["another's key", unknown, tags({ "execution.key": echoOf({ intentKey: "key-2" }) }), "7.1", "other"],
  ["a name, where the run's is not known", unknown, tags(), "7.1", "other"],
])("%s", (_, run, said, rid, expected) => {
  expect(whose({ rid, tags: said }, run)).toBe(expected);
});
