import { expect, test } from "vitest";
import { plain } from "../../src/command/format.ts";
import { asha, at, desk, dry7, run7 } from "./desk.ts";

const NOW_ON = { cron: null, forMs: null, zone: "Europe/London", from: null };

test("a freeze is typed with its jobs, its places, its time and why", async () => {
  const here = desk();
  await here.type("sync freeze * prod for=2h TCS is being released");
  await here.type('sync freeze person-* production cron="0 0 * * *" for=5h --refuse "before 05:00"');
  await here.type(
    "sync freeze person-sync prod from=06:00 to=2021-03-18T09:00 --allow --zone=Asia/Kolkata office hours",
  );
  const [first, second, third] = here.calls.map(([, wanted]) => wanted);
  expect(first).toMatchObject({
    ...NOW_ON,
    ...{ jobs: ["*"], environments: ["prod"], mode: "deny", held: "defer", because: "TCS is being released" },
  });
  expect(second).toMatchObject({
    ...{ jobs: ["person-*"], environments: ["prod"], held: "refuse", because: "before 05:00" },
    ...{ cron: "0 0 * * *", forMs: 5 * 3_600_000, from: null, until: null },
  });
  expect(third).toMatchObject({
    ...{ mode: "allow", zone: "Asia/Kolkata", because: "office hours", until: at("2021-03-18T03:30:00Z") },
  });
});

test.each([
  ["sync freeze person-sync", "What is to be held back"],
  ["sync freeze person-sync prod", "Why is it held back"],
  ["sync freeze person-snyc prod because", "person-snyc"],
  ["sync freeze * prod for=soon because", "not a duration"],
  ["sync freeze * prod --zone=Mars because", "not a time zone"],
  ['sync freeze * prod cron="0 0 * * *" because', "How long does each"],
  ["sync freeze * prod for=2h to=2021-03-18T09:00 because", "Both `for` and `to`"],
  ["sync freeze * prod from=2021-03-19T09:00 to=2021-03-18T09:00 because", "end before it begins"],
  ["sync unfreeze", "Which freeze"],
  ["sync unfreeze freeze-1", "Why does freeze-1 end"],
  ["sync override run 7", "Why must it start"],
  ["sync rerun run 7 --from=start", "cannot begin from"],
])("%s is asked back", async (line, said) => {
  const here = desk();
  const answer = await here.type(line);
  expect(answer.tone).toBe("problem");
  expect(answer.text).toContain(said);
  expect(here.calls).toEqual([]);
});

test("freezes are listed also by the word freeze alone", async () => {
  const here = desk();
  for (const line of ["sync freezes", "sync freeze"]) {
    const answer = await here.type(line);
    expect(answer.text).toBe("1 of 1 hold now:");
    expect(plain(answer.sections?.[0]?.lines[0] ?? "")).toContain("freeze-1 holds until");
  }
  expect(here.calls).toEqual([["freezes.list"], ["freezes.list"]]);
});

test("a yes needs no words; a no asks for its reason in a form", async () => {
  const here = desk();
  expect((await here.type("sync approve run 7")).tone).toBe("done");
  const question = {
    id: "reject-run",
    title: "Reject run 7",
    lines: [],
    look: "red",
    submit: "Reject",
    fields: [],
  } as const;
  const asked = desk({ runs: { reject: async () => ({ kind: "ask", question }) } });
  expect((await asked.type("sync reject run 7")).ask).toEqual(question);
  await here.type("sync reject run 7", { confirmation: { id: "reject-run", values: { reason: "not tonight" } } });
  await here.type("sync reject run 7 it is not tonight's job");
  await here.type("sync withdraw run 7");
  expect(here.calls).toEqual([
    ["runs.approve", 7],
    ["runs.reject", 7, "not tonight"],
    ["runs.reject", 7, "it is not tonight's job"],
    ["runs.withdraw", 7, null],
  ]);
});

test("a dry run shows every check and says first that nothing was started", async () => {
  const here = desk();
  const answer = await here.type("sync run person-sync prod --dry-run dateOverride=ANY");
  expect(plain(answer.text)).toMatch(/^Dry run, nothing was started: person-sync in prod with dateOverride=ANY/);
  expect(answer.sections?.map(({ title }) => title)).toEqual(["What would be done", "Checks", "Found"]);
  await here.type("sync rerun run 7 --dry-run --version=previous");
  const ids = await here.type("sync resync person-sync prod --ids=1,2 --dry-run");
  expect(ids.text).toContain("Dry run, nothing was started");
  expect(here.calls).toEqual([
    ["runs.dryRun", { job: "person-sync", environment: "prod", parameters: { dateOverride: "ANY" } }],
    ["runs.dryRerun", 7, { version: "previous" }],
    ["fanouts.dryResync", { job: "person-sync", environment: "prod", ids: "1,2" }],
  ]);
  const blocked = await desk({ runs: { dryRun: async () => ({ ...dry7, blocked: true }) } }).type(
    "sync run person-sync prod --dry-run",
  );
  expect(blocked.tone).toBe("problem");
});

test("how a run is to start is handed on; an empty reason for an override is no reason", async () => {
  const here = desk();
  await here.type('sync run person-sync prod --version=previous --pin --override="the fix" --reason=late');
  await here.type("sync rerun run 7 --from=failed");
  await here.type('sync override run 7 "the fix"');
  expect(here.calls).toEqual([
    [
      "runs.request",
      {
        ...{ job: "person-sync", environment: "prod", parameters: {} },
        ...{ version: "previous", pin: true, override: "the fix", reason: "late" },
      },
    ],
    ["runs.rerun", 7, { from: "failed" }],
    ["freezes.override", 7, "the fix"],
  ]);
  expect((await here.type("sync run person-sync prod --override=")).tone).toBe("problem");
  expect(asha.key).toBe(run7.by);
});
