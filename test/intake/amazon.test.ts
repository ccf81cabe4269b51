import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { http } from "../../src/base/http.ts";
import { silentLogger } from "../../src/base/log.ts";
import { createProver } from "../../src/intake/certificates.ts";
import { plug } from "../../src/intake/plugin.ts";
import { createInboxProcessor } from "../../src/intake/process.ts";
import { createReceiver } from "../../src/intake/receive.ts";
import { aws } from "../../src/intake/sources/aws.ts";
import { createSubscriptionHandler } from "../../src/intake/subscriptions.ts";
import { testCertificate } from "../helpers/certificates.ts";
import { testDatabase } from "../helpers/database.ts";
import { catalogueOf, ESTATE } from "../helpers/hear.ts";
import { type SnsOver, snsRequest, TOPIC } from "../helpers/sns.ts";

const signer = testCertificate({ name: "an emulation", from: new Date("2021-01-01"), to: new Date("2100-01-01") });

/** SNS as an emulation on this machine has it, met by real calls. */
async function emulation() {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (request.url === "/moved.pem") response.writeHead(302, { location: "/good.pem" }).end();
    else if (request.url === "/huge.pem") response.end(signer.pem.padEnd(200_000, "\n"));
    else if (request.url === "/gone.pem") request.destroy();
    else response.end(request.url === "/good.pem" ? signer.pem : "<ConfirmSubscriptionResponse/>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  const address = server.address();
  return { url: `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`, asked };
}

async function desk() {
  const sns = await emulation();
  const { store } = await testDatabase();
  const sources = { aws: { kind: "aws", topics: [TOPIC], signingHost: sns.url } };
  const catalogue = catalogueOf({ ...ESTATE, sources });
  const shared = { store, catalogue, sources: [plug(aws)], clock: systemClock, log: silentLogger };
  const receiver = createReceiver({ ...shared, prove: createProver({ http, clock: systemClock }) });
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
  const send = (certificate: string, over: SnsOver = {}) => {
    const fields = { SigningCertURL: `${sns.url}/${certificate}.pem`, ...over.fields };
    return receiver.receive("aws", snsRequest("words", { at: systemClock, signer }, { ...over, fields }));
  };
  const confirm = createSubscriptionHandler({ ...shared, http });
  return { store, sns, send, processor, confirm };
}

test("a certificate that cannot be had now is no refusal: the sender has to come again, and nothing is kept of it", async () => {
  const { store, sns, send } = await desk();
  for (const trouble of ["moved", "huge", "gone"]) {
    expect(await send(trouble), trouble).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
  }
  expect(sns.asked).toEqual(["/moved.pem", "/huge.pem", "/gone.pem"]);
  expect(await store.db.selectFrom("inbox").select("id").execute()).toEqual([]);
  expect(await store.db.selectFrom("unauthenticated").select("id").execute()).toEqual([]);
  expect(await send("good")).toMatchObject({ status: 202 });
});

test("an emulation's subscription is confirmed at its own address", async () => {
  const { store, sns, send, processor, confirm } = await desk();
  const fields = { SubscribeURL: `${sns.url}/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=7` };
  expect(await send("good", { type: "SubscriptionConfirmation", fields })).toMatchObject({ status: 202 });
  await processor.process();
  const { ref } = await store.db
    .selectFrom("outbox")
    .select("ref")
    .where("kind", "=", "subscription")
    .executeTakeFirstOrThrow();
  expect(await confirm(ref)).toEqual({ done: true });
  expect(sns.asked).toEqual(["/good.pem", `/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=7`]);
  expect(await store.db.selectFrom("inbox").select(["state", "reason"]).executeTakeFirst()).toEqual({
    state: "done",
    reason: `the subscription to ${TOPIC} is confirmed`,
  });
});
