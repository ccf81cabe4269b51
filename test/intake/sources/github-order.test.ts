import { expect, test } from "vitest";
import { manualClock } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { createInboxProcessor } from "../../../src/intake/process.ts";
import { createReceiver } from "../../../src/intake/receive.ts";
import { HOOK_SOURCES } from "../../../src/intake/sources/index.ts";
import { testDatabase } from "../../helpers/database.ts";
import { githubRequest, workflowRun } from "../../helpers/github-events.ts";
import { catalogueOf } from "../../helpers/hear.ts";

const at = (minute: number) => `2021-03-16T14:${String(minute).padStart(2, "0")}:00Z`;
const run = (id: number, conclusion: string, began: number, ended: number, attempt = 1) => ({
  id,
  conclusion,
  run_attempt: attempt,
  run_started_at: at(began),
  updated_at: at(ended),
});

/** Each in every order of arrival: what the last word is hangs on when the runs began, not on when it was heard. */
const STORIES = [
  ["an older commit that ends later", [run(2, "failure", 10, 12), run(1, "success", 5, 20)], "open"],
  ["a newer commit", [run(2, "failure", 10, 25), run(3, "success", 15, 22), run(1, "success", 5, 20)], "resolved"],
  ["the next attempt", [run(2, "failure", 10, 12), run(2, "success", 14, 16, 2)], "resolved"],
  ["a newer failure again", [run(2, "failure", 10, 12), run(3, "success", 15, 19), run(4, "failure", 18, 21)], "open"],
] as const;

test("what began later is the last word about a workflow, in whatever order it comes", {
  timeout: 60_000,
}, async () => {
  const { store } = await testDatabase();
  const sources = { github: { kind: "github", secret: "github-secret" } };
  const catalogue = catalogueOf({ sources, routes: [{ channel: "ops" }], fallback: "ops" });
  const shared = { store, catalogue, sources: HOOK_SOURCES, clock: manualClock(at(40)), log: silentLogger };
  const receiver = createReceiver(shared);
  const nothing = { linkSignal: async () => null, signalsJoined: async () => {}, captureSlackEvent: async () => {} };
  const ports = { ...nothing, channelName: async () => null, self: () => ({}) };
  const processor = createInboxProcessor({ ...shared, ports });

  const tried: { readonly story: string; readonly repository: string; readonly expected: string }[] = [];
  for (const [story, runs, expected] of STORIES) {
    for (const order of ordersOf(runs)) {
      const repository = `acme/repo-${tried.length}`;
      tried.push({
        story: `${story}: ${order.map(({ id, conclusion }) => `${id} ${conclusion}`).join(", ")}`,
        repository,
        expected,
      });
      for (const one of order) {
        const about = { repository: { full_name: repository, default_branch: "main" } };
        const event = workflowRun({ ...one, head_repository: null }, about);
        expect((await receiver.receive("github", githubRequest("workflow_run", event))).status).toBe(202);
        await processor.process();
      }
    }
  }
  const incidents = await store.db.selectFrom("incidents").select(["services", "status"]).execute();
  const outcomes = tried.map(({ story, repository }) => {
    const own = incidents.filter(({ services }) => services.includes(repository.replace("acme/", "")));
    return `${story}: ${own.map(({ status }) => status).join(" and ")}`;
  });
  expect(outcomes).toEqual(tried.map(({ story, expected }) => `${story}: ${expected}`));
});

function ordersOf<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) => ordersOf(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}
