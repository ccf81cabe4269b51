import { describe, expect, test } from "vitest";
import type { Asking } from "../../src/services/contract.ts";
import { at, desk, inc3, told } from "./desk.ts";

const inThread = { incident: 3 };

describe("incident open", () => {
  test("takes prose, options anywhere, and a time of the catalogue's zone", async () => {
    const { type, calls } = desk();
    await type("incident open Trainee list isn't loading a=b severity=2 environment=production at=23:50");
    expect(calls).toEqual([
      [
        "incidents.open",
        {
          title: "Trainee list isn't loading a=b",
          severity: "sev2",
          environment: "prod",
          at: at("2021-03-16T23:50:00Z"),
        },
      ],
    ]);
  });

  test("without a title asks for one, and takes the form's answer", async () => {
    const { type, calls } = desk();
    const answer = await type("incident open");
    expect(calls).toEqual([]);
    expect(answer.ask?.fields.map(({ key }) => key)).toEqual(["title", "severity", "at"]);
    const values = { title: "List is empty", severity: "sev1", at: "" };
    await type("incident open", { confirmation: { id: answer.ask?.id ?? "", values } });
    expect(calls).toEqual([["incidents.open", { title: "List is empty", severity: "sev1" }]]);
  });

  test("refuses a severity and a time that are none", async () => {
    expect((await desk().type("incident open x severity=high")).text).toContain("Write sev1 (worst) to sev4.");
    expect((await desk().type("incident open x at=25:00")).text).toContain('"25:00" is no time.');
    expect((await desk().type("incident open x at=2021-03-18")).text).toContain("still to come");
  });
});

test("incident list filters, and says when all is quiet", async () => {
  const { type, calls } = desk();
  const answer = await type("incident list");
  await type("incident list ack");
  await type("incident list --all");
  expect(calls).toEqual([
    ["incidents.list", {}],
    ["incidents.list", { status: "acknowledged" }],
    ["incidents.list", { all: true }],
  ]);
  expect(told(answer)).toContain(
    "*INC-3* sev2 open: ESR &lt;b&gt; fails in :red_circle: *prod*. 4 alerts, last <!date^",
  );
  expect(told(answer)).toContain("nobody has it");
  expect((await desk({ incidents: { list: async () => [] } }).type("incident list")).text).toBe(
    "Nothing is open. All quiet.",
  );
  expect((await type("incident list opne")).text).toContain("Did you mean open?");
});

describe("incident ack, assign, status, severity, resolve", () => {
  test("are about the thread's incident, or the one named", async () => {
    const { type, calls } = desk();
    await type("ack", inThread);
    await type("incident ack inc-5");
    await type("incident ack 5");
    await type("resolve", inThread);
    await type("resolve NIMDTA jobs re-run at 10:45", inThread);
    await type("incident status INC-5 mitigated waiting for 05:00");
    await type("status", inThread);
    await type("severity 1", inThread);
    await type("severity INC-5 sev4 only one user");
    await type("incident severity INC-5 sev4 only one user");
    expect(calls).toEqual([
      ["incidents.acknowledge", 3],
      ["incidents.acknowledge", 5],
      ["incidents.acknowledge", 5],
      ["incidents.setStatus", 3, "resolved", undefined],
      ["sentry.issues", 3],
      ["incidents.setStatus", 3, "resolved", "NIMDTA jobs re-run at 10:45"],
      ["sentry.issues", 3],
      ["incidents.setStatus", 5, "mitigated", "waiting for 05:00"],
      ["incidents.get", 3],
      ["incidents.setSeverity", 3, "sev1", undefined],
      ["incidents.setSeverity", 5, "sev4", "only one user"],
    ]);
  });

  test("assign takes a mention, a name, or me", async () => {
    const { type, calls } = desk();
    await type("assign <@U034|ben>", inThread);
    await type("assign Ben Okafor", inThread);
    await type("incident assign INC-5 me");
    await type("incident assign INC-5 <@U999>");
    expect(calls).toEqual([
      ["incidents.assign", 3, "ben"],
      ["incidents.assign", 3, "ben"],
      ["incidents.assign", 5, "asha"],
      ["incidents.assign", 5, "U999"],
    ]);
    expect((await type("assign", inThread)).text).toContain("To whom?");
  });

  test("ask which incident when nothing implies one", async () => {
    const answer = await desk().type("incident ack");
    expect(answer.text).toBe("Which incident? Write INC-3, or say it inside the incident's thread.");
    expect(told(answer)).toContain("Usage: `/incident ack [INC-N]`");
  });
});

describe("incident note", () => {
  test("keeps the words as they were typed", async () => {
    const { type, calls } = desk();
    await type("note  it's  `down`, see <https://example.org/x|the log> &amp; wait --force", inThread);
    await type("note 3 retries failed", inThread);
    await type('incident note INC-5 "quoted whole"');
    await type("incident note INC-5 TCS deploy at=14:30");
    expect(calls).toEqual([
      ["incidents.note", 3, { text: "it's  `down`, see the log (https://example.org/x) & wait --force" }],
      ["incidents.note", 3, { text: "3 retries failed" }],
      ["incidents.note", 5, { text: "quoted whole" }],
      ["incidents.note", 5, { text: "TCS deploy", at: at("2021-03-16T14:30:00Z") }],
    ]);
  });

  test("says that a message of the thread was a line already", async () => {
    const given: unknown[] = [];
    const note = async (_asking: Asking, _incident: number, noted: object) => {
      given.push(noted);
      return { ...inc3, marked: true } as const;
    };
    const { type } = desk({ incidents: { note } });
    const values = { text: "Ben: found it", at: "2021-03-17T03:55:00Z", message: "100.1", entry: "12" };
    const answer = await type("incident note INC-3", { confirmation: { id: "add-to-timeline", values } });
    const message = { ts: "100.1", entry: 12 };
    expect(answer.text).toContain("It is marked as key now");
    expect(given).toEqual([{ text: "Ben: found it", at: at("2021-03-17T03:55:00Z"), message }]);
  });

  test("without words asks for them, and takes the form's answer", async () => {
    const { type, calls } = desk();
    const answer = await type("incident note INC-3");
    expect(answer.ask).toMatchObject({ title: "Add a note to INC-3", submit: "Add note" });
    const confirmation = { id: answer.ask?.id ?? "", values: { text: "Fix is ready", at: "03:55" } };
    await type("incident note INC-3", { confirmation });
    expect(calls).toEqual([["incidents.note", 3, { text: "Fix is ready", at: at("2021-03-17T03:55:00Z") }]]);
  });
});

test("incident timeline shows lines with their marks", async () => {
  const answer = await desk().type("incident timeline INC-3");
  expect(told(answer)).toContain(":pushpin: <!date^1615905900^");
  expect(told(answer)).toContain("Asha Rao: TCS was deployed at 14:30 (edited)");
  expect(answer.data?.["timeline"]).toMatchObject([
    { kind: "message", by: "asha", at: "2021-03-16T14:45:00Z", key: true },
  ]);
});

test("incident timeline names the sender of a line where the first was another's", async () => {
  const entry = {
    kind: "signal",
    key: false,
    edited: false,
    deleted: false,
    by: "sentry",
    byName: "sentry",
    text: "Down",
  };
  const time = { at: at("2021-03-16T14:45:00Z"), learnedAt: at("2021-03-16T14:45:00Z") };
  const entries = ["sentry", "am-prod", "sentry"].map((byName) => ({ ...entry, ...time, byName, data: {} }));
  const answer = await desk({ incidents: { timeline: async () => entries } }).type("incident timeline INC-3");
  expect(told(answer).match(/Down( · am-prod)?$/gm)).toEqual(["Down", "Down · am-prod", "Down"]);
});

test("incident export says the version, or that nothing changed", async () => {
  const { type, calls } = desk();
  const answer = await type("export", inThread);
  expect(calls).toEqual([["incidents.export", 3, "markdown"]]);
  expect(answer.text).toBe("Wrote the postmortem of INC-3, version 1.");
  expect(told(answer)).toContain("Saved as `postmortems/INC-3.md`");
  const same = { url: null, path: null, version: 2, unchanged: true };
  const again = await desk({ incidents: { export: async () => same } }).type("incident export INC-3");
  expect(again.text).toBe("The postmortem of INC-3 has not changed since version 2.");
});

test("incident help is made from the list", async () => {
  const { type, calls } = desk();
  const answer = await type("help", inThread);
  expect(calls).toEqual([["jobs.list", {}]]);
  expect(told(answer)).toContain("Write the postmortem from the timeline (_not granted to you_)");
  expect(told(answer)).toContain("Close an incident\n");
  expect(told(answer)).toContain("`/incident resolve [INC-N] [REASON] [--sentry]` Close an incident");
});

describe("incident merge and split", () => {
  test("merge names two, or one inside the other's thread", async () => {
    const { type, calls } = desk();
    await type("incident merge INC-4 into INC-3");
    await type("incident merge 4 3");
    await type("merge INC-4", inThread);
    const answer = await type('incident merge INC-4 INC-3 across="one database"');
    expect(calls).toEqual([
      ["incidents.merge", 4, 3, undefined],
      ["incidents.merge", 4, 3, undefined],
      ["incidents.merge", 4, 3, undefined],
      ["incidents.merge", 4, 3, "one database"],
    ]);
    expect(answer.text).toBe("INC-4 goes on in INC-3.");
    for (const line of [
      "incident merge",
      "incident merge INC-4",
      "incident merge INC-4 INC-3 INC-2",
      "incident merge x y",
    ])
      expect((await type(line)).text).toContain("Which incidents?");
  });

  test("split says what is taken out, by the catalogue's names", async () => {
    const { type, calls } = desk();
    await type('incident split INC-3 service=tis-sync title="Another thing"');
    await type('split job="Person sync job"', inThread);
    await type("incident split INC-3 signal=42");
    await type("incident split INC-3 incident=INC-7");
    expect(calls).toEqual([
      ["incidents.split", 3, { service: "tis-sync", title: "Another thing" }],
      ["incidents.split", 3, { job: "person-sync" }],
      ["incidents.split", 3, { signal: 42 }],
      ["incidents.split", 3, { incident: 7 }],
    ]);
    expect((await type("incident split INC-3")).text).toContain("What is to be taken out?");
    expect((await type("incident split INC-3 tis-sync")).text).toContain("Write service=tis-sync");
    expect((await type("incident split INC-3 job=person-snyc")).text).toContain("Did you mean person-sync?");
    expect((await type("incident split INC-3 incident=INC-7 service=x")).text).toContain("stands alone");
  });
});
