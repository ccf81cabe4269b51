import { expect, test } from "vitest";
import { desk, told } from "./desk.ts";

const inThread = { incident: 3 };
const issue = { name: "ESR-1", url: "https://sentry.example.org/1", open: true, reachable: true };
const issues = async () => [issue, { ...issue, name: "issue 42", url: null, open: false, reachable: false }];

test("shows an incident's issues, and offers to resolve those that are open", async () => {
  const answer = await desk({ sentry: { issues } }).type("sentry", inThread);
  expect(told(answer)).toContain("*<https://sentry.example.org/1|ESR-1>* open");
  expect(told(answer)).toContain("*issue 42* resolved or archived, without an API: change it in Sentry");
  expect(answer.buttons).toEqual([{ label: "Resolve in Sentry too", command: "incident sentry INC-3 resolve" }]);
  expect((await desk().type("incident sentry INC-3")).text).toBe("No issue of Sentry's is part of INC-3.");
});

test("resolve, ignore and assign take the thread's incident or the one named, and say that Sentry is asked", async () => {
  const { type, calls } = desk();
  const answer = await type("sentry resolve", inThread);
  await type("incident sentry INC-5 archive ESR-1 ESR-2");
  await type("incident sentry 5 assign @asha ESR-1");
  await type("sentry assign me", inThread);
  expect(calls).toEqual([
    ["sentry.change", 3, { action: "resolve" }],
    ["sentry.change", 5, { action: "ignore", issues: ["ESR-1", "ESR-2"] }],
    ["sentry.change", 5, { action: "assign", person: "asha", issues: ["ESR-1"] }],
    ["sentry.change", 3, { action: "assign", person: "asha" }],
  ]);
  expect(answer.text).toBe("Sentry is asked to resolve ESR-1 and ESR-2. The thread says when its answer shows it.");
});

test("says what it did not understand", async () => {
  const { type, calls } = desk();
  expect((await type("incident sentry INC-3 delete")).text).toContain("Write resolve, ignore or assign");
  expect((await type("incident sentry INC-3 assign")).text).toContain("To whom?");
  expect((await type("incident sentry INC-3 assign nobody-known")).tone).not.toBe("info");
  expect(calls).toEqual([]);
});

test("resolve offers Sentry while an issue is open there, and with --sentry asks it at once", async () => {
  const offering = desk({ sentry: { issues } });
  expect((await offering.type("resolve", inThread)).buttons?.map(({ label }) => label)).toEqual([
    "Resolve in Sentry too",
    "Export",
  ]);
  const asked = await offering.type("resolve mapping released --sentry", inThread);
  expect(offering.calls.slice(-2)).toEqual([
    ["incidents.setStatus", 3, "resolved", "mapping released"],
    ["sentry.change", 3, { action: "resolve" }],
  ]);
  expect(told(asked)).toContain("Sentry is asked to resolve ESR-1 and ESR-2.");
  const nothing = await desk().type("resolve --sentry", inThread);
  expect(told(nothing)).toContain("No issue of it is open in Sentry that can be resolved from here.");
});
