import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../sandbox/postgres.ts";
import { type Recorded, startBalancer } from "./balancer.ts";
import { deliver, postKeys, rootsOf, toldTo } from "./desk.ts";
import { testDesk } from "./support.ts";

const TIMES = 50;

test("two processes share the work: fifty times the same request is one run", { timeout: 90_000 }, async () => {
  const desk = await testDesk({ processes: 0 });
  const second = await freePort();
  await Promise.all([desk.open(), desk.open({ PORT: String(second) })]);
  const urls = [desk.url, `http://127.0.0.1:${second}`];
  const balancer = await startBalancer(urls);
  onTestFinished(() => balancer.close());
  desk.workspace.connectApp(balancer.url);

  const repeat = async (request: Recorded | undefined) => {
    if (request === undefined) throw new Error("nothing was recorded");
    const sent = Array.from({ length: TIMES - 1 }, (_, index) => deliver(urls[index % 2] ?? "", request));
    expect(new Set(await Promise.all(sent))).toEqual(new Set([200]));
  };
  const recorded = (part: string) => balancer.recorded.findLast(({ body }) => decodeURIComponent(body).includes(part));
  const starts = () => desk.targets["tis-sync-preprod"]?.counts()["apiStarts"];
  const ended = (count: number) =>
    desk.wait(`the end of run ${count}`, async () => {
      const runs = await desk.list("runs");
      return runs.length >= count && runs.every(({ state }) => state === "succeeded");
    });

  await desk.workspace.slash({ user: "asha", channel: "ops", text: "/sync run person-record-status preprod" });
  await repeat(recorded("command=/sync"));
  await ended(1);
  await desk.settle();
  expect(starts()).toBe(1);
  expect(toldTo(desk, "asha")).toHaveLength(1);

  const [card] = rootsOf(desk, "ops");
  await desk.workspace.press({ user: "asha", on: { channel: "ops", ts: card?.ts ?? "" }, button: "Rerun" });
  await repeat(recorded('"block_actions"'));
  await ended(2);
  await desk.settle();
  expect(starts()).toBe(2);
  expect(await desk.list("runs")).toMatchObject([{ number: 1 }, { number: 2, parent: 1, by: "asha" }]);
  // The press opened a modal, and its answer is there.
  const modal = desk.workspace.modal("asha");
  expect(modal === null ? "" : desk.workspace.plain(modal)).toMatch(/run 2/i);
  expect(postKeys(desk).sort()).toEqual(["run:1:card", "run:2:card"]);
});
