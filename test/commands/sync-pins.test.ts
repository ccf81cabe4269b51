import { describe, expect, test } from "vitest";
import { desk, job, pin11, run7, told } from "./desk.ts";

describe("sync pin and unpin", () => {
  test("take a job, a place, a version and a reason", async () => {
    const { type, calls } = desk();
    await type("sync pin person-sync production 11");
    await type('sync pin person-sync prod previous --reason="12 fails"');
    await type("sync pin person-sync prod 11 12 fails at night");
    await type("sync unpin person-sync prod");
    await type("sync unpin person-sync prod --to=13 reason");
    const here = { job: "person-sync", environment: "prod" };
    expect(calls).toEqual([
      ["pins.set", { ...here, version: "11" }],
      ["pins.set", { ...here, version: "previous", reason: "12 fails" }],
      ["pins.set", { ...here, version: "11", reason: "12 fails at night" }],
      ["pins.clear", here],
      ["pins.clear", { ...here, to: "13", reason: "reason" }],
    ]);
    expect(told(await type("sync pin person-sync prod"))).toContain("at which version?");
    expect(told(await type("sync unpin person-sync"))).toContain("Which job, and where?");
  });

  test("say what the schedule points at, and claim nothing that was not proved", async () => {
    const pinned = await desk().type("sync pin person-sync prod 11");
    expect(pinned.tone).toBe("done");
    expect(told(pinned)).toContain("points at *11*. It pointed at 12.");
    expect(told(pinned)).toContain("until `/sync unpin person-sync prod`");
    expect(told(await desk().type("sync unpin person-sync prod"))).toContain("Unpinned: the schedule of *person-sync*");
    for (const [state, said] of [
      ["failed", "Not pinned"],
      ["setting", "Nobody knows yet whether"],
    ] as const) {
      const pins = { set: async () => ({ kind: "done", value: { ...pin11, state } }) as const };
      const answer = await desk({ pins }).type("sync pin person-sync prod 11");
      expect(answer.tone).toBe("problem");
      expect(told(answer)).toContain(said);
    }
    const pins = { clear: async () => ({ kind: "done", value: pin11 }) as const };
    expect((await desk({ pins }).type("sync unpin person-sync prod")).text).toContain("still held at 11");
  });

  test("a pin is shown wherever the job is, until it is unpinned", async () => {
    const held = { ...job, pin: pin11 };
    const shown = desk({ jobs: { list: async () => [held], status: async () => [held] } });
    expect(told(await shown.type("sync jobs"))).toContain("run 7 is running; schedule pinned to 11)");
    expect(told(await shown.type("sync status person-sync prod"))).toContain("Schedule pinned to 11 by Asha Rao since");
    expect(told(await shown.type("sync status"))).toMatch(/Schedules held at a version\n\*person-sync\*.*pinned to 11/);
    const run = desk({ runs: { get: async () => ({ ...run7, pin: pin11 }) } });
    expect(told(await run.type("sync status run 7"))).toContain("Schedule pinned to 11 by Asha Rao");
  });
});

test("what a target can do is told once in the list, and with each place that is named", async () => {
  const places = [job, { ...job, environment: "nimdta" }, { ...job, job: "post-sync", at: "other", can: [] }];
  const shown = desk({ jobs: { list: async () => places, status: async () => [job] } });
  expect(
    told(await shown.type("sync jobs")).match(/\*nothing\*: cannot be stopped; brings nothing back/g),
  ).toHaveLength(1);
  expect(told(await shown.type("sync jobs"))).not.toContain("*other*:");
  expect(told(await shown.type("sync status person-sync"))).toContain(
    "_nothing: cannot be stopped; brings nothing back_",
  );
});

describe("sync chain", () => {
  test("takes jobs and one environment, by any of their names", async () => {
    const { type, calls } = desk();
    await type('sync chain "Person sync job" post-sync production --reason="after the fix" --override=late');
    expect(calls).toEqual([
      [
        "chains.start",
        { jobs: ["person-sync", "post-sync"], environment: "prod", reason: "after the fix", override: "late" },
      ],
    ]);
    expect(told(await type("sync chain person-sync prod"))).toContain("Write `sync chain JOB JOB ENV`");
    expect(told(await type("sync chain person-sync post-sync preprod"))).toContain("post-sync is not in preprod");
  });

  test("says what comes after the first", async () => {
    const answer = await desk().type("sync chain person-sync post-sync prod");
    expect(answer.tone).toBe("info");
    expect(told(answer)).toContain("Then, each when the one before has succeeded: post-sync.");
  });

  test("what the catalogue has after a job is listed, and a stopped chain says how to go on", async () => {
    const list = async () => [{ ...job, ["then"]: ["post-sync", "site-sync"] }];
    expect(told(await desk({ jobs: { list } }).type("sync jobs"))).toContain(". Then post-sync, then site-sync");
    const said = "the chain stopped: run 7 (person-sync) failed. Not run: post-sync";
    const chain = { position: 1, jobs: ["person-sync", "post-sync"], state: "stopped", said, next: null } as const;
    const get = async () => ({ ...run7, state: "failed", chain, noRerun: "it failed twice" }) as const;
    const answer = await desk({ runs: { get } }).type("sync status run 7");
    expect(told(answer)).toContain("Chain 1 of 2: *person-sync*, then post-sync. The chain stopped: run 7");
    expect(told(answer)).toContain("Rerun is not offered: it failed twice");
    expect(answer.buttons).toEqual([]);
  });
});
