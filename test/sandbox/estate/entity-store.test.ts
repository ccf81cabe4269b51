import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { hours, minutes, openTarget, seconds } from "./support.ts";

const QUEUE = "tis-trainee-sync-request.fifo";
const DEAD = "tis-trainee-sync-request-dlq.fifo";

async function store(options: Record<string, unknown> = {}) {
  const opened = await openTarget("entity-store", { entities: { placement: ["7", "8", "9"], post: 2 }, ...options });
  const { aws, call, target } = opened;
  const url = (name = QUEUE) => `${target.url}/111122223333/${name}`;
  const sqs = (action: string, body: object, name = QUEUE) =>
    aws(`AmazonSQS.${action}`, { QueueUrl: url(name), ...body });
  let sent = 0;
  return {
    ...opened,
    url,
    sqs,
    send: (body: object, more: object = {}) => {
      sent++;
      const ids = { MessageGroupId: "g", MessageDeduplicationId: `d${sent}` };
      return sqs("SendMessage", { MessageBody: JSON.stringify(body), ...ids, ...more });
    },
    entities: (side: string, ids: string[]) => call("POST", `/${side}/entities`, { body: { table: "Placement", ids } }),
    ids: (side: string, more = "") => call("GET", `/${side}/ids?table=placement${more}`),
    receive: async (name: string, more: object = {}) => {
      const { body } = await sqs("ReceiveMessage", { MaxNumberOfMessages: 10, AttributeNames: ["All"], ...more }, name);
      return (body as { Messages?: Received[] }).Messages ?? [];
    },
    counts: () => target.counts(),
  };
}

interface Received {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly MD5OfBody: string;
  readonly Attributes: Record<string, string>;
}

const entry = (n: number, id: string | number = n) => ({
  Id: `e${n}`,
  MessageBody: JSON.stringify({ table: "Placement", id: String(id) }),
  MessageGroupId: `tcs_Placement_${id}`,
  MessageDeduplicationId: `dedup-${n}`,
});

test("a request makes the copy what the source is when it is its turn", async () => {
  const { send, entities, target, counts } = await store();
  await target.change({ update: "placement/8" });
  expect((await entities("source", ["8", "10"])).body).toMatchObject({
    entities: [{ id: "8", version: 2, updatedAt: "2023-12-11T14:45:00.000Z" }],
    missing: ["10"],
  });
  expect((await entities("target", ["8"])).body).toMatchObject({ entities: [{ version: 1 }] });
  const body = { table: "Placement", id: "8", tisTrigger: "nightdesk", tisTriggerDetail: "run 4 of asha" };
  expect(await send(body)).toMatchObject({
    status: 200,
    body: { MD5OfMessageBody: createHash("md5").update(JSON.stringify(body)).digest("hex") },
  });
  expect((await entities("target", ["8"])).body).toMatchObject({ entities: [{ version: 2 }] });
  expect(counts()).toMatchObject({ requests: 1, applied: 1, missing: 0, queued: 0, lastTrigger: "run 4 of asha" });
});

test("what is deleted while its request waits stays deleted: no zombie, no notice", async () => {
  const { send, target, advance, call, counts } = await store({ lag: "5m" });
  await send({ table: "Placement", id: "8" });
  expect(counts()).toMatchObject({ queued: 1, applied: 0 });
  await target.change({ delete: "placement/8" });
  await advance(minutes(5));
  expect(counts()).toMatchObject({ queued: 0, missing: 1, applied: 0, entities: 4, copies: 4 });
  expect((await call("GET", "/target/entities/placement/8")).status).toBe(404);
  await advance(hours(24));
  expect(counts()).toMatchObject({ notices: 0, orphans: 0 });
});

test("a message that carries the object brings back what is gone, and a notice goes out for it", async () => {
  const { send, target, advance, counts } = await store();
  await target.change({ delete: ["placement/8"] });
  await send({ table: "Placement", id: "8", operation: "LOAD", data: { id: "8", version: "1" } });
  expect(counts()).toMatchObject({ copies: 5, entities: 4, orphans: 1, notices: 0 });
  await advance(hours(12));
  expect(counts()).toMatchObject({ notices: 1 });
});

test("an orphan's notice goes out unless it is deleted downstream in time", async () => {
  const { send, target, advance, ids, counts } = await store({ orphan: "placement/2568353", lost: "placement/9" });
  expect((await ids("source")).body).toEqual({ ids: ["7", "8", "9"], next: null });
  expect((await ids("target")).body).toEqual({ ids: ["2568353", "7", "8"], next: null });
  await advance(hours(6));
  await send({ table: "Placement", id: "2568353", operation: "DELETE" });
  await send({ table: "Placement", id: "9" });
  await advance(hours(24));
  expect(counts()).toMatchObject({ deleted: 1, wronglyDeleted: 0, notices: 0, orphans: 0, copies: 5 });
  await send({ table: "Placement", id: "7", operation: "delete" });
  expect(counts()).toMatchObject({ deleted: 2, wronglyDeleted: 1 });
  await target.change({ orphan: "placement/1", noticeAfter: "1h" });
  await target.change({ orphan: "placement/2" });
  await advance(hours(1));
  expect(counts()).toMatchObject({ notices: 2, orphans: 2 });
});

test("a queue takes ten at a time, one of a deduplication id in five minutes, and wants group and id", async () => {
  const { sqs, advance, counts } = await store({ consume: false });
  const batch = (Entries: object[]) => sqs("SendMessageBatch", { Entries });
  const ten = Array.from({ length: 10 }, (_, index) => entry(index));
  const first = await batch(ten);
  expect(first.body).toMatchObject({ Successful: { length: 10 }, Failed: [] });
  expect((await batch(ten)).body).toEqual(first.body);
  expect(counts()).toMatchObject({
    queued: 10,
    requests: 10,
    deduplicated: 10,
    maxBatch: 10,
    batches: 2,
    maxQueued: 10,
  });
  const eleven = await batch([...ten, entry(10)]);
  expect([eleven.status, eleven.headers.get("x-amzn-query-error")]).toEqual([
    400,
    "AWS.SimpleQueueService.TooManyEntriesInBatchRequest;Sender",
  ]);
  expect((await batch([])).body).toMatchObject({ __type: "com.amazonaws.sqs#EmptyBatchRequest" });
  expect((await batch([entry(1), entry(1)])).body).toMatchObject({
    __type: "com.amazonaws.sqs#BatchEntryIdsNotDistinct",
  });
  const { MessageGroupId: _, ...groupless } = entry(20);
  expect((await batch([groupless, entry(21)])).body).toMatchObject({
    Successful: [{ Id: "e21" }],
    Failed: [{ Id: "e20", Code: "MissingParameter", SenderFault: true }],
  });
  const { MessageDeduplicationId: __, ...idless } = entry(22);
  expect((await batch([idless])).body).toMatchObject({ Failed: [{ Code: "InvalidParameterValue" }] });
  await advance(minutes(5));
  await batch(ten);
  expect(counts()).toMatchObject({ queued: 21 });
});

test("some of a batch can be refused, an answer lost, a call put off", async () => {
  const { sqs, counts } = await store({ refuseSends: 1, dropAnswers: 1, throttle: 1 });
  const batch = () => sqs("SendMessageBatch", { Entries: [entry(1, 7), entry(2, 8)] });
  expect((await batch()).body).toMatchObject({ __type: "com.amazonaws.sqs#ThrottlingException" });
  await expect(batch()).rejects.toThrow("fetch failed");
  expect(counts()).toMatchObject({ requests: 1, applied: 1 });
  expect((await batch()).body).toMatchObject({ Successful: [{ Id: "e1" }, { Id: "e2" }], Failed: [] });
  expect(counts()).toMatchObject({ requests: 2, applied: 2, deduplicated: 1 });
});

test("dead letters are seen, kept or deleted, redriven one by one, and expire", async () => {
  const { sqs, receive, advance, counts } = await store({
    dlq: [
      { body: { table: "Placement", id: "8" }, age: "3d", group: "a" },
      { body: "not json", age: "95h", group: "b" },
      { body: { table: "Placement", id: "7" }, group: "a" },
    ],
  });
  const attributes = async () => (await sqs("GetQueueAttributes", { AttributeNames: ["All"] }, DEAD)).body;
  expect(await attributes()).toMatchObject({
    Attributes: { ApproximateNumberOfMessages: "3", MessageRetentionPeriod: "345600", FifoQueue: "true" },
  });
  const seen = await receive(DEAD, { VisibilityTimeout: 60 });
  expect(seen.map(({ Body }) => Body)).toEqual([
    '{"table":"Placement","id":"8"}',
    "not json",
    '{"table":"Placement","id":"7"}',
  ]);
  expect(seen[0]?.Attributes).toMatchObject({
    SentTimestamp: String(Date.parse("2023-12-08T14:45:00Z")),
    MessageGroupId: "a",
  });
  expect(await receive(DEAD)).toEqual([]);
  expect(await attributes()).toMatchObject({ Attributes: { ApproximateNumberOfMessagesNotVisible: "3" } });
  const handle = { ReceiptHandle: seen[0]?.ReceiptHandle };
  await sqs("SendMessage", { MessageBody: seen[0]?.Body, MessageGroupId: "a", MessageDeduplicationId: "redrive-1" });
  await sqs("DeleteMessage", handle, DEAD);
  expect(counts()).toMatchObject({ dead: 2, applied: 1 });
  await sqs("ChangeMessageVisibility", { ReceiptHandle: seen[2]?.ReceiptHandle, VisibilityTimeout: 0 }, DEAD);
  expect(await receive(DEAD, { VisibilityTimeout: 0 })).toMatchObject([{ Body: '{"table":"Placement","id":"7"}' }]);
  expect((await sqs("DeleteMessage", { ReceiptHandle: "none" }, DEAD)).body).toMatchObject({
    __type: "com.amazonaws.sqs#ReceiptHandleIsInvalid",
  });
  await advance(hours(1));
  expect(counts()).toMatchObject({ dead: 1 });
  expect((await receive(DEAD)).map(({ Body }) => Body)).toEqual(['{"table":"Placement","id":"7"}']);
});

test("messages of one group stay in order: while one is held the next is not given out", async () => {
  const { sqs, send, receive, advance } = await store({ consume: false });
  await send({ n: 1 }, { MessageGroupId: "a" });
  await send({ n: 2 }, { MessageGroupId: "a" });
  await send({ n: 3 }, { MessageGroupId: "b" });
  const [first] = await receive(QUEUE, { MaxNumberOfMessages: 1 });
  expect(first).toMatchObject({ Body: '{"n":1}', Attributes: { ApproximateReceiveCount: "1" } });
  expect((await receive(QUEUE)).map(({ Body }) => Body)).toEqual(['{"n":3}']);
  await advance(seconds(30));
  const [again] = await receive(QUEUE, { MaxNumberOfMessages: 1 });
  expect(again).toMatchObject({ MessageId: first?.MessageId, Attributes: { ApproximateReceiveCount: "2" } });
  await sqs("DeleteMessageBatch", { Entries: [{ Id: "x", ReceiptHandle: again?.ReceiptHandle }] });
  expect((await receive(QUEUE)).map(({ Body }) => Body)).toEqual(['{"n":2}', '{"n":3}']);
});

test("what cannot be done ends among the dead letters", async () => {
  const { send, counts } = await store({ poison: "placement/9" });
  await send({ table: "Placement", id: "9" });
  await send({ table: "Bananas", id: "1" });
  await send({ table: "Placement", id: "7", operation: "explode" });
  expect(counts()).toMatchObject({ dead: 3, applied: 0, queued: 0 });
});

test("requests are worked on at their rate, also when nobody looks", async () => {
  const { sqs, target, jump, advance, counts } = await store({ rate: 2, entities: { placement: 30 } });
  for (let at = 0; at < 30; at += 10) {
    await sqs("SendMessageBatch", { Entries: Array.from({ length: 10 }, (_, index) => entry(at + index + 1)) });
  }
  expect(counts()).toMatchObject({ queued: 30 });
  jump(seconds(5));
  expect(counts()).toMatchObject({ applied: 10, queued: 20 });
  expect(target.nextDueAt()).toBe(Date.parse("2023-12-11T14:45:15Z"));
  await target.change({ consume: false });
  await advance(seconds(60));
  expect(counts()).toMatchObject({ applied: 10, maxQueued: 30 });
  await target.change({ consume: true });
  await advance(seconds(10));
  expect(counts()).toMatchObject({ applied: 30, queued: 0 });
});

test("64,000 placements of one post are paged through, and every request is taken", async () => {
  const { sqs, ids, counts } = await store({ fanOut: { post: 233420, placements: 64_000 } });
  const found: string[] = [];
  let after = "";
  do {
    const { body } = await ids("source", `&parent=post/233420&after=${after}`);
    const page = body as { ids: string[]; next: string | null };
    found.push(...page.ids);
    after = page.next ?? "";
  } while (after !== "");
  expect(found).toHaveLength(64_000);
  expect(found).toEqual([...found].sort());
  const batches = Array.from({ length: 640 }, (_, n) =>
    found.slice(n * 10, n * 10 + 10).map((id, at) => entry(n * 10 + at, id)),
  );
  const sender = async () => {
    for (let Entries = batches.pop(); Entries !== undefined; Entries = batches.pop())
      await sqs("SendMessageBatch", { Entries });
  };
  await Promise.all(Array.from({ length: 8 }, sender));
  expect(counts()).toMatchObject({ applied: 6_400, entities: 64_006, maxBatch: 10, dead: 0 });
});

test("it names its queues, and refuses a whole move, another queue and who is not let in", async () => {
  const { sqs, aws, call, url, target } = await store();
  expect((await aws("AmazonSQS.GetQueueUrl", { QueueName: DEAD })).body).toEqual({ QueueUrl: url(DEAD) });
  expect((await aws("AmazonSQS.ListQueues", {})).body).toEqual({ QueueUrls: [url(), url(DEAD)] });
  expect((await sqs("ListDeadLetterSourceQueues", {}, DEAD)).body).toEqual({ queueUrls: [url()] });
  expect((await sqs("GetQueueAttributes", { AttributeNames: ["RedrivePolicy"] })).body).toEqual({
    Attributes: {
      RedrivePolicy: `{"deadLetterTargetArn":"arn:aws:sqs:eu-west-2:111122223333:${DEAD}","maxReceiveCount":3}`,
    },
  });
  expect((await sqs("GetQueueAttributes", { AttributeNames: ["Size"] })).body).toMatchObject({
    __type: "com.amazonaws.sqs#InvalidAttributeName",
  });
  const none = await sqs("ReceiveMessage", {}, "other.fifo");
  expect([none.status, none.headers.get("x-amzn-query-error")]).toEqual([
    400,
    "AWS.SimpleQueueService.NonExistentQueue;Sender",
  ]);
  expect((await aws("AmazonSQS.StartMessageMoveTask", { SourceArn: "x" })).body).toMatchObject({
    __type: "com.amazonaws.sqs#UnsupportedOperation",
  });
  expect((await call("GET", "/identity")).body).toEqual({ environment: "prod", service: "target" });
  expect((await call("GET", "/identity", { headers: { authorization: "" } })).status).toBe(401);
  expect((await call("GET", "/source/ids?table=bananas")).status).toBe(400);
  expect((await call("PUT", "/source/entities/placement/7")).status).toBe(404);
  await target.change({ denied: true });
  expect((await call("GET", "/identity")).status).toBe(403);
  expect((await sqs("ReceiveMessage", {})).body).toMatchObject({ __type: "com.amazonaws.sqs#AccessDeniedException" });
});

test("a behaviour that it does not know is refused", async () => {
  const { target } = await store();
  await expect(target.change({ delet: "placement/1" })).rejects.toThrow(/delet/);
  await expect(target.change({ delete: "placement" })).rejects.toThrow(/no reference/);
  await expect(target.change({ delete: "banana/1" })).rejects.toThrow(/no table banana/);
  await expect(target.change({ update: "placement/100" })).rejects.toThrow(/not at the source/);
  await expect(store({ fanOut: { pst: 1, placements: 2 } })).rejects.toThrow(/pst/);
});
