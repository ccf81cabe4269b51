import { expect, test } from "vitest";
import { commands } from "../../commands/index.ts";
import { manualClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { createRouter, findCommand } from "../../src/command/router.ts";
import { catalogue, desk } from "../commands/desk.ts";

const nowhere = { incident: null, run: null };
const found = (text: string, where = nowhere as { incident: number | null; run: number | null }) => {
  const { command, line } = findCommand(commands, text, where);
  return [`${command.family} ${command.name}`, line];
};

test("the first word is the family, with or without a slash or a mention", () => {
  expect(found("sync run a b")).toEqual(["sync run", "a b"]);
  expect(found("/SYNC Run a b")).toEqual(["sync run", "a b"]);
  expect(found("<@U0BOT> incident ack INC-3")).toEqual(["incident ack", "INC-3"]);
  expect(found("<@U0BOT|nightdesk>: sync")).toEqual(["sync help", ""]);
  expect(found("")).toEqual(["sync help", ""]);
  expect(found("help")).toEqual(["sync help", ""]);
});

test("inside an incident's thread a bare verb is incident's when it is one, else sync's", () => {
  const thread = { incident: 3, run: null };
  expect(found("status", thread)).toEqual(["incident status", ""]);
  expect(found("rerun run 7", thread)).toEqual(["sync rerun", "run 7"]);
  expect(found("help", thread)).toEqual(["incident help", ""]);
  expect(found("sync status", thread)).toEqual(["sync status", ""]);
});

test("inside a run's thread a bare verb is sync's", () => {
  expect(found("status", { incident: null, run: 7 })).toEqual(["sync status", ""]);
});

test.each([
  ["run person-sync prod", 'I do not know "run". Did you mean `sync run person-sync prod`?'],
  ["snyc jobs", 'I do not know "snyc". Did you mean `sync jobs`?'],
  ["good morning", 'I do not know "good". Start with `sync` or `incident`; `sync help` shows all there is.'],
  ["sync abrot run 7", "There is no `sync abrot`. Did you mean `sync abort run 7`?"],
  ["sync ack", "There is no `sync ack`. Did you mean `incident ack`?"],
  ["incident xyzzy", "There is no `incident xyzzy`. There is open, list,"],
])("%s is answered with what was meant", async (text, said) => {
  const answer = await desk().type(text);
  expect(answer.tone).toBe("problem");
  expect(answer.text).toContain(said);
});

test.each([
  ["sync run person-sync prod", nowhere, true],
  ["sync run person-sync preprod", nowhere, false],
  ["sync run person-snyc prod", nowhere, false],
  ["sync rerun run 7", nowhere, true],
  ["sync rerun person-sync preprod", nowhere, false],
  ["sync settle run 7", nowhere, true],
  ["sync settle run 7 failed", nowhere, true],
  ["sync settle run 7 failed seen in the log", nowhere, false],
  ["sync abort run 7", nowhere, false],
  ["incident open", nowhere, true],
  ["incident open It is empty", nowhere, false],
  ["incident note INC-3", nowhere, true],
  ["note", { incident: 3, run: null }, true],
  ["incident note INC-3 done", nowhere, false],
  ["nonsense", nowhere, false],
])("%s may ask back: %s %s", (text, place, asks) => {
  expect(router().mayAsk(text, place)).toBe(asks);
});

const router = (reported: unknown[] = []) =>
  createRouter({
    commands,
    services: {} as never,
    catalogue,
    clock: manualClock("2021-03-17T05:20:00Z"),
    log: silentLogger,
    reportFault: (...fault) => reported.push(fault),
  });
const asking = {
  surface: "slash",
  requestKey: "k",
  channel: null,
  channelName: null,
  incident: null,
  run: null,
} as const;

test.each(["guest", "foreign", "bot", "deactivated", "unknown"] as const)("a %s is refused", async (because) => {
  const answer = await router().answer({ text: "sync jobs", asker: { kind: "refused", because }, asking });
  expect(answer).toMatchObject({ tone: "refused", data: { code: `asker_${because}` } });
});

test("what comes too late is not carried out, but for an abort", () => {
  const agoMs = 61 * 60_000;
  const late = router().tooLate({ text: "sync run person-sync prod", asking: nowhere, agoMs });
  expect(late?.text).toBe(
    "Nightdesk could not get to this for 1 h 1 min, so it was not carried out. Nothing was done.",
  );
  expect(router().tooLate({ text: "sync abort run 7", asking: nowhere, agoMs })).toBeNull();
  expect(router().tooLate({ text: "abort", asking: { incident: null, run: 7 }, agoMs })).toBeNull();
  expect(router().tooLate({ text: "nonsense", asking: nowhere, agoMs })).not.toBeNull();
});

test("what is our fault is thrown, then told with the reference it was reported under", async () => {
  const reported: unknown[] = [];
  const broken = desk({ jobs: { list: () => Promise.reject(new TypeError("boom")) } });
  await expect(broken.type("sync jobs")).rejects.toThrow("boom");
  const error = new TypeError("boom");
  const answer = router(reported).fault(error, { text: "sync jobs", requestKey: "k" });
  const reference = String(answer.data?.["reference"]);
  expect(reference).toMatch(/^[0-9a-f]{8}$/);
  expect(answer.text).toContain(`Reference \`${reference}\``);
  expect(answer.text).not.toContain("boom");
  expect(reported).toEqual([[error, { reference, request: "k" }]]);
});
