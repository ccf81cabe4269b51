import fc from "fast-check";
import { expect, test } from "vitest";
import { compose } from "../../src/postmortem/compose.ts";
import type { Block, Gap, Postmortem } from "../../src/postmortem/document.ts";
import { SECTION_TITLES } from "../../src/postmortem/document.ts";
import { at, line, night } from "./told.ts";

const section = (document: Postmortem, title: string): readonly Block[] =>
  document.sections.find((one) => one.title === title)?.blocks ?? [];
const header = (document: Postmortem) => Object.fromEntries(document.header.map(({ name, value }) => [name, value]));

test("has the header and the sections of the team's template, in order", () => {
  const document = compose(night, "GMT");
  expect(document.header.map(({ name }) => name)).toEqual(["Date", "Authors", "Status", "Summary", "Impact"]);
  expect(document.sections.map(({ title }) => title)).toEqual(SECTION_TITLES);
});

test("tells what the record knows", () => {
  expect(header(compose(night, "GMT"))).toEqual({
    Date: { kind: "text", text: "16 March 2021 to 17 March 2021" },
    Authors: { kind: "text", text: "Asha Rao" },
    Status: { kind: "text", text: "Resolved 17 March 2021, 10:50 GMT" },
    Summary: {
      kind: "text",
      text: "INC-1 (sev2) in prod: ESR application record generator fails. Affected: esr-generator, esr-inbound.",
    },
    Impact: { kind: "gap", ask: "who noticed what, how many, for how long" },
  });
});

test("writes a date where the day changes, in the document's zone", () => {
  expect(section(compose(night, "GMT"), "Timeline")).toEqual([
    { kind: "paragraph", text: "All times in GMT unless indicated." },
    {
      kind: "days",
      days: [
        {
          date: "16 March 2021",
          lines: [
            { time: "14:30", key: false, text: "tcs 4f2a was deployed to prod" },
            { time: "14:42", key: false, text: "esr-generator: cannot read permitToWork" },
            { time: "23:59", key: true, text: "Asha Rao: Looking at the deploy (https://example.org/x) (edited)" },
          ],
        },
        {
          date: "17 March 2021",
          lines: [
            { time: "00:09", key: false, text: "Ben Okafor: (deleted)" },
            {
              time: "03:55",
              key: false,
              text: "Asha Rao: Root cause: the enumeration became a string (recorded 09:00)",
            },
            {
              time: "09:01",
              key: false,
              text: "Asha Rao: Action: check consumers of Person before a deploy (@Ben Okafor)",
            },
            { time: "10:50", key: false, text: "Asha Rao resolved the incident: jobs re-run" },
          ],
        },
      ],
    },
  ]);
  const kolkata = section(compose(night, "Asia/Kolkata"), "Timeline")[1];
  expect(kolkata).toMatchObject({ days: [{ date: "16 March 2021" }, { date: "17 March 2021" }] });
  expect(kolkata).toMatchObject({ days: [{ lines: [{ time: "20:00" }, { time: "20:12" }] }, {}] });
});

test("takes causes and actions from what people wrote with the word in front", () => {
  const document = compose(night, "GMT");
  expect(section(document, "Root Cause(s)")).toEqual([{ kind: "bullets", items: ["the enumeration became a string"] }]);
  expect(section(document, "Action Items")[0]).toMatchObject({
    rows: [
      [
        { kind: "text", text: "check consumers of Person before a deploy" },
        { kind: "text", text: "Ben Okafor" },
        { kind: "gap" },
      ],
    ],
  });
});

test("a deploy before the first alert is told, and never called the trigger", () => {
  const blocks = section(compose(night, "GMT"), "Trigger");
  expect(blocks[0]).toMatchObject({ kind: "gap" });
  expect(blocks[1]).toEqual({
    kind: "paragraph",
    text: "Deployed before the first alert (not shown to be the trigger):",
  });
});

test("suspects are told in their order with why and where to look, and their line is not told twice", () => {
  const at = night.firstSeenAt.subtract({ minutes: 12 });
  const reason = "12 min before the first alert, upstream of esr-generator";
  const what = "tcs 6.2.0 was deployed in prod by Ben Okafor";
  const suspect = { id: 7, at, what, reason, url: "https://ci.example.org/7" };
  const timeline = night.timeline.map((entry) => (entry.kind === "deploy" ? { ...entry, data: { deploy: 7 } } : entry));
  expect(section(compose({ ...night, timeline, suspects: [suspect] }, "GMT"), "Trigger").slice(1)).toEqual([
    { kind: "paragraph", text: "Suspects, the likeliest first (not shown to be the trigger):" },
    { kind: "bullets", items: [`16 March 2021, 14:30 GMT: ${what}, ${reason} (https://ci.example.org/7)`] },
  ]);
});

test("an empty record is all gaps, and nothing is invented", () => {
  const bare = {
    ...night,
    title: "x",
    timeline: [],
    alerts: 0,
    ownerName: null,
    services: [],
    resolvedAt: null,
    status: "open",
  };
  const document = compose(bare, "GMT");
  for (const title of SECTION_TITLES.filter((one) => one !== "Action Items")) {
    expect(section(document, title).map(({ kind }) => kind)).toEqual(["gap"]);
  }
  expect(header(document)).toMatchObject({
    Authors: { kind: "gap" },
    Impact: { kind: "gap" },
    Status: { text: "Open" },
  });
});

test("a resolution is told only while the incident is resolved", () => {
  const reopened = compose({ ...night, status: "open", resolvedAt: null }, "GMT");
  expect(section(reopened, "Resolution").map(({ kind }) => kind)).toEqual(["gap"]);
  expect(section(compose(night, "GMT"), "Resolution")[1]).toEqual({
    kind: "paragraph",
    text: "17 March 2021, 10:50 GMT: Asha Rao resolved the incident: jobs re-run",
  });
});

const instants = fc.integer({ min: 0, max: 4_000_000_000 }).map((s) => at("1970-01-01T00:00:00Z").add({ seconds: s }));
const entries = fc.array(
  fc.record({
    kind: fc.constantFrom("signal", "message", "note", "run", "status", "deploy", "file", "command"),
    when: instants,
    text: fc.string(),
    deleted: fc.boolean(),
  }),
  { maxLength: 30 },
);

test("whatever the timeline: every line is told once, in order, and exports change nothing", () => {
  fc.assert(
    fc.property(entries, instants, (drawn, when) => {
      const timeline = drawn
        .map(({ kind, when: moment, text, deleted }) => line(kind, moment.toString(), text, { deleted }))
        .sort((a, b) => a.at.epochMilliseconds - b.at.epochMilliseconds);
      const told = { ...night, timeline };
      const document = compose(told, "GMT");
      const days = section(document, "Timeline").flatMap((block) => (block.kind === "days" ? block.days : []));
      expect(days.flatMap(({ lines }) => lines)).toHaveLength(timeline.length);
      expect(new Set(days.map(({ date }) => date)).size).toBe(days.length);
      const exported = line("export", when.toString(), "Asha Rao exported the postmortem");
      expect(compose({ ...told, timeline: [...timeline, exported] }, "GMT")).toEqual(document);
      const gaps = document.sections
        .flatMap(({ blocks }) => blocks)
        .filter((block): block is Gap => block.kind === "gap");
      for (const gap of gaps) expect(gap.ask).not.toBe("");
    }),
  );
});
