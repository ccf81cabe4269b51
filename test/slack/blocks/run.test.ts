import fc from "fast-check";
import { expect, test } from "vitest";
import { RUN_STATES } from "../../../src/services/contract.ts";
import { NOT_MENDED } from "../../../src/services/runs-mended.ts";
import { runCard, runGist } from "../../../src/slack/blocks/run.ts";
import type { RunCard } from "../../../src/slack/blocks/run-card.ts";
import { aRun, at, card } from "./cards.ts";
import { calls, checkMessage } from "./checker.ts";

const drawn = (over: Partial<RunCard>): string => JSON.stringify(runCard({ ...aRun, ...over }).blocks);

/** The commands behind the card's buttons, without the run. */
const offered = (over: Partial<RunCard>): string[] =>
  [...drawn(over).matchAll(/"value":"sync ([^"]+)"/g)].map((match) => (match[1] ?? "").replace(" run 4", ""));

test("any run is a message that Slack takes and calls nobody", () => {
  fc.assert(
    fc.property(card, (given) => {
      const message = runCard(given);
      expect(checkMessage(message)).toEqual([]);
      expect(calls(message)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test("what was mended by a run of its own is said, and no longer offered", () => {
  const found = { orphans: 3, lost: 2 };
  const because = "5 ids in the source: 3 only in the target. Mend it with `/sync repair run 4 --delete` and `…`";
  const compared = { kind: "compare", state: "succeeded", found, because } as const;
  expect(offered(compared)).toEqual(["repair --delete", "repair --resync"]);
  const deleted = { ...compared, mended: { ...NOT_MENDED, deleted: 5 } };
  expect(offered(deleted)).toEqual(["repair --resync"]);
  expect(drawn(deleted)).toContain("deleted by run 5");
  expect(drawn(deleted)).not.toContain("Mend it with");
});

test("a fan-out whose rest was done says by which runs, and offers only what is left", () => {
  const again = "`/sync resync --run=4 --only=failed` and `/sync resync --run=4 --only=skipped`";
  const because = `nothing more was handed over after 09:00: 5 done, 1 failed, 9 skipped: again with ${again}`;
  const items = { done: 5, failed: 1, skipped: 9 };
  const stopped = { kind: "fanout", state: "aborted", items, because } as const;
  expect(offered(stopped)).toEqual(["resync --run=4 --only=failed", "resync --run=4 --only=skipped"]);
  const partly = { ...stopped, mended: { ...NOT_MENDED, skipped: [6, 7] } };
  expect(offered(partly)).toEqual(["resync --run=4 --only=failed"]);
  expect(drawn(partly)).toContain("What was skipped was done by runs 6 and 7.");
  expect(drawn(partly)).toContain("again with `/sync resync --run=4 --only=failed`");
  expect(drawn(partly)).not.toContain("--only=skipped");
  const wholly = { ...partly, mended: { ...partly.mended, failed: [8] } };
  expect(offered(wholly)).toEqual([]);
  expect(drawn(wholly)).toContain("What failed was done by run 8.");
  expect(drawn(wholly)).not.toContain("again with");
  expect(offered({ ...stopped, state: "succeeded", items: { done: 5, skipped: 1 } })).toEqual([]);
});

test("a run never reads as proved when it was not", () => {
  const plain = { pin: null, chain: null } as const;
  fc.assert(
    fc.property(card, (given) => {
      const { text } = runCard({
        ...given,
        ...plain,
        proved: false,
        job: "job",
        place: { ...given.place, name: "prod" },
      });
      expect(text.replaceAll("not proved", "")).not.toContain("proved");
    }),
  );
});

test("a protected place is a headline with lock and capitals; another one never looks like it", () => {
  const [first] = runCard(aRun).blocks;
  expect(first).toMatchObject({ type: "header", text: { text: ":red_circle: :lock: PROD · Run 4 · person-sync" } });
  for (const state of RUN_STATES) {
    const preprod = runCard({ ...aRun, state, place: { name: "preprod", look: "green", protected: false } });
    expect(preprod.blocks[0]).toMatchObject({ type: "section" });
    expect(JSON.stringify(preprod)).not.toMatch(/red_circle|danger|:lock:|"header"|PREPROD/);
  }
});

test("progress is a bar, counts and the instant of the end, which never goes stale", () => {
  const expected = { expectedEndAt: at("2021-03-17T11:03:00Z"), usual: "usually 18 min" };
  expect(drawn({ progress: { done: 2_600, total: 5_000 } })).toContain("▰▰▰▰▰▱▱▱▱▱ 52 %  ·  2,600 of 5,000 items");
  expect(drawn({})).toContain("31 %  ·  Stage 2 of 4, 1,200 of 5,000 items");
  expect(drawn({ ...expected, left: "about 12 min to go (usually 18 min)" })).toMatch(
    /About 12 min to go \(usually 18 min\): ends about <!date\^\d+\^\{time\}\|11:03 UTC>/,
  );
  // Nothing but an edit changes a card: without progress no edit comes, and "12 min to go" would stay for ever.
  const still = drawn({ ...expected, progress: null, left: "about 12 min to go (usually 18 min)" });
  expect(still).toMatch(/Should end about <!date[^>]*11:03 UTC> \(usually 18 min\)/);
  expect(still).not.toContain("to go");
  expect(drawn({ ...expected, state: "paused" })).not.toContain("end about");
});

test("who is waited for, how many, and until when", () => {
  const approvals = {
    needed: 2,
    role: "operator",
    given: ["Ben Okafor"],
    may: ["Carla Diaz", "Dev Patel"],
    expiresAt: at("2021-03-17T11:14:00Z"),
  };
  const waiting = drawn({ state: "awaiting_approval", approvals, startedAt: null, because: "Asha Rao asked for it" });
  expect(waiting).toContain(
    "Needs 2 approvals by *operator*, not by who asked. Ben Okafor said yes; 1 to go: Carla Diaz or Dev Patel may give it. Expires <!date",
  );
  expect(offered({ state: "awaiting_approval" })).toEqual(["approve", "reject", "withdraw"]);
  expect(drawn({ approvals: { ...approvals, given: ["Ben Okafor", "Dev Patel"] } })).toContain(
    "approved by Ben Okafor and Dev Patel",
  );
});

test("a hold says which freeze and until when, and that it starts by itself", () => {
  const held = drawn({ state: "deferred", deferred: { by: "night", until: at("2021-03-17T05:00:00Z") } });
  expect(held).toMatch(/The freeze \*night\* holds it back until <!date[^>]*05:00 UTC>; then it starts by itself/);
  expect(drawn({ state: "deferred", deferred: { by: "night", until: null } })).toContain("until somebody ends it");
  const because = "night until 2021-03-17 05:00 (Europe/London): a start before 05:00 runs every job";
  const said = drawn({ state: "deferred", deferred: { by: "night", until: null }, because, progress: null });
  expect(said).toContain("somebody ends it.\\nA start before 05:00 runs every job");
  expect(offered({ state: "deferred" })).toEqual(["withdraw"]);
  expect(held).toContain("Held back since <!date");
});

test("a card says once that nothing was started", () => {
  const over = { startedAt: null, progress: null } as const;
  const withdrawn = drawn({ ...over, state: "withdrawn", because: "Asha Rao withdrew it. Nothing was started" });
  expect(withdrawn).toMatch(/nothing was started\*\\nAsha Rao withdrew it"/);
  const refused = drawn({
    ...over,
    state: "refused",
    because: "Nothing was started: no snapshot. Mend it, then ask again.",
  });
  expect(refused).toMatch(/nothing was touched\*\\nNo snapshot\. Mend it, then ask again\."/);
});

test("a card says once who may approve and what holds it back, and does not promise a start that people must allow", () => {
  const approvals = { needed: 1, role: "operator", given: [], may: ["Ben Okafor"], expiresAt: null };
  const asked = "Asha Rao asked for it: the list is empty. It needs 1 approval by operator: Ben Okafor may give it";
  const waiting = drawn({ state: "awaiting_approval", approvals, because: asked });
  expect(waiting.match(/Ben Okafor/g)).toHaveLength(1);
  expect(waiting).toContain('Asha Rao asked for it: the list is empty"');

  const deferred = { by: "teatime", until: at("2021-03-17T17:00:00Z") };
  const because =
    "Asha Rao asked for it. teatime holds it back until 2021-03-17 17:00 (Europe/London): the readers are in";
  const held = drawn({ state: "deferred", deferred, approvals, because, progress: null });
  expect(held).toMatch(
    /\*teatime\* holds it back until <!date[^>]*>; then it asks for 1 approval by \*operator\*\.\\nThe readers are in"/,
  );
  expect(held).not.toContain("by itself");
  const given = drawn({ state: "deferred", deferred, approvals: { ...approvals, given: ["Ben Okafor"] } });
  expect(given).toContain("then it starts by itself");
});

test("a due retry is told with its time; the target's own is to be waited for", () => {
  const retry = { number: 2, of: 3, at: at("2021-03-17T02:40:00Z"), own: false };
  expect(drawn({ state: "retry_wait", retry })).toMatch(/\*Retry 2 of 3 at <!date[^>]*02:40 UTC>\*/);
  expect(drawn({ retry: { ...retry, own: true } })).toMatch(
    /The target heals itself: retry 2 of 3 at <!date[^>]*02:40 UTC>\. Wait for it\./,
  );
});

test("an abort says who asked, whether the target was told, and until when proof is waited for", () => {
  const stopping = {
    byName: "Ben",
    at: at("2021-03-17T10:50:00Z"),
    sent: null,
    deadlineAt: at("2021-03-17T10:52:00Z"),
  };
  const told = drawn({ state: "aborting", stopping });
  expect(told).toMatch(
    /Ben asked at <!date[^>]*10:50 UTC>\. The target is being told\. Its proof is waited for until <!date[^>]*10:52/,
  );
  expect(drawn({ state: "aborting", stopping: { ...stopping, sent: "hard" } })).toContain("told to stop at once");
  expect(offered({ state: "aborting" })).toEqual([]);
  expect(drawn({ state: "abort_unconfirmed" })).toContain(
    "No other run of it starts until its end is proved or settled",
  );
});

test("the buttons are what makes sense in the state, by what the target can do", () => {
  const can = { abort: true, pause: true, resumeFailed: true, restore: true };
  expect(offered({ can })).toEqual(["abort", "pause"]);
  expect(offered({})).toEqual(["abort"]);
  expect(offered({ state: "paused", can })).toEqual(["resume", "abort"]);
  expect(offered({ state: "unknown" })).toEqual(["settle", "abort"]);
  expect(offered({ state: "abort_unconfirmed" })).toEqual(["settle"]);
  expect(offered({ state: "restoring", can })).toEqual([]);
  expect(offered({ state: "restore_failed", can })).toEqual(["restore", "settle"]);
  expect(offered({ state: "failed" })).toEqual(["rerun"]);
  expect(offered({ state: "failed", can })).toEqual(["rerun", "rerun --from=failed", "restore"]);
  expect(offered({ state: "succeeded", can: { ...can, restore: false, resumeFailed: false } })).toEqual(["rerun"]);
  expect(offered({ state: "failed", kind: "restore" })).toEqual([]);
  expect(offered({ state: "failed", kind: "fanout", items: { done: 9, failed: 1 } })).toEqual([
    "resync --run=4 --only=failed",
  ]);
  expect(offered({ state: "aborted", kind: "fanout", items: { done: 9, skipped: 90 } })).toEqual([
    "resync --run=4 --only=skipped",
  ]);
  expect(offered({ state: "succeeded", kind: "fanout", items: { done: 9 } })).toEqual([]);
  const compared = { state: "succeeded", kind: "compare", items: { done: 1_202 } } as const;
  expect(offered({ ...compared, found: { orphans: 1_200, lost: 2 } })).toEqual(["repair --delete", "repair --resync"]);
  expect(offered({ ...compared, found: { orphans: 0, lost: 2 } })).toEqual(["repair --resync"]);
  expect(offered({ ...compared, found: { orphans: 0, lost: 0 } })).toEqual([]);
  expect(drawn({ ...compared, found: { orphans: 1_200, lost: 0 } })).toContain('"Delete 1,200 from the target"');
  expect(drawn({ state: "failed", can })).toContain('"Rerun from failed"');
});

test("what failed twice the same way is not offered again, and the card says why and how all the same", () => {
  const noRerun = "it failed twice in a row with the same error: running it again as it is will not help";
  const failed = { state: "failed", error: "Unknown column 'p.ntn'", noRerun } as const;
  expect(offered(failed)).toEqual([]);
  expect(drawn(failed)).toContain(`*Rerun is not offered:* ${noRerun}. \`/sync rerun run 4\` still does it.`);
});

test("what the catalogue has next is offered as a run, or as a chain", () => {
  const next = (...jobs: string[]): Partial<RunCard> => ({ state: "succeeded", proved: true, ["then"]: jobs });
  expect(offered(next("post-sync"))).toEqual(["run post-sync prod", "rerun"]);
  expect(offered(next("post-sync", "site-sync"))).toEqual(["chain post-sync site-sync prod", "rerun"]);
});

test("a card shows its place in a chain, and where the chain stopped how to go on", () => {
  const chain = {
    position: 2,
    jobs: ["a-sync", "person-sync", "c-sync"],
    state: "running",
    said: null,
    next: null,
  } as const;
  expect(drawn({ chain })).toContain("Chain 2 of 3: a-sync, then *person-sync*, then c-sync");
  expect(drawn({ chain: { ...chain, next: 8 } })).toContain("Run 8 followed");
  const said = "the chain stopped: run 4 (person-sync) failed. Not run: c-sync";
  expect(drawn({ state: "failed", chain: { ...chain, state: "stopped", said } })).toContain(
    "c-sync. The chain stopped: run 4 (person-sync) failed. Not run: c-sync",
  );
});

test("a pin is shown until it is unpinned, and never before it is proved", () => {
  const pin = {
    ...{ job: "person-sync", environment: "prod", version: "11", was: "12", to: null, by: "asha", byName: "Asha Rao" },
    ...{ since: at("2021-03-17T10:00:00Z"), because: null, detail: "no permission" },
  };
  expect(drawn({ pin: { ...pin, state: "set" } })).toContain("Schedule pinned to 11 by Asha Rao since <!date");
  expect(drawn({ pin: { ...pin, state: "setting" } })).toContain("being pinned to 11 by Asha Rao; not proved yet");
  expect(drawn({ pin: { ...pin, state: "failed" } })).toContain("Schedule NOT pinned to 11: no permission");
});

test("ids by reference are counted by what became of them", () => {
  const items = { pending: 54_000, done: 9_990, failed: 8, missing: 2, superseded: 0, skipped: 0 };
  const fan = drawn({ kind: "fanout", items, progress: null });
  expect(fan).toContain("64,000 ids: 9,990 done, 2 missing, 8 failed, 54,000 to go");
  expect(fan).toContain("Fan-out, run 4");
});

test("a refusal says why and the way out, once", () => {
  const because = "nothing was started: the target says it is prod. Correct the url in the catalogue";
  const refused = drawn({ state: "refused", error: "the target says it is prod", because });
  expect(refused.match(/the target says it is prod/g)).toHaveLength(1);
  expect(refused).toContain("Nothing was started: the target says it is prod. Correct the url in the catalogue");
});

test("the small print says version, parameters, snapshot and log, and makes no link of what is none", () => {
  const print = drawn({
    version: "11",
    parameters: { full: true },
    snapshotAt: at("2021-03-17T10:44:30Z"),
    logUrl: "https://log.example.org/?a=1&b=2",
  });
  expect(print).toMatch(/version 11 {2}· {2}full=true/);
  expect(print).toMatch(/snapshot of <!date[^>]*> kept {2}· {2}<https:\/\/log\.example\.org\/\?a=1&amp;b=2\|log>/);
  expect(drawn({ logUrl: "javascript:alert(1)|<!channel>" })).toContain("log: javascript:alert(1)|&lt;!channel&gt;");
});

test("what could not be stopped is said, and not offered to be stopped again", () => {
  expect(drawn({ cannotStop: true })).toContain("cannot be stopped from here");
  expect(offered({ cannotStop: true })).toEqual([]);
  expect(offered({ state: "unknown", cannotStop: true })).toEqual(["settle"]);
  expect(drawn({ state: "failed", cannotStop: true })).not.toContain("cannot be stopped");
});

test("a card says since when before what it means, and who asked once", () => {
  const asked = drawn({ state: "queued", because: "Asha Rao asked for it" });
  expect(asked.match(/Asha Rao/g)).toHaveLength(1);
  expect(runCard({ ...aRun, state: "unknown" }).text).toMatch(/Not known since <!date[^>]*>: it may be running/);
});

test("an end on a person's word says whose word, and that it is not proved", () => {
  const settled = runCard({ ...aRun, state: "succeeded", settledBy: "Ben", proved: false });
  expect(settled.text).toContain("Succeeded: settled by Ben's word, not proved");
  expect(JSON.stringify(settled.blocks)).not.toContain("white_check_mark");
  expect(runCard({ ...aRun, state: "succeeded", proved: true }).text).toContain("Succeeded, proved");
});

test("only counts and what follows from them may wait for an edit", () => {
  const later = { progress: { done: 9 }, left: "x", expectedEndAt: at("2021-03-17T12:00:00Z"), items: { done: 9 } };
  expect(runGist({ ...aRun, ...later })).toBe(runGist(aRun));
  fc.assert(
    fc.property(card, (given) => {
      expect(runGist({ ...given, noRerun: "twice" })).not.toBe(runGist({ ...given, noRerun: null }));
    }),
    { numRuns: 20 },
  );
});
