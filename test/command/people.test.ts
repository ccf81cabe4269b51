import { expect, test } from "vitest";
import { createActorResolver, type DirectoryUser } from "../../src/command/people.ts";
import { catalogue } from "../commands/desk.ts";

const user: DirectoryUser = {
  id: "U777",
  handle: "carla",
  name: "Carla Nowak",
  email: "carla@example.org",
  isBot: false,
  isGuest: false,
  isForeign: false,
  isDeleted: false,
};
const resolve = (found: DirectoryUser | null) => createActorResolver({ catalogue, lookUp: async () => found });

test("the catalogue's name and key win, by Slack id or by e-mail", async () => {
  expect(await resolve({ ...user, id: "U012" })("U012")).toEqual({
    kind: "person",
    actor: { kind: "person", slack: "U012", name: "Asha Rao", key: "asha", email: "asha@example.org" },
  });
  expect(await resolve({ ...user, email: "ASHA@example.org" })("U777")).toMatchObject({
    actor: { key: "asha", slack: "U777" },
  });
});

test("who is not in the catalogue goes by the workspace's handle", async () => {
  expect(await resolve(user)("U777")).toMatchObject({ kind: "person", actor: { key: "carla", name: "Carla Nowak" } });
  // A handle like another person's key is not that person.
  expect(await resolve({ ...user, handle: "asha" })("U777")).toMatchObject({ actor: { key: "U777" } });
});

test.each([
  ["guest", { isGuest: true }],
  ["foreign", { isForeign: true }],
  ["bot", { isBot: true }],
  ["deactivated", { isDeleted: true }],
] as const)("a %s is refused, even one that the catalogue names", async (because, over) => {
  expect(await resolve({ ...user, ...over })("U012")).toEqual({ kind: "refused", because });
});

test("while Slack cannot be asked, only people that the catalogue names are believed", async () => {
  const down = createActorResolver({ catalogue, lookUp: () => Promise.reject(new Error("slack is down")) });
  expect(await down("U012")).toMatchObject({ kind: "person", actor: { key: "asha" } });
  await expect(down("U777")).rejects.toThrow("slack is down");
  expect(await resolve(null)("U777")).toEqual({ kind: "refused", because: "unknown" });
});
