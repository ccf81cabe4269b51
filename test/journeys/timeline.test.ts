import { expect, test } from "vitest";
import { deliver, jobMessage, rootsOf } from "./desk.ts";
import { testDesk } from "./support.ts";

const E_MAIL = "ben.okafor@example.org";
const TOKEN = `ghp_${"a1B2".repeat(9)}`;

test("the thread becomes the timeline and the postmortem, without what must not be kept", {
  timeout: 60_000,
}, async () => {
  const desk = await testDesk();
  const { workspace } = desk;
  const error = `refused for ${E_MAIL}, password=hunter22, trainee 1234567`;
  await deliver(
    desk.url,
    jobMessage(desk.env, { job: "person-sync", environment: "prod", status: "failed", rid: "1", error }),
  );
  const { ts } = await desk.wait("the header", () => rootsOf(desk, "ops")[0]);
  await desk.settle();
  const say = async (user: string, text: string) => {
    const said = await workspace.say({ user, channel: "ops", threadTs: ts, text });
    await desk.settle();
    return { channel: "ops", ts: said.ts ?? "" };
  };

  const counted = await say("ben", "The index has 0 persons");
  await workspace.edit({ user: "ben", ...counted, text: "The index has 12 persons" });
  await workspace.react({ user: "asha", ...counted, emoji: "pushpin" });
  const regretted = await say("dev", "I broke it with the token of carla");
  await workspace.delete({ user: "dev", ...regretted });
  await say("asha", `Write to ${E_MAIL}, the key is ${TOKEN}, doctor 7654321`);
  await workspace.upload({ user: "ben", channel: "ops", threadTs: ts, name: "counts.csv", text: "persons,12" });
  await desk.settle();

  const timeline = await desk.timeline(1);
  expect(timeline).toMatchObject([
    { kind: "signal" },
    { kind: "message", by: "ben", text: "The index has 12 persons", edited: true, key: true },
    { kind: "message", by: "dev", deleted: true },
    { kind: "message", by: "asha" },
    { kind: "file", by: "ben", text: "counts.csv" },
  ]);
  const { status, text: postmortem } = await desk.api.get("/api/incidents/1/postmortem");
  expect(status).toBe(200);
  for (const wanted of ["The index has 12 persons", "counts.csv", "Ben Okafor"]) expect(postmortem).toContain(wanted);

  await workspace.slash({ user: "asha", channel: "ops", text: "/incident export INC-1" });
  await desk.wait("the file in the thread", () => workspace.files().find(({ name }) => name.endsWith(".md")));
  await desk.settle();
  const everything = [
    JSON.stringify(await desk.timeline(1)),
    JSON.stringify(await desk.list("incidents")),
    (await desk.api.get("/api/incidents/1/postmortem")).text,
    ...rootsOf(desk, "ops").map((root) => workspace.plain(root)),
    ...workspace.files().map(({ id }) => workspace.fileText(id)),
  ].join("\n");
  for (const secret of [E_MAIL, "hunter22", TOKEN, "1234567", "7654321", "I broke it"]) {
    expect(everything).not.toContain(secret);
  }
  expect(everything).toContain("[e-mail]");
});
