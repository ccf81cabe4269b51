import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import type { HttpRequest } from "../../src/base/http.ts";
import { silentLogger } from "../../src/base/log.ts";
import { listIncidents } from "../../src/incidents/incidents.store.ts";
import { plug } from "../../src/intake/plugin.ts";
import { createInboxProcessor } from "../../src/intake/process.ts";
import { createReceiver } from "../../src/intake/receive.ts";
import { aws } from "../../src/intake/sources/aws.ts";
import { createSubscriptionHandler } from "../../src/intake/subscriptions.ts";
import { testCertificate } from "../helpers/certificates.ts";
import { testDatabase } from "../helpers/database.ts";
import { catalogueOf, ESTATE } from "../helpers/hear.ts";
import { type SnsOver, snsRequest, TOPIC } from "../helpers/sns.ts";

const signer = testCertificate({ name: "x", from: new Date("2021-01-01"), to: new Date("2022-01-01") });

async function desk(topics: readonly string[] = [TOPIC]) {
  const { store } = await testDatabase();
  const clock = manualClock("2021-03-16T14:42:00Z");
  const entry = { kind: "aws", topics: [...topics], environment: "prod" };
  const catalogue = catalogueOf({ ...ESTATE, sources: { aws: entry } });
  const shared = { store, catalogue, sources: [plug(aws)], clock, log: silentLogger };
  // What makes a certificate good is proved elsewhere: here every signature is.
  const receiver = createReceiver({ ...shared, prove: async ({ path }) => ({ ok: true, path }) });
  const processor = createInboxProcessor({
    ...shared,
    ports: {
      linkSignal: async () => null,
      signalsJoined: async () => {},
      captureSlackEvent: async () => {},
      channelName: async () => null,
      self: () => ({}),
    },
  });
  const fetched: HttpRequest[] = [];
  let answer: number | Error = 200;
  const confirm = createSubscriptionHandler({
    ...shared,
    http: async (request) => {
      fetched.push(request);
      if (answer instanceof Error) throw answer;
      return { status: answer, headers: new Headers(), body: "" };
    },
  });
  return {
    clock,
    fetched,
    confirm,
    answers: (given: number | Error) => {
      answer = given;
    },
    send: async (type: NonNullable<SnsOver["type"]>, over: SnsOver = {}) => {
      const { status } = await receiver.receive(
        "aws",
        snsRequest(`${type} words`, { at: clock, signer }, { type, ...over }),
      );
      await processor.process();
      return status;
    },
    work: () => store.db.selectFrom("outbox").select(["kind", "ref"]).where("kind", "=", "subscription").execute(),
    inbox: () => store.db.selectFrom("inbox").select(["state", "reason"]).orderBy("id").execute(),
    audit: () => store.db.selectFrom("audit").select(["actor", "action", "outcome"]).orderBy("id").execute(),
    incidents: () => listIncidents(store.db, { statuses: ["open", "resolved"], limit: 10 }),
  };
}

test("a topic of the catalogue is confirmed by its own address, by work that survives a crash, and it is on the audit", async () => {
  const { send, work, confirm, fetched, inbox, audit } = await desk();
  expect(await send("SubscriptionConfirmation")).toBe(202);
  expect(fetched).toEqual([]);
  const [{ ref } = { ref: 0 }] = await work();
  expect(await confirm(ref)).toEqual({ done: true });
  expect(fetched).toMatchObject([
    { method: "GET", url: expect.stringMatching(/^https:\/\/sns\.eu-west-2\.amazonaws\.com\/\?Action=/) },
  ]);
  expect(await inbox()).toEqual([{ state: "done", reason: `the subscription to ${TOPIC} is confirmed` }]);
  expect(await confirm(ref)).toEqual({ done: true });
  expect(fetched).toHaveLength(1);
  expect(await audit()).toEqual([{ actor: "source:aws", action: "subscription.confirm", outcome: "allowed" }]);
});

test("an unlisted topic is kept as refused with the way out, and nothing is fetched", async () => {
  const { send, work, inbox } = await desk([`${TOPIC}-two`]);
  expect(await send("SubscriptionConfirmation")).toBe(400);
  expect(await work()).toEqual([]);
  expect(await inbox()).toMatchObject([
    { state: "refused", reason: expect.stringContaining("add it there, then request") },
  ]);
});

test("an address that is not Amazon's is never fetched, whoever signed it", async () => {
  const { send, work, confirm, fetched, inbox, audit } = await desk();
  const SubscribeURL = `https://169.254.169.254/?Action=ConfirmSubscription&TopicArn=${TOPIC}`;
  await send("SubscriptionConfirmation", { fields: { SubscribeURL } });
  const [{ ref } = { ref: 0 }] = await work();
  expect(await confirm(ref)).toEqual({ done: true });
  expect(fetched).toEqual([]);
  expect(await inbox()).toMatchObject([{ state: "refused", reason: expect.stringContaining("nothing was fetched") }]);
  expect(await audit()).toMatchObject([{ outcome: "denied" }]);
});

test("an outage is tried again, for three days; a refusal and a redirect are not", async () => {
  const { send, work, confirm, answers, inbox, clock, fetched } = await desk();
  await send("SubscriptionConfirmation");
  const [{ ref } = { ref: 0 }] = await work();
  answers(new Error("ECONNREFUSED"));
  expect(await confirm(ref)).toMatchObject({ done: false, notBefore: clock.machineNow().add({ seconds: 2 }) });
  answers(503);
  clock.advance({ hours: 2 });
  expect(await confirm(ref)).toMatchObject({ done: false, notBefore: clock.machineNow().add({ minutes: 10 }) });
  expect(await inbox()).toMatchObject([
    { state: "done", reason: expect.stringContaining("trying again: it answered 503") },
  ]);
  answers(302);
  expect(await confirm(ref)).toEqual({ done: true });
  expect(await inbox()).toMatchObject([{ state: "refused", reason: expect.stringContaining("answered 302") }]);
  const asked = fetched.length;
  expect(await confirm(ref)).toEqual({ done: true });
  expect(fetched).toHaveLength(asked);
});

test("a topic that no longer tells us is told as an alert until it is confirmed again", async () => {
  const { send, work, confirm, inbox, incidents, clock } = await desk();
  await send("UnsubscribeConfirmation");
  expect(await inbox()).toMatchObject([{ state: "refused", reason: expect.stringContaining("no longer tells us") }]);
  expect(await incidents()).toMatchObject([{ status: "open", title: "The topic night-alarms no longer tells us" }]);
  clock.advance({ minutes: 3 });
  await send("SubscriptionConfirmation");
  expect(await incidents()).toMatchObject([{ status: "open" }]);
  const [{ ref } = { ref: 0 }] = await work();
  await confirm(ref);
  expect(await incidents()).toMatchObject([{ status: "resolved" }]);
});
