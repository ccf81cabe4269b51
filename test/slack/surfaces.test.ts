import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import type { Answer } from "../../src/command/answer.ts";
import { openConfirmation } from "../../src/services/confirmations.ts";
import type { Question } from "../../src/services/contract.ts";
import { SIGNING_SECRET } from "./backends.ts";
import { soon, startDesk } from "./desk.ts";
import { addLine, openIncident, testCatalogue } from "./record.ts";

const question: Question = {
  id: "question-1",
  title: "Run person-sync on prod",
  lines: ["This is *production*.", "It replaces the person index."],
  look: "red",
  submit: "Run it",
  fields: [
    { key: "confirm", label: "Type it to confirm", expected: "prod person-sync" },
    { key: "reason", label: "Why", optional: true },
  ],
};

/** Asks for a confirmation of `sync run`, does everything else at once. */
const asking = ({ text, asking: at }: { text: string; asking: { confirmation?: unknown } }): Answer =>
  text.startsWith("sync run") && at.confirmation === undefined
    ? { tone: "info", text: question.title, ask: question }
    : { tone: text.startsWith("sync run") ? "info" : "done", text: `Did ${text}.` };

const isRun = (text: string) => text.startsWith("sync run");

test("a slash command is acknowledged in time and answered once, to the asker alone", async () => {
  const { workspace, asked } = await startDesk({});
  const acted = await workspace.slash({ user: "asha", channel: "ops", text: "/sync jobs preprod" });
  expect(acted).toMatchObject({ ok: true, status: 200 });
  expect(acted.ackedMs).toBeLessThan(500);
  const seen = await soon(workspace, () => workspace.lastSeen("asha"));
  expect(seen?.text).toContain("Did sync jobs preprod.");
  expect(workspace.ephemerals("asha")).toHaveLength(1);
  expect(workspace.ephemerals("ben")).toEqual([]);
  expect(asked).toMatchObject([
    {
      text: "sync jobs preprod",
      asker: { kind: "person", actor: { name: "Asha Rao" } },
      asking: { surface: "slash", channelName: "ops" },
    },
  ]);
});

test("a command that asks opens a modal at once, and fills it; the right words are carried out in it", async () => {
  const { workspace, asked } = await startDesk({ answer: asking, mayAsk: isRun });
  await workspace.slash({ user: "asha", channel: "ops", text: "/sync run person-sync prod" });
  const form = await soon(workspace, () => {
    const view = workspace.modal("asha");
    return view?.callback_id === "form" ? view : null;
  });
  expect(form === null ? "" : workspace.plain(form)).toContain("It replaces the person index.");
  const wrong = await workspace.submit({ user: "asha", values: { confirm: "preprod person-sync" } });
  expect(wrong).toMatchObject({ responseAction: "errors", errors: { confirm: "Type exactly: prod person-sync" } });
  expect(asked).toHaveLength(1);
  await workspace.submit({ user: "asha", values: { confirm: "prod person-sync", reason: "index is stale" } });
  const answered = await soon(workspace, () => {
    const view = workspace.modal("asha");
    return view !== null && workspace.plain(view).includes("Did sync run person-sync prod.") ? view : null;
  });
  expect(answered).not.toBeNull();
  expect(asked[1]?.asking).toMatchObject({
    surface: "modal",
    confirmation: { id: "question-1", values: { confirm: "prod person-sync", reason: "index is stale" } },
  });
  expect(workspace.ephemerals("asha")).toEqual([]);
});

test("a mention in an incident's thread knows its incident, and is answered there", async () => {
  const { workspace, store, slack, asked } = await startDesk({});
  const incident = await openIncident(store, systemClock.now());
  await slack.project("incident", incident.id);
  const root = workspace.messages("ops")[0];
  await workspace.say({ user: "asha", channel: "ops", text: "@nightdesk ack", threadTs: root?.ts ?? "" });
  const answer = await soon(workspace, () => workspace.ephemerals("asha")[0]);
  expect(answer).toMatchObject({ thread_ts: root?.ts });
  expect(asked).toMatchObject([{ text: "ack", asking: { surface: "mention", incident: 1, run: null } }]);
});

test("a mention that is heard before its thread is known is understood all the same", async () => {
  const { workspace, store, slack, asked } = await startDesk({});
  const incident = await openIncident(store, systemClock.now());
  workspace.dropAfterSend(1);
  // The header is in Slack, and Nightdesk was not told: the next step will look for it.
  expect(await slack.project("incident", incident.id)).toMatchObject({ done: false });
  const root = workspace.messages("ops")[0]?.ts ?? "";
  await workspace.say({ user: "asha", channel: "ops", text: "@nightdesk ack", threadTs: root });
  const kept = () => store.db.selectFrom("command_requests").select("context").executeTakeFirst();
  await expect.poll(kept).toMatchObject({ context: { threadTs: root, incident: null } });
  expect(asked).toEqual([]);
  await expect.poll(() => slack.project("incident", incident.id)).toMatchObject({ done: true });
  await soon(workspace, () => workspace.ephemerals("asha")[0]);
  expect(asked).toMatchObject([{ text: "ack", asking: { surface: "mention", incident: 1, run: null } }]);
});

test("a mention has no trigger: its question carries a button that opens the form for the asker only", async () => {
  const { workspace, asked } = await startDesk({ answer: asking, mayAsk: isRun });
  await workspace.say({ user: "asha", channel: "ops", text: "please @nightdesk sync run person-sync prod" });
  const answer = await soon(workspace, () => workspace.ephemerals("asha")[0]);
  expect(answer === null ? "" : workspace.plain(answer)).toContain("[Confirm]");
  await workspace.press({ user: "asha", on: { ephemeral: answer?.id ?? "" }, button: "Confirm" });
  const form = await soon(workspace, () => workspace.modal("asha"));
  expect(form?.callback_id).toBe("form");
  await workspace.submit({ user: "asha", values: { confirm: "prod person-sync" } });
  await soon(workspace, () => workspace.lastSeen("asha")?.text.includes("Did sync run person-sync prod."));
  expect(asked.map(({ asking: { surface } }) => surface)).toEqual(["mention", "modal"]);
});

test("a Confirm button that was used says what came of it, and how to ask again", async () => {
  const { workspace } = await startDesk({ answer: asking, mayAsk: isRun });
  await workspace.say({ user: "asha", channel: "ops", text: "@nightdesk sync run person-sync prod" });
  const answer = await soon(workspace, () => workspace.ephemerals("asha")[0]);
  const confirm = () => workspace.press({ user: "asha", on: { ephemeral: answer?.id ?? "" }, button: "Confirm" });
  await confirm();
  await soon(workspace, () => workspace.modal("asha"));
  await workspace.submit({ user: "asha", values: { confirm: "prod person-sync" } });
  await soon(workspace, () => workspace.lastSeen("asha")?.text.includes("Did sync run person-sync prod."));
  await workspace.closeModal({ user: "asha", all: true });
  await confirm();
  const told = await soon(workspace, () => workspace.ephemerals("asha")[1]);
  expect(told?.text).toContain("You answered this already:\n>Did sync run person-sync prod.");
  expect(told?.text).toContain("To ask again: `sync run person-sync prod`");
  expect(workspace.modal("asha")).toBeNull();
});

test("a Confirm button of a question that has expired says so", async () => {
  const { workspace, store } = await startDesk({ answer: asking, mayAsk: isRun });
  const asked = { of: { kind: "person", slack: "U1", name: "Asha Rao", key: "asha" }, requestKey: "r" } as const;
  const at = systemClock.now().subtract({ minutes: 11 });
  const id = await store.tx((tx) => openConfirmation(tx, { ...asked, kind: "run", bound: {}, expected: null, at }));
  await store.db.updateTable("confirmations").set({ id: question.id }).where("id", "=", id).execute();
  await workspace.say({ user: "asha", channel: "ops", text: "@nightdesk sync run person-sync prod" });
  const answer = await soon(workspace, () => workspace.ephemerals("asha")[0]);
  await workspace.press({ user: "asha", on: { ephemeral: answer?.id ?? "" }, button: "Confirm" });
  const told = await soon(workspace, () => workspace.ephemerals("asha")[1]);
  expect(told?.text).toContain("This question has expired");
  expect(workspace.modal("asha")).toBeNull();
});

test("a button types its command in the incident of its thread; a double click is one request", async () => {
  const { workspace, store, slack, asked } = await startDesk({});
  const incident = await openIncident(store, systemClock.now());
  await slack.project("incident", incident.id);
  const ts = workspace.messages("ops")[0]?.ts ?? "";
  const press = () => workspace.press({ user: "ben", on: { channel: "ops", ts }, button: "Acknowledge" });
  const both = await Promise.all([press(), press()]);
  expect(both.map(({ ok }) => ok)).toEqual([true, true]);
  expect(Math.max(...both.map(({ ackedMs }) => ackedMs ?? 9_999))).toBeLessThan(500);
  await soon(workspace, () => workspace.ephemerals("ben")[0]);
  expect(asked).toMatchObject([{ text: "incident ack INC-1", asking: { surface: "button", incident: 1 } }]);
  expect(workspace.ephemerals("ben")).toHaveLength(1);
});

test("a hundred presses at once are one request with one answer, and every press is acknowledged in time", async () => {
  const { workspace, store, slack, asked } = await startDesk({});
  const incident = await openIncident(store, systemClock.now());
  await slack.project("incident", incident.id);
  const ts = workspace.messages("ops")[0]?.ts ?? "";
  const press = () => workspace.press({ user: "ben", on: { channel: "ops", ts }, button: "Acknowledge" });
  const all = await Promise.all(Array.from({ length: 100 }, press));
  expect(all.filter(({ ok }) => !ok)).toEqual([]);
  await soon(workspace, () => workspace.ephemerals("ben")[0]);
  await workspace.settled();
  expect(asked).toHaveLength(1);
  expect(workspace.ephemerals("ben").map(({ text }) => text)).toEqual([":white_check_mark: Did incident ack INC-1."]);
});

test("without its database Nightdesk says that nothing was done, and Slack sends an event again", async () => {
  const desk = await startDesk({});
  const { workspace, asked } = desk;
  desk.loseDatabase(true);
  const acted = await workspace.slash({ user: "asha", channel: "ops", text: "/sync abort run 4" });
  expect(acted).toMatchObject({ ok: true });
  expect(workspace.lastSeen("asha")?.text).toMatch(/cannot reach its database, nothing was done/);
  await workspace.say({ user: "asha", channel: "ops", text: "@nightdesk sync jobs" });
  await soon(workspace, () => workspace.counters().eventsSent > 0);
  expect(asked).toEqual([]);
  desk.loseDatabase(false);
  await soon(workspace, () => asked.length > 0);
  expect(asked).toMatchObject([{ text: "sync jobs", asking: { surface: "mention" } }]);
});

test("guests are refused in one sentence", async () => {
  const { workspace, asked } = await startDesk({
    answer: ({ asker }) => ({
      tone: "refused",
      text: asker.kind === "refused" ? `No commands from a ${asker.because}.` : "?",
    }),
  });
  await workspace.slash({ user: "guest", channel: "ops", text: "/sync jobs" });
  const seen = await soon(workspace, () => workspace.lastSeen("guest"));
  expect(seen?.text).toContain("No commands from a guest.");
  expect(asked).toMatchObject([{ asker: { kind: "refused", because: "guest" } }]);
});

test("a message elsewhere is added to the incident that is chosen, with its own time and author", async () => {
  const { workspace, store, asked } = await startDesk({});
  await openIncident(store, systemClock.now());
  const said = await workspace.say({ user: "ben", channel: "monitoring", text: "the source table is empty" });
  const message = { channel: "monitoring", ts: said.ts ?? "" };
  await workspace.shortcut({ user: "asha", name: "Add to timeline", message });
  await soon(workspace, () => workspace.modal("asha"));
  await workspace.submit({ user: "asha", values: {} });
  await soon(workspace, () => workspace.lastSeen("asha")?.text.includes("Did incident note INC-1."));
  expect(asked).toMatchObject([{ text: "incident note INC-1", asking: { surface: "shortcut", incident: 1 } }]);
  expect(asked[0]?.asking.confirmation?.values["text"]).toContain("the source table is empty");
});

test("a message of the incident's own thread is told with the shortcut; a second time nothing is asked again", async () => {
  const { workspace, store, slack, asked } = await startDesk({});
  const incident = await openIncident(store, systemClock.now());
  const entry = await addLine(store, incident.id, { text: "fix is ready", at: systemClock.now() });
  await expect.poll(() => slack.project("incident", incident.id), { timeout: 5_000 }).toMatchObject({ done: true });
  const [root, reply] = workspace.thread("ops", workspace.messages("ops")[0]?.ts ?? "");
  const said = await workspace.say({ user: "ben", channel: "ops", text: "found it", threadTs: root?.ts ?? "" });
  const add = (ts: string) =>
    workspace.shortcut({ user: "asha", name: "Add to timeline", message: { channel: "ops", ts } });
  await add(said.ts ?? "");
  await add(reply?.ts ?? "");
  await soon(workspace, () => asked.length === 2);
  expect(asked.map(({ asking: at }) => at.confirmation?.values)).toMatchObject([
    { message: said.ts },
    { message: reply?.ts, entry: String(entry) },
  ]);
  await add(said.ts ?? "");
  await soon(workspace, () => workspace.lastSeen("asha")?.text.includes("You added this message to INC-1 before."));
  expect(asked).toHaveLength(2);
});

test("a request from the future or with a wrong signature is refused", async () => {
  const { url } = await startDesk({});
  const body = new URLSearchParams({ command: "/sync", text: "jobs", user_id: "U1", trigger_id: "1" }).toString();
  const send = (atS: number, secret = SIGNING_SECRET) =>
    fetch(`${url}/slack/events`, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": String(atS),
        "x-slack-signature": `v0=${createHmac("sha256", secret).update(`v0:${atS}:${body}`).digest("hex")}`,
      },
    });
  const nowS = Math.floor(Date.now() / 1_000);
  expect((await send(nowS)).status).toBe(200);
  expect((await send(nowS + 400)).status).toBe(401);
  expect((await send(nowS - 400)).status).toBe(401);
  expect((await send(nowS, "another")).status).toBe(401);
  expect((await fetch(`${url}/slack/other`, { method: "POST" })).status).toBe(404);
});

test("an answer whose arrival is not known is repeated once, and says so", async () => {
  const desk = await startDesk({});
  desk.work(false);
  await desk.workspace.slash({ user: "asha", channel: "ops", text: "/sync jobs" });
  desk.workspace.dropAfterSend(1);
  desk.work(true);
  const repeated = await soon(desk.workspace, () =>
    desk.workspace
      .ephemerals("asha")
      .find((one) => desk.workspace.plain(one).includes("may have got this answer already")),
  );
  expect(repeated).not.toBeNull();
  expect(desk.workspace.ephemerals("asha")).toHaveLength(2);
});

test("an outage of Slack delays the answer and loses nothing", async () => {
  const desk = await startDesk({
    catalogue: ({ people }) => testCatalogue({ people: { asha: { name: "Asha Rao", slack: people["asha"]?.id } } }),
  });
  desk.work(false);
  await desk.workspace.slash({ user: "asha", channel: "ops", text: "/sync jobs" });
  desk.workspace.outage(1_200);
  desk.work(true);
  const seen = await soon(desk.workspace, () => desk.workspace.lastSeen("asha"));
  expect(seen?.text).toContain("Did sync jobs.");
  expect(desk.workspace.ephemerals("asha")).toHaveLength(1);
});

test("over Socket Mode it is the same: commands, events, answers", async () => {
  const { workspace, asked } = await startDesk({ socketMode: true });
  expect(await workspace.slash({ user: "asha", channel: "ops", text: "/sync jobs" })).toMatchObject({ ok: true });
  await soon(workspace, () => workspace.lastSeen("asha")?.text.includes("Did sync jobs."));
  await workspace.say({ user: "ben", channel: "ops", text: "@nightdesk sync status" });
  const seen = await soon(workspace, () => workspace.lastSeen("ben"));
  expect(seen?.text).toContain("Did sync status.");
  expect(asked.map(({ asking: { surface } }) => surface)).toEqual(["slash", "mention"]);
});

test("a modal that was closed meanwhile: the answer comes as a message", async () => {
  const desk = await startDesk({ answer: asking, mayAsk: isRun });
  const { workspace } = desk;
  desk.work(false);
  await workspace.slash({ user: "asha", channel: "ops", text: "/sync run person-sync prod" });
  await soon(workspace, () => workspace.modal("asha"));
  await workspace.closeModal({ user: "asha", all: true });
  desk.work(true);
  const answer = await soon(workspace, () => workspace.ephemerals("asha")[0]);
  expect(answer === null ? "" : workspace.plain(answer)).toContain("[Confirm]");
  await workspace.press({ user: "ben", on: { ephemeral: answer?.id ?? "" }, button: "Confirm" });
  expect(workspace.modal("ben")).toBeNull();
});

test("a response URL that is used up: the answer comes as a message that only the asker sees", async () => {
  const desk = await startDesk({});
  desk.work(false);
  await desk.workspace.slash({ user: "asha", channel: "ops", text: "/sync jobs" });
  const row = await desk.store.db.selectFrom("command_requests").selectAll().executeTakeFirstOrThrow();
  const dead = { ...Object(row.context), responseUrl: `${desk.workspace.url}/response/none` };
  await desk.store.db
    .updateTable("command_requests")
    .set({ context: JSON.stringify(dead) })
    .execute();
  desk.work(true);
  const answer = await soon(desk.workspace, () => desk.workspace.ephemerals("asha")[0]);
  expect(answer?.text).toContain("Did sync jobs.");
  const delivery = async () =>
    (await desk.store.db.selectFrom("command_requests").select("delivery").executeTakeFirstOrThrow()).delivery;
  await expect.poll(delivery).toMatchObject({ how: "ephemeral", state: "sent", failed: "response" });
});

test("when Slack limits the answers, they come after its time, once", async () => {
  const desk = await startDesk({});
  desk.workspace.limit({ method: "chat.postEphemeral", retryAfter: 1, times: 1 });
  await desk.workspace.say({ user: "asha", channel: "ops", text: "@nightdesk sync jobs" });
  const answer = await soon(desk.workspace, () => desk.workspace.ephemerals("asha")[0]);
  expect(answer?.text).toContain("Did sync jobs.");
  expect(desk.workspace.counters()).toMatchObject({ rateLimited: 1, calls: { "chat.postEphemeral": 2 } });
});
