import { expect, test } from "vitest";
import { commands } from "../../commands/index.ts";
import { plain } from "../../src/command/format.ts";
import { deploy6, desk, inc3, told } from "./desk.ts";

test.each([
  ["sync deploys", { limit: 10 }],
  ["sync deploys tis-tcs", { service: "tis-tcs", limit: 10 }],
  ["sync deploys stage", { environment: "preprod", limit: 10 }],
  ["sync deploys tcs production limit=3", { service: "tcs", environment: "prod", limit: 3 }],
  ["sync deploys prod tcs", { service: "tcs", environment: "prod", limit: 10 }],
])("%s", async (line, wanted) => {
  const here = desk();
  const answer = await here.type(line);
  expect(here.calls).toEqual([["changes.deploys", wanted]]);
  expect(told(answer)).toContain("<https://ci.example.org/6?a=1&amp;b=2|*tcs 6.2.0*> in :red_circle: *prod*");
  expect(told(answer)).toContain("by Ben Okafor");
});

test.each([
  ["sync deploys tcs proud", "Did you mean prod?"],
  ["sync deploys tcs prod now", "one word too many"],
  ["sync deploys limit=many", '"many" is no limit'],
])("%s is answered with: %s", async (line, why) => {
  const here = desk();
  expect(told(await here.type(line))).toContain(why);
  expect(here.calls).toEqual([]);
});

test("impact is asked of a name, of several words, or of the thread", async () => {
  const here = desk();
  const answer = await here.type("sync impact PermitToWork");
  expect(plain(told(answer))).toContain("A change of PermitToWork reaches 1 service.");
  expect(plain(told(answer))).toContain("tis-sync — via Person → PermitToWork");
  expect(plain(told(answer))).toContain("tcs — via Person → PermitToWork (owns Person)");
  await here.type("sync impact Permit to Work");
  await here.type("impact", { incident: 3 });
  expect(here.calls.map(([, name]) => name)).toEqual(["PermitToWork", "Permit to Work", null]);
});

test("an incident's status tells its suspects; a stranger's words are no markup there", async () => {
  const suspect = { ...deploy6, name: "tcs <!channel>", url: "javascript:alert(1)", rank: 1, reason: "12 min before" };
  const here = desk({ incidents: { get: () => Promise.resolve({ ...inc3, suspects: [suspect] }) } });
  const text = told(await here.type("incident status INC-3"));
  expect(text).toContain("1. :package: *tcs &lt;!channel&gt;* in :red_circle: *prod*");
  expect(text).toContain(": 12 min before");
  expect(text).not.toContain("javascript");
});

test("both can be found in help", () => {
  const names = commands.filter(({ family }) => family === "sync").map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["deploys", "impact"]));
});
