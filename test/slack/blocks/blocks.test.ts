import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import type { Answer } from "../../../src/command/answer.ts";
import { RUN_STATES } from "../../../src/services/contract.ts";
import { answerMessage, answerView } from "../../../src/slack/blocks/answer.ts";
import { entryReply } from "../../../src/slack/blocks/entry.ts";
import { formErrors, formView, submittedValues, waitingView } from "../../../src/slack/blocks/form.ts";
import { type IncidentHeader, incidentHeader } from "../../../src/slack/blocks/incident.ts";
import { chooseIncidentView, noteToAdd } from "../../../src/slack/blocks/note.ts";
import { runCard } from "../../../src/slack/blocks/run.ts";
import { aRun, instant, maybe, place, words } from "./cards.ts";
import { calls, checkMessage, checkView } from "./checker.ts";

const state = fc.constantFrom(...RUN_STATES);
const number = fc.integer({ min: 1, max: 100_000 });

const headerRun = fc.record({ number, job: words, environment: words, state, proved: fc.boolean() });
const suspect = fc.record({
  ...{ id: number, name: words, environment: maybe(words), candidates: fc.array(words, { maxLength: 3 }) },
  ...{ outcome: fc.constantFrom("started" as const, "succeeded" as const, "failed" as const), by: maybe(words) },
  ...{ url: maybe(words), at: instant, learnedAt: instant, reason: words },
});
const incident: fc.Arbitrary<IncidentHeader> = fc.record({
  number,
  title: words,
  status: fc.constantFrom("open", "acknowledged", "mitigated", "resolved"),
  severity: fc.constantFrom("sev1", "sev2", "sev3", "sev4"),
  place: maybe(place),
  candidates: fc.array(place, { maxLength: 4 }),
  error: maybe(words),
  services: fc.array(words, { maxLength: 40 }),
  jobs: fc.array(words, { maxLength: 40 }),
  ownerName: maybe(words),
  alerts: fc.nat(),
  openedAt: instant,
  firstSeenAt: instant,
  lastSeenAt: instant,
  resolvedAt: maybe(instant),
  rate: fc.dictionary(fc.nat({ max: 30_000_000 }).map(String), fc.nat({ max: 1_000 })),
  runs: fc.array(headerRun, { maxLength: 20 }),
  suspects: fc.array(suspect, { maxLength: 5 }),
  joinedBy: maybe(words),
  mention: fc.constant(null),
  displaced: maybe(words),
});
const question = fc.record({
  id: fc.uuid(),
  title: words,
  lines: fc.array(words, { maxLength: 30 }),
  look: fc.constantFrom("green" as const, "amber" as const, "red" as const),
  submit: words,
  fields: fc.uniqueArray(
    fc.record(
      {
        key: fc.constantFrom("confirm", "reason", "text", "title", "severity", "outcome", "at"),
        label: words.filter((text) => text.trim() !== ""),
        hint: words.filter((text) => text.trim() !== ""),
        expected: fc.constantFrom("prod person-sync", "x".repeat(3_000)),
        options: fc.array(
          fc.record({
            value: fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 70 }),
            label: fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 200 }),
          }),
          { minLength: 1, maxLength: 120 },
        ),
        initial: words,
        optional: fc.boolean(),
        multiline: fc.boolean(),
      },
      { requiredKeys: ["key", "label"] },
    ),
    { selector: (field) => field.key, maxLength: 6 },
  ),
});
/** An answer's texts are mrkdwn of ours: their strangers' parts were escaped by the command. */
const mrkdwn = words.map((text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"));
const answer: fc.Arbitrary<Answer> = fc.record(
  {
    tone: fc.constantFrom("done", "info", "refused", "problem"),
    text: mrkdwn,
    sections: fc.array(
      fc.record({ title: mrkdwn, lines: fc.array(mrkdwn, { maxLength: 60 }) }, { requiredKeys: ["lines"] }),
      { maxLength: 60 },
    ),
    buttons: fc.array(
      fc.record({ label: fc.constantFrom("Rerun", "Abort"), command: fc.string({ minLength: 1, maxLength: 3_000 }) }),
      { maxLength: 30 },
    ),
    ask: question,
  },
  { requiredKeys: ["tone", "text"] },
);

test("any incident is a message that Slack takes, complete without its blocks, and calls nobody by itself", () => {
  fc.assert(
    fc.property(incident, (given) => {
      const message = incidentHeader(given);
      expect(checkMessage(message)).toEqual([]);
      expect(message.text).toContain(`INC-${given.number}`);
      expect(message.text).toContain(given.status);
      expect(calls(message)).toEqual([]);
    }),
  );
});

test("any timeline entry is a reply that Slack takes; strangers' words call nobody", () => {
  const entry = fc.record({
    incident: number,
    kind: fc.constantFrom("signal", "run", "note", "status", "else"),
    signalKind: maybe(fc.constantFrom("firing", "finished", "constructor")),
    at: instant,
    learnedAt: instant,
    error: maybe(words),
    actorKind: fc.constantFrom("person" as const, "other" as const),
    actorName: words,
    text: words,
    blanked: fc.boolean(),
    mention: fc.constant(null),
  });
  fc.assert(
    fc.property(entry, (given) => {
      const message = entryReply(given);
      expect(checkMessage(message)).toEqual([]);
      expect(calls(message)).toEqual([]);
    }),
  );
});

test("any answer is a message and a modal that Slack takes", () => {
  fc.assert(
    fc.property(answer, fc.boolean(), (given, repeated) => {
      expect(checkMessage(answerMessage(given, { request: 7, repeated }))).toEqual([]);
      expect(checkView(answerView(given, { request: 7 }))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test("any question is a modal that Slack takes", () => {
  fc.assert(
    fc.property(question, (given) => {
      const withSubmit = { ...given, fields: given.fields.map((field) => ({ ...field })) };
      expect(checkView(formView(withSubmit, { request: 7, question: given.id }))).toEqual([]);
      expect(checkView(waitingView(given.title))).toEqual([]);
    }),
  );
});

test("any message can be added to any of the open incidents: the form is one that Slack takes", () => {
  const open = fc.array(fc.record({ number, title: words }), { minLength: 1, maxLength: 130 });
  fc.assert(
    fc.property(open, words, (incidents, text) => {
      const note = {
        text,
        at: "2021-03-16T14:42:00Z",
        channel: "C012",
        threadTs: null,
        messageTs: "1615905720.000100",
        responseUrl: "https://hooks.slack.com/app/T1/1/x",
      };
      const view = chooseIncidentView(incidents, note);
      expect(checkView(view)).toEqual([]);
      expect(noteToAdd(view.private_metadata ?? "")).toMatchObject({ channel: "C012" });
    }),
  );
});

const at = (text: string) => Temporal.Instant.from(text);
const esr: IncidentHeader = {
  number: 7,
  title: "Cannot deserialize permitToWork",
  status: "open",
  severity: "sev2",
  place: { name: "prod", look: "red", protected: true },
  candidates: [],
  error: null,
  services: ["esr-generator", "esr-notification"],
  jobs: [],
  ownerName: null,
  alerts: 2_800,
  openedAt: at("2021-03-16T14:42:00Z"),
  firstSeenAt: at("2021-03-16T14:42:00Z"),
  lastSeenAt: at("2021-03-16T15:10:00Z"),
  resolvedAt: null,
  rate: { "26931762": 1, "26931763": 400, "26931790": 2_399 },
  runs: [],
  suspects: [],
  joinedBy: "rule esr: environment prod, cause permitToWork",
  mention: "<!subteam^S012>",
  displaced: null,
};

test("a header says what, where, how bad, who and how often", () => {
  const { text, blocks } = incidentHeader(esr);
  const all = JSON.stringify(blocks);
  expect(text).toBe("INC-7 SEV2 open in PROD (protected): Cannot deserialize permitToWork <!subteam^S012>");
  for (const said of [
    "INC-7 · Cannot deserialize",
    ":lock: *PROD*",
    "*SEV2*",
    "nobody has it yet",
    "*2,800 alerts*",
    "esr-generator and esr-notification",
    "rule esr",
    "<!subteam^S012>",
  ]) {
    expect(all).toContain(said);
  }
  expect(all).toMatch(/first <!date\^1615905720\^\{date_short_pretty\} \{time\}\|2021-03-16 14:42 UTC>/);
});

test("a header shows the error's first line as code, and where it may be when nobody says which", () => {
  const nimdta = { name: "nimdta", look: "red", protected: true } as const;
  const { text, blocks } = incidentHeader({
    ...esr,
    title: "Person search index failed",
    error: "SQLSyntaxErrorException: Unknown `column` <p.ntn>\n\tat com.mysql.Statement",
    place: null,
    candidates: [{ name: "prod", look: "red", protected: true }, nimdta],
  });
  const all = JSON.stringify(blocks);
  expect(all).toContain("`SQLSyntaxErrorException: Unknown 'column' &lt;p.ntn&gt;`");
  expect(all).not.toContain("com.mysql");
  expect(all).toContain("*PROD* or :red_circle: :lock: *NIMDTA*, the sender does not say which");
  expect(text).toContain("in prod or nimdta (the sender does not say which): Person search index failed `SQLSyntax");
  const same = incidentHeader({ ...esr, error: "Cannot deserialize permitToWork" });
  expect(JSON.stringify(same.blocks).match(/Cannot deserialize/g)).toHaveLength(1);
});

test("a reply names its person once, shows an error as code, and a day only where it matters", () => {
  const entry = {
    incident: 7,
    kind: "status",
    at: at("2021-03-17T05:20:00Z"),
    learnedAt: at("2021-03-17T05:20:01Z"),
    signalKind: null,
    actorKind: "person" as const,
    actorName: "Asha Rao",
    text: "Asha Rao acknowledged the incident",
    error: null,
    blanked: false,
    mention: null,
  };
  expect(entryReply(entry).text.match(/Asha Rao/g)).toHaveLength(1);
  expect(entryReply(entry).text).toContain("^{time}|05:20 UTC>");
  expect(entryReply({ ...entry, text: "TCS was deployed" }).text).toContain("Asha Rao");
  expect(entryReply({ ...entry, at: at("2021-03-15T05:20:00Z") }).text).toContain("2021-03-15 05:20 UTC");
  const failed = {
    ...entry,
    kind: "signal",
    actorKind: "other" as const,
    error: "No <b>\nat x",
    text: "Sync failed: No <b>",
  };
  expect(entryReply(failed).text).toContain("Sync failed: `No &lt;b&gt;`");
  expect(entryReply({ ...failed, signalKind: "failed" }).text).toMatch(/^:bell: /);
  expect(entryReply({ ...failed, signalKind: "finished" }).text).toMatch(/^:white_check_mark: /);
  expect(entryReply({ ...failed, sender: "am-<prod>" }).text).toMatch(/`No &lt;b&gt;` {2}_.+ · am-&lt;prod&gt;_$/);
});

test("preprod is never red, whatever happens there", () => {
  const preprod = { name: "preprod", look: "green", protected: false } as const;
  for (const one of RUN_STATES) {
    const run = { number: 3, job: "sync", environment: "preprod", state: one, proved: true };
    const drawn = JSON.stringify([
      incidentHeader({ ...esr, severity: "sev1", place: preprod, runs: [run] }),
      runCard({ ...aRun, place: preprod, state: one }),
    ]);
    expect(drawn).not.toMatch(/red_circle|danger|:lock:|:x:|octagonal|no_entry|rotating_light/);
  }
});

test("the buttons follow the status: nothing is offered that makes no sense", () => {
  const labels = (incident: IncidentHeader) =>
    [...JSON.stringify(incidentHeader(incident).blocks.at(-1)).matchAll(/"text":"([^"]+)"/g)].map((match) => match[1]);
  expect(labels(esr)).toEqual(["Acknowledge", "Resolve", "Add note", "Export"]);
  expect(labels({ ...esr, status: "acknowledged" })).toEqual(["Resolve", "Add note", "Export"]);
  expect(labels({ ...esr, status: "resolved" })).toEqual(["Add note", "Export"]);
  const run = { number: 3, job: "sync", environment: "prod", state: "failed", proved: true } as const;
  expect(labels({ ...esr, runs: [run] })).toContain("Rerun");
  expect(labels({ ...esr, runs: [run, { ...run, number: 4, state: "running" }] })).not.toContain("Rerun");
});

test("what was typed is compared before anything is sent", () => {
  const form = {
    id: "q",
    title: "Run on prod",
    lines: [],
    look: "red",
    submit: "Run",
    fields: [
      { key: "confirm", label: "Type it", expected: "prod person-sync" },
      { key: "reason", label: "Why" },
      { key: "text", label: "More", optional: true },
    ],
  } as const;
  expect(formErrors(form, { confirm: "prod person-snyc" })).toEqual({
    confirm: "Type exactly: prod person-sync",
    reason: "This cannot be empty.",
  });
  expect(formErrors(form, { confirm: " prod person-sync ", reason: "fix" })).toEqual({});
  expect(
    submittedValues({
      values: {
        confirm: { confirm: { value: "prod person-sync" } },
        severity: { severity: { selected_option: { value: "sev2" } } },
        text: { text: { value: null } },
      },
    }),
  ).toEqual({ confirm: "prod person-sync", severity: "sev2" });
});

test("a long answer says how much was left out and where it is", () => {
  const lines = Array.from({ length: 4_000 }, (_, index) => `line ${index} ${"x".repeat(100)}`);
  const message = answerMessage({ tone: "info", text: "Everything", sections: [{ lines }] }, { request: 1 });
  expect(checkMessage(message)).toEqual([]);
  expect(JSON.stringify(message.blocks)).toMatch(/and \d+ more lines/);
});

test("how long it is until a load is said with the moment at which that was so", () => {
  const load = { job: "ndw-etl", at: at("2021-03-17T03:45:00Z") };
  const shown = (leftMs: number) => JSON.stringify(incidentHeader({ ...esr, loads: [{ ...load, leftMs }] }).blocks);
  expect(shown(25 * 60_000)).toMatch(/\*ndw-etl\* is read at <[^>]*03:45[^>]*>: 25 min left at <[^>]*03:20[^>]*>/);
  expect(shown(-5 * 60_000)).toMatch(/was to be read at <[^>]*03:45[^>]*>: 5 min ago at <[^>]*03:50[^>]*>/);
});
