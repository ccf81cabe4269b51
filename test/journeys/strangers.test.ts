import { expect, test } from "vitest";
import { deliver, jobMessage, rootsOf, toldTo } from "./desk.ts";
import { testDesk } from "./support.ts";

const PEOPLE = { asha: {}, ben: {}, carla: {}, dev: {}, gil: { guest: true }, fay: { foreign: true } };
const COMMAND = "sync run person-record-status preprod";

test.for([
  { user: "gil", says: /no commands from guests/ },
  { user: "fay", says: /other workspaces|another workspace/ },
])("$user is refused by slash command, mention and button", { timeout: 60_000 }, async ({ user, says }) => {
  const desk = await testDesk({ people: PEOPLE });
  const told = (count: number) =>
    desk.wait(`answer ${count} to ${user}`, () => (toldTo(desk, user).length === count ? toldTo(desk, user) : null));
  await deliver(
    desk.url,
    jobMessage(desk.env, { job: "person-sync", environment: "prod", status: "failed", rid: "1", error: "no" }),
  );
  const header = await desk.wait("the header", () => rootsOf(desk, "ops")[0]);

  await desk.workspace.slash({ user, channel: "ops", text: `/${COMMAND}` });
  expect((await told(1)).at(-1)).toMatch(says);
  await desk.workspace.say({ user, channel: "ops", text: `@nightdesk ${COMMAND}` });
  expect((await told(2)).at(-1)).toMatch(says);
  await desk.workspace.press({ user, on: { channel: "ops", ts: header.ts }, button: "Acknowledge" });
  expect((await told(3)).at(-1)).toMatch(says);
  await desk.settle();

  expect(await desk.list("runs")).toEqual([]);
  expect(desk.targets["tis-sync-preprod"]?.counts()).toMatchObject({ apiStarts: 0 });
  expect(await desk.list("incidents")).toMatchObject([{ status: "open" }]);
  expect((await desk.list("audit")).filter(({ outcome }) => outcome === "allowed")).toEqual([]);
});
