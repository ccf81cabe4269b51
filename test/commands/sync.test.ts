import { describe, expect, test } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { plain } from "../../src/command/format.ts";
import type { JobView, RunView } from "../../src/services/contract.ts";
import { at, desk, job, run7, told } from "./desk.ts";

describe("sync jobs", () => {
  test("lists jobs with what the asker may do", async () => {
    const { type, calls } = desk();
    const answer = await type("sync jobs production");
    expect(calls).toEqual([["jobs.list", { environment: "prod" }]]);
    expect(told(answer)).toContain(
      "*person-sync* Person search index: :red_circle: *prod* (you may only view, run; run 7 is running)",
    );
    expect(answer.data?.["jobs"]).toMatchObject([{ job: "person-sync", environment: "prod", may: ["view", "run"] }]);
  });

  test("cuts a long list and says how to see the rest", async () => {
    const many = Array.from({ length: 45 }, (_, index) => ({ ...job, job: `job-${index}`, active: null }));
    const answer = await desk({ jobs: { list: async () => many } }).type("sync jobs");
    expect(told(answer)).toContain("… and 15 more. `/sync jobs --all` shows them.");
    expect(told(await desk({ jobs: { list: async () => many } }).type("sync jobs --all"))).toContain("job-44");
  });

  test("is one line per job, with a word only where something is special", async () => {
    const all = { ...job, may: ["view", "run", "abort", "settle"], active: null };
    const found = [
      all,
      { ...all, environment: "preprod", look: "green" },
      { ...all, environment: "nimdta", may: ["view"] },
    ];
    const answer = await desk({ jobs: { list: async () => found as JobView[] } }).type("sync jobs");
    expect(told(answer)).toContain(
      "*person-sync* Person search index: :red_circle: *prod*, :large_green_circle: *preprod*, :large_orange_circle: *nimdta* (only look)",
    );
  });
});

describe("sync status", () => {
  test("asks the targets about a job, an environment or both", async () => {
    const { type, calls } = desk();
    await type("sync status");
    await type("sync status stage");
    await type("sync status prod person-sync");
    expect(calls).toEqual([
      ["jobs.status", {}],
      ["jobs.status", { environment: "preprod" }],
      ["jobs.status", { job: "person-sync", environment: "prod" }],
    ]);
  });

  test("shows one run, by number or by the thread it is asked in", async () => {
    const { type, calls } = desk();
    const answer = await type("sync status run 7");
    await type("status", { run: 7 });
    expect(calls).toEqual([
      ["runs.get", 7],
      ["runs.get", 7],
    ]);
    expect(told(answer)).toContain(
      "*run 7* person-sync in :red_circle: *prod* is running since <!date^1615958400^{time}|",
    );
    expect(told(answer)).toContain("The target says that it runs.");
    expect(answer.buttons).toEqual([{ label: "Abort", command: "sync abort run 7", style: "danger" }]);
    const because = "Asha Rao asked for it. It needs 1 approval by operator: Ben Okafor may give it";
    const waits = { kind: "done", value: { ...run7, byName: "Asha Rao", because } } as const;
    const asked = await desk({ runs: { request: async () => waits } }).type("sync run person-sync prod");
    expect(asked.sections?.[0]?.lines[0]).toBe("It needs 1 approval by operator: Ben Okafor may give it");
  });

  test("tells what the target itself says", async () => {
    const idle = { ...job, active: null, target: "ndw-etl:12 is STOPPED", targetSays: "not_running" } as const;
    const answer = await desk({ jobs: { status: async () => [idle] } }).type("sync status person-sync");
    expect(answer.text).toBe("Nightdesk has nothing running there.");
    expect(told(answer)).toContain("has no run yet. Target: ndw-etl:12 is STOPPED");
    expect(told(answer)).not.toContain("not started by Nightdesk");
  });

  test("says first and plainly that the target runs what Nightdesk did not start, and since when", async () => {
    const since = at("2021-03-17T05:02:00Z");
    const foreign = { ...job, active: null, target: "ndw-etl:12 is RUNNING", targetSays: "running" } as const;
    const of = async (...jobs: JobView[]) =>
      desk({ jobs: { status: async () => jobs } }).type("sync status person-sync");
    const heard = await of({ ...foreign, heardSince: since });
    expect(plain(heard.text)).toBe(
      `${job.at} runs something that Nightdesk did not start, since 05:02 UTC. Nightdesk has nothing running there.`,
    );
    expect(plain(told(heard))).toContain("ndw-etl:12 is RUNNING (not started by Nightdesk, since 05:02 UTC)");
    expect((await of(foreign)).text).toMatch(/ runs something that Nightdesk did not start\. /);
    expect((await of({ ...foreign, targetSays: "elsewhere" })).text).toMatch(/was heard to begin, and not to end\. /);
    expect((await of(foreign, { ...foreign, environment: "preprod" })).text).toMatch(/^2 targets run something/);
    expect((await of({ ...foreign, active: run7 })).text).toBe("Nightdesk runs 1 there now.");
  });

  test("without a job shows what runs, what needs a person and what is dark; the rest is one line", async () => {
    const idle = { ...job, active: null, target: "not running", targetSays: "not_running" } as const;
    const jobs: JobView[] = [
      { ...job, target: "running", targetSays: "running" },
      { ...idle, environment: "preprod", active: { ...run7, number: 8, environment: "preprod", state: "unknown" } },
      { ...idle, job: "post-sync", target: "it says that it is running", targetSays: "running" },
      { ...idle, job: "post-sync", environment: "nimdta", target: "did not answer", targetSays: "not_known" },
      { ...idle, job: "third" },
      { ...idle, job: "fourth" },
    ];
    const answer = await desk({ jobs: { status: async () => jobs } }).type("sync status");
    expect(answer.text).toBe("Nightdesk runs 1 now. 1 needs a person. 1 by something else.");
    expect(answer.sections?.map(({ title }) => title)).toEqual([
      "Needs a person",
      "Running",
      "Not started by Nightdesk",
      "Could not be asked",
      undefined,
    ]);
    expect(told(answer)).toContain("Say how it ended: `/sync settle run 8`");
    expect(told(answer)).toContain("*post-sync* in :red_circle: *prod*: it says that it is running");
    expect(told(answer)).toContain("post-sync in :large_orange_circle: *nimdta*: did not answer");
    expect(told(answer)).toContain("Everything else is idle, by their targets' word too (2 jobs in prod).");
    expect(told(answer)).not.toContain("third");
  });

  test("a button is red only where the environment is", async () => {
    const styles = async (run: Partial<RunView>) => {
      const { buttons } = await desk({ runs: { get: async () => ({ ...run7, ...run }) } }).type("sync status run 7");
      return buttons?.map(({ label, style }) => [label, style]);
    };
    expect(await styles({ environment: "prod" })).toEqual([["Abort", "danger"]]);
    expect(await styles({ environment: "preprod" })).toEqual([["Abort", undefined]]);
    expect(await styles({ environment: "prod", state: "failed" })).toEqual([["Rerun", "danger"]]);
    expect(await styles({ environment: "nimdta", state: "failed" })).toEqual([["Rerun", undefined]]);
  });

  test("offers to settle what is not known, and never calls an unproved end proved", async () => {
    const unknown = await desk({ runs: { get: async () => ({ ...run7, state: "unknown" }) } }).type(
      "sync status run 7",
    );
    expect(unknown.buttons?.map(({ label }) => label)).toEqual(["Settle", "Abort"]);
    const word = { ...run7, state: "succeeded", finishedAt: at("2021-03-17T06:00:00Z") } as const;
    const settled = await desk({ runs: { get: async () => word } }).type("sync status run 7");
    expect(settled.text).toContain("succeeded, not proved");
    const proved = await desk({ runs: { get: async () => ({ ...word, proved: true }) } }).type("sync status run 7");
    expect(proved.text).not.toContain("not proved");
  });
});

describe("sync run", () => {
  test("asks for a run with its parameters and reason", async () => {
    const { type, calls } = desk();
    const answer = await type('sync run person-sync prod dateOverride=ANY note="two words" --reason=“after the fix”');
    expect(calls).toEqual([
      [
        "runs.request",
        {
          job: "person-sync",
          environment: "prod",
          parameters: { dateOverride: "ANY", note: "two words" },
          reason: "after the fix",
        },
      ],
    ]);
    // Nothing has succeeded yet: no tick.
    expect(answer.tone).toBe("info");
    expect(answer.data?.["run"]).toMatchObject({ number: 7, state: "running", by: "asha", items: null });
  });

  test("passes the question on, and nothing is said to have happened", async () => {
    const question = {
      id: "q1",
      title: "Run person-sync in prod?",
      lines: ["This is production."],
      look: "red",
      submit: "Run",
      fields: [{ key: "confirm", label: "Type it", expected: "prod person-sync" }],
    } as const;
    const answer = await desk({ runs: { request: async () => ({ kind: "ask", question }) } }).type(
      "sync run person-sync prod",
    );
    expect(answer).toMatchObject({ tone: "info", text: "Run person-sync in prod?", ask: question });
  });

  test.each([
    ["sync run person-snyc prod", 'No job "person-snyc". Did you mean person-sync?'],
    ["sync run person-sync prd", 'No environment "prd". Did you mean prod?'],
    ["sync run person-sync", "Where should it be: prod and preprod?"],
    ["sync run person-sync nimdta", "person-sync is not in nimdta. It is in prod and preprod."],
    ["sync run", "Which job, and where?"],
    ["sync run person-sync prod --resaon=x", "There is no --resaon here. Did you mean reason?"],
    ["sync run person-sync prod a=1 a=2", "`a` is given twice."],
    ['sync run person-sync prod a="b', "A quote is opened and not closed"],
  ])("%s", async (line, said) => {
    const { type, calls } = desk();
    const answer = await type(line);
    expect(calls).toEqual([]);
    expect(answer.tone).toBe("problem");
    expect(answer.text).toContain(said);
    expect(told(answer)).toContain("Usage: `/sync run JOB ENV [name=value …] [--reason=…] [--dry-run]`");
  });

  test("understands aliases, the target's name, titles of several words and the other order", async () => {
    const { type, calls } = desk();
    await type("sync run personElasticSearchSyncJob production");
    await type("sync run Person sync job PROD");
    await type('sync run "person search index" stage');
    await type("sync run prod person-sync");
    const wanted = (environment: string) => ["runs.request", { job: "person-sync", environment, parameters: {} }];
    expect(calls).toEqual([wanted("prod"), wanted("prod"), wanted("preprod"), wanted("prod")]);
  });

  test("a refusal is told with its way out, without usage", async () => {
    const denied = new UserError("denied", {
      code: "no_grant",
      message: "Asha Rao may not run person-sync in prod.",
      wayOut: "Ask <@U034|Ben> or <!channel>.",
    });
    const answer = await desk({ runs: { request: () => Promise.reject(denied) } }).type("sync run person-sync prod");
    expect(answer).toEqual({
      tone: "refused",
      text: "Asha Rao may not run person-sync in prod. Ask <@U034|Ben> or &lt;!channel&gt;.",
      data: { error: "denied", code: "no_grant" },
    });
  });
});

describe("sync rerun, abort and settle", () => {
  test("take a number, a job and environment, or the thread's run", async () => {
    const { type, calls } = desk();
    await type("sync rerun run 7");
    await type("sync rerun person-sync prod");
    await type("rerun", { run: 7 });
    expect(calls).toEqual([
      ["runs.rerun", 7, {}],
      ["runs.newest", "person-sync", "prod"],
      ["runs.rerun", 7, {}],
      ["runs.rerun", 7, {}],
    ]);
  });

  test("say so when there is no run to speak of", async () => {
    const answer = await desk({ runs: { newest: async () => null } }).type("sync abort person-sync prod");
    expect(answer.text).toContain("person-sync has no run in prod.");
    expect((await desk().type("sync abort")).text).toContain("Which run?");
  });

  test("abort carries the reason and says what the service says", async () => {
    const { type, calls } = desk();
    const answer = await type("sync abort run 7 wrong environment");
    await type("sync abort person-sync prod --reason='wrong environment'");
    await type("sync abort 7");
    expect(calls.filter(([name]) => name === "runs.abort")).toEqual([
      ["runs.abort", 7, "wrong environment"],
      ["runs.abort", 7, "wrong environment"],
      ["runs.abort", 7, null],
    ]);
    expect(answer.text).toBe("Run 7 is being stopped.");
  });

  test("an abort that cannot be is not told as done", async () => {
    const said = "Run 7 goes on: it cannot be stopped from here.";
    const cannot = { left: null, readers: null, notice: "It goes on; please wait." };
    const goesOn = desk({ runs: { abort: async () => ({ run: run7, said, cannot }) } });
    const answer = await goesOn.type("sync abort run 7");
    expect(answer).toMatchObject({ tone: "problem", text: said });
    expect(answer.buttons?.map(({ label }) => label)).not.toContain("Abort");
    expect(answer.sections?.at(-1)).toEqual({ title: "For its users, to copy:", lines: ["It goes on; please wait."] });
    const run = { ...run7, state: "aborting" } as const;
    const stopping = desk({ runs: { abort: async () => ({ run, said: "Run 7 is being stopped." }) } });
    expect((await stopping.type("sync abort run 7")).tone).toBe("info");
  });

  test("pause, resume and restore carry the run and the reason, and claim nothing", async () => {
    const { type, calls } = desk();
    expect(await type("sync pause run 7")).toMatchObject({ tone: "info", text: "Run 7 is asked to pause." });
    expect(await type("sync resume person-sync prod")).toMatchObject({
      tone: "info",
      text: "Run 7 is asked to go on.",
    });
    expect((await type("sync restore run 7 the list is empty")).tone).toBe("info");
    expect((await type('sync restore run 7 --override="release" --dry-run')).text).toContain("nothing was started");
    expect(calls.filter(([name]) => name !== "runs.newest")).toEqual([
      ["runs.pause", 7],
      ["runs.resume", 7],
      ["runs.restore", 7, "the list is empty", {}],
      ["runs.dryRestore", 7, { override: "release" }],
    ]);
  });

  test("settle needs an outcome it knows, or asks for it", async () => {
    const { type, calls } = desk();
    const answer = await type("sync settle run 7 failed seen in the log");
    await type("sync settle person-sync prod succeeded --reason=checked");
    await type("sync settle run 7");
    expect(calls.filter(([name]) => name === "runs.settle")).toEqual([
      ["runs.settle", 7, { outcome: "failed", reason: "seen in the log" }],
      ["runs.settle", 7, { outcome: "succeeded", reason: "checked" }],
      ["runs.settle", 7, {}],
    ]);
    expect(answer.text).toContain("Settled by your word");
    expect((await type("sync settle run 7 suceeded")).text).toContain("Did you mean succeeded?");
  });
});

describe("sync permissions", () => {
  test("shows grants and both answers of the target", async () => {
    const { type, calls } = desk();
    const answer = await type("sync permissions <@U034|ben> person-sync prod");
    expect(calls).toEqual([["permissions.show", { person: "ben", job: "person-sync", environment: "prod" }]]);
    expect(told(answer)).toContain("May\n:red_circle: *prod*: view, run for person-sync, by role operator");
    expect(told(answer)).toContain("May not\n:red_circle: *prod*: abort for person-sync. ask Ben Okafor");
    expect(told(answer)).toContain("Nightdesk, person-sync in :red_circle: *prod*: it may");
    expect(told(answer)).toContain("Asha Rao, person-sync in :red_circle: *prod*: not known");
  });

  test("says what is equal for jobs and environments once", async () => {
    const because = "role operator (as member of on-call): run in preprod, prod";
    const lines = ["person-sync", "post-sync"].map((name) => ({
      job: name,
      environment: "prod",
      action: "run",
      allowed: true,
      because,
      own: "yes",
      person: null,
    }));
    const both = [...lines, ...lines.map((line) => ({ ...line, environment: "nimdta" }))];
    const show = async () => ({
      person: "Asha Rao",
      lines: both.filter((line) => line.job === "post-sync" || line.environment === "prod"),
    });
    const answer = await desk({ permissions: { show } }).type("sync permissions");
    expect(told(answer)).toContain(":red_circle: *prod*: run for all jobs, by role operator (as member of on-call)\n");
    expect(told(answer)).toContain("Nightdesk, all jobs in :red_circle: *prod*: yes");
  });

  test("a person nobody knows is answered with the nearest", async () => {
    expect((await desk().type("sync permissions @ahsa")).text).toBe('No person "ahsa". Did you mean asha?');
  });

  test("--gaps names people, targets and what could not be asked", async () => {
    const gap = { job: "post-sync", environment: "nimdta", why: "has no grant.", wayOut: "Add it to role operator." };
    const gaps = {
      people: [{ person: "Ben Okafor", ...gap }],
      targets: [{ target: "tis-nimdta", ...gap }],
      notKnown: ["reval"],
    };
    const answer = await desk({ permissions: { gaps: async () => gaps } }).type("sync permissions —gaps");
    expect(answer.text).toBe("2 gaps before tonight; not everything could be asked.");
    expect(told(answer)).toContain(
      "*Ben Okafor* for post-sync in :large_orange_circle: *nimdta*: has no grant. Add it to role operator.",
    );
    expect(told(answer)).toContain("*tis-nimdta* for post-sync in :large_orange_circle: *nimdta*");
    expect((await desk().type("sync permissions --gaps")).text).toBe("No gap found.");
    expect((await desk().type("sync permissions --gaps prod")).tone).toBe("problem");
  });
});

test("sync history shows runs, with a limit", async () => {
  const { type, calls } = desk();
  const answer = await type("sync history person-sync prod limit=5");
  await type("sync history --limit=30");
  expect(calls).toEqual([
    ["jobs.history", { job: "person-sync", environment: "prod", limit: 5 }],
    ["jobs.history", { limit: 30 }],
  ]);
  expect(told(answer)).toContain("*run 7*");
  expect((await type("sync history limit=900")).text).toContain("Write a number from 1 to 30.");
});

describe("sync help", () => {
  test("shows everything and marks what is not granted", async () => {
    const answer = await desk().type("sync help");
    expect(told(answer)).toContain("`/sync run JOB ENV [name=value …] [--reason=…] [--dry-run]` Start a job\n");
    expect(told(answer)).toContain("Stop a run (_not granted to you_)");
  });

  test("comes even when permissions cannot be read, and then marks nothing", async () => {
    const answer = await desk({ incidents: { may: () => Promise.reject(new Error("down")) } }).type("sync help");
    expect(told(answer)).not.toContain("not granted");
  });

  test("of one command tells its examples, and knows the nearest", async () => {
    expect(told(await desk().type("sync help abort"))).toContain("`/sync abort run 7`");
    expect((await desk().type("sync help abrot")).text).toContain("Did you mean abort?");
  });
});
