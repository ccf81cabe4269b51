import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { beforeStart, noticeFor } from "../../src/services/runs-unstoppable.ts";
import { asking, drive, queue, world } from "../jobs/world.ts";

const at = (text: string) => Temporal.Instant.from(text);
const about = {
  title: "Revalidation full sync",
  environment: "prod",
  zone: "Europe/London",
  now: at("2023-12-11T15:00:00Z"),
  readers: "the list is empty until the last stage",
};

test("the text for users says what runs, until when and what is seen, in their zone, and nothing that nobody knows", () => {
  const notice = noticeFor({ ...about, since: at("2023-12-11T14:45:00Z"), end: at("2023-12-11T16:10:00Z") });
  expect(notice).toBe(
    '"Revalidation full sync" has been running in prod since 14:45 (Europe/London) and cannot be stopped before its end. It should end at about 16:10 (Europe/London), in 1 h 10 min. Until then: the list is empty until the last stage. Please don\'t correct anything by hand meanwhile; we will tell you here when it has ended.',
  );
  const overdue = noticeFor({ ...about, readers: null, since: null, end: at("2023-12-11T14:50:00Z") });
  expect(overdue).toContain("When it ends is not known yet. Until then data may be missing or out of date.");
  expect(overdue).not.toContain("since");
});

test("before the start: how long it takes, what is seen, and the text to copy", () => {
  const usual = { medianMs: 5_400_000, withinMs: 7_200_000 };
  const lines = beforeStart({ ...about, usual });
  expect(lines).toEqual([
    ":warning: Once started it cannot be stopped from here. It takes usually 1 h 30 min, 9 of 10 within 2 h.",
    "Until it has ended: the list is empty until the last stage.",
    expect.stringContaining('For its users, to copy: "Revalidation full sync" is about to run in prod'),
  ]);
  expect(beforeStart({ ...about, usual: null, readers: null })[0]).toContain("How long it takes is not known.");
});

test("an abort of what cannot be stopped gives the time left, what is seen and the text", async () => {
  const here = await world({
    job: { readers: "search finds nobody", expect: { duration: "20m" }, title: "Person search" },
  });
  const run = await drive(here, await queue(here), { state: "running" });
  here.clock.advance({ minutes: 5 });
  const { said, cannot } = await here.runs.abort(asking(), run.number, null);
  expect(said).toContain("cannot be stopped from here");
  expect(said).toContain("Time left: about 15 min to go");
  expect(said).toContain("Until then: search finds nobody.");
  expect(cannot?.notice).toContain('"Person search" has been running in prod since 05:20');
});

test("the question before such a start says so too", async () => {
  const here = await world({ job: { readers: "search finds nobody" } });
  const outcome = await here.runs.request(asking(), { job: "person-sync", environment: "safe", parameters: {} });
  if (outcome.kind !== "ask") throw new Error("it was not asked");
  expect(outcome.question.lines.join("\n")).toContain("Until it has ended: search finds nobody.");
  expect(outcome.question.lines.join("\n")).toContain('to copy: "person-sync" is about to run in safe');
});
