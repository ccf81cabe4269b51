import { expect, test } from "vitest";
import type { Desk } from "./desk.ts";
import { testDesk } from "./support.ts";

const production = (desk: Desk) => desk.targets["tis-sync-prod"]?.counts();

const form = (desk: Desk, user: string) =>
  desk.wait(`a form for ${user}`, () => {
    const modal = desk.workspace.modal(user);
    return modal?.callback_id === "form" ? modal : null;
  });

const confirmButton = (desk: Desk, user: string) =>
  desk.wait("a Confirm button", () =>
    desk.workspace.ephemerals(user).find((shown) => desk.workspace.plain(shown).includes("[Confirm]")),
  );

test("production wants its name typed: a wrong text starts nothing, the right one starts once", {
  timeout: 60_000,
}, async () => {
  const desk = await testDesk({ jobTakes: "1m" });
  await desk.workspace.slash({ user: "asha", channel: "ops", text: "/sync run person-sync prod" });
  expect(desk.workspace.plain(await form(desk, "asha"))).toMatch(/prod/);

  const wrong = await desk.workspace.submit({ user: "asha", values: { confirm: "preprod person-sync" } });
  expect(wrong.errors).toEqual({ confirm: "Type exactly: prod person-sync" });
  await desk.settle();
  expect(await desk.list("runs")).toEqual([]);

  await desk.workspace.submit({ user: "asha", values: { confirm: "prod person-sync" } });
  await desk.wait("the run", async () => (await desk.list("runs"))[0]?.["state"] === "running");
  expect(await desk.list("runs")).toMatchObject([{ job: "person-sync", environment: "prod", by: "asha" }]);
  expect(production(desk)).toMatchObject({ apiStarts: 1 });
  expect((await desk.list("audit")).map(({ action, outcome }) => `${String(action)} ${String(outcome)}`)).toEqual([
    "run.request asked",
    "run.request allowed",
  ]);
});

test("asked for by mention, the question comes as a button, and a double click is one run", {
  timeout: 60_000,
}, async () => {
  const desk = await testDesk({ jobTakes: "1m" });
  await desk.workspace.say({ user: "ben", channel: "ops", text: "@nightdesk sync run post-sync prod" });
  const asked = await confirmButton(desk, "ben");
  const press = () => desk.workspace.press({ user: "ben", on: { ephemeral: asked.id }, button: "Confirm" });
  await Promise.all([press(), press()]);
  await form(desk, "ben");

  // Two forms may lie on one another: he fills in whatever is open.
  for (let open = desk.workspace.modal("ben"), more = 3; open !== null && more > 0; more--) {
    await desk.workspace.submit({ user: "ben", values: { confirm: "prod post-sync" } }).catch(() => {});
    await desk.settle();
    await desk.workspace.closeModal({ user: "ben" });
    open = desk.workspace.modal("ben");
  }
  await desk.wait("the run", async () => (await desk.list("runs"))[0]?.["state"] === "running");
  await desk.settle();
  expect(await desk.list("runs")).toMatchObject([{ number: 1, job: "post-sync", environment: "prod", by: "ben" }]);
  expect(production(desk)).toMatchObject({ apiStarts: 1 });
});

test("only who asked can confirm", { timeout: 60_000 }, async () => {
  const desk = await testDesk();
  await desk.workspace.say({ user: "ben", channel: "ops", text: "@nightdesk sync run post-sync prod" });
  const asked = await confirmButton(desk, "ben");
  expect(desk.workspace.ephemerals("asha")).toEqual([]);
  const others = await desk.workspace.press({ user: "asha", on: { ephemeral: asked.id }, button: "Confirm" });
  await desk.settle();
  expect(others.ok && desk.workspace.modal("asha") !== null).toBe(false);
  expect(await desk.list("runs")).toEqual([]);
});
