import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { connectors } from "../../../src/jobs/connectors/index.ts";
import { isReference, messageOf } from "../../../src/jobs/connectors/sqs/message.ts";
import { connect, intentFor, kindOf, PRIVATE } from "../../helpers/conformance/bench.ts";
import { hours, openTarget } from "../../sandbox/estate/support.ts";
import { openFront, type Passing } from "../front.ts";

const listed = connectors.find((one) => one.name === "sqs");
if (listed === undefined) throw new Error("there is no sqs connector");
const connector = listed;

const SECRET = "s3cr3t-token";
const actionOf = (call: Passing): string =>
  String(call.headers["x-amz-target"] ?? call.path)
    .split(".")
    .at(-1) ?? "";
const FIELDS = { table: "table", id: "id", operation: "operation", who: "tisTrigger", why: "tisTriggerDetail" };

async function store(options: Record<string, unknown> = {}, more: Record<string, unknown> = {}) {
  const estate = await openTarget("entity-store", { entities: { placement: ["1", "2", "3"] }, ...options });
  const front = await openFront(estate.target.url);
  const headers = { authorization: `Bearer ${estate.target.token}` };
  const side = (name: string) => ({ url: front.url, headers, get: `/${name}/ids?table=\${table}`, size: 2 });
  const entry = {
    connector: "sqs",
    region: "eu-west-2",
    endpoint: front.url,
    credentials: { accessKeyId: `AKIA${SECRET}`, secretAccessKey: SECRET },
    account: "111122223333",
    queueUrl: `${front.url}/111122223333/tis-trainee-sync-request.fifo`,
    deadLetterQueueUrl: `${front.url}/111122223333/tis-trainee-sync-request-dlq.fifo`,
    table: "Placement",
    message: { who: "tisTrigger", why: "tisTriggerDetail" },
    source: { url: front.url, headers, exists: { post: "/source/entities" } },
    compare: { source: side("source"), target: side("target") },
    timeout: "1s",
    ...more,
  };
  const connection = connect(connector, entry);
  const { items, ids, deadLetters, redrive } = connection;
  if (items === undefined || ids === undefined || deadLetters === undefined || redrive === undefined) {
    throw new Error("it has to be able to do all of that");
  }
  const sent = () =>
    front.state.calls
      .filter((call) => actionOf(call) === "SendMessageBatch")
      .flatMap((call): Record<string, string>[] => JSON.parse(call.body).Entries);
  const intent = { ...intentFor("placement"), kind: "fanout" as const, reason: "the site was renamed" };
  return { ...estate, front, entry, connection, items, ids, deadLetters, redrive, sent, intent };
}

const hand = (ids: readonly string[], op: "resync" | "delete" = "resync", key = "run-1/0") => ({ op, ids, key });

describe("ids", () => {
  test("are sent by reference, with who and why, in a group of their own", async () => {
    const { items, intent, sent, target } = await store();
    expect(await items(intent, hand(["1", "2"]))).toEqual([
      { id: "1", state: "done", detail: "handed to tis-trainee-sync-request.fifo" },
      { id: "2", state: "done", detail: "handed to tis-trainee-sync-request.fifo" },
    ]);
    expect(sent().map((entry) => [entry["MessageGroupId"], JSON.parse(entry["MessageBody"] ?? "")])).toEqual(
      ["1", "2"].map((id) => [
        `tcs_Placement_${id}`,
        { table: "Placement", id, tisTrigger: "Asha Rao (Nightdesk)", tisTriggerDetail: "the site was renamed" },
      ]),
    );
    expect(target.counts()).toMatchObject({ requests: 2, applied: 2, lastTrigger: "the site was renamed" });
  });

  test("that the source no longer has are missing, and are not sent", async () => {
    const { items, intent, target } = await store();
    await target.change({ delete: "placement/2" });
    expect((await items(intent, hand(["1", "2", "99"]))).map(({ id, state }) => [id, state])).toEqual([
      ["1", "done"],
      ["2", "missing"],
      ["99", "missing"],
    ]);
    expect(target.counts()).toMatchObject({ requests: 1, missing: 0 });
  });

  test("are deleted where the source has them no more, and nowhere else", async () => {
    const { items, intent, target, sent } = await store();
    await target.change({ orphan: "placement/2" });
    expect(await items(intent, hand(["1", "2"], "delete"))).toEqual([
      { id: "1", state: "skipped", detail: "the source still has it: not deleted" },
      { id: "2", state: "done", detail: expect.anything() },
    ]);
    expect(JSON.parse(sent()[0]?.["MessageBody"] ?? "")).toMatchObject({ id: "2", operation: "DELETE" });
    expect(target.counts()).toMatchObject({ deleted: 1, wronglyDeleted: 0, orphans: 0 });
  });

  test("come with a repeated call to no harm, also after an answer that was lost", async () => {
    const { items, intent, target } = await store({ dropAnswers: 1 });
    const ids = ["1", "2", "3"];
    const cut = items(intent, hand(ids));
    expect(await kindOf(cut)).toBe("ambiguous");
    expect((await items(intent, hand(ids))).every(({ state }) => state === "done")).toBe(true);
    expect(target.counts()).toMatchObject({ requests: 3, deduplicated: 3 });
    await items(intent, hand(ids, "resync", "run-2/0"));
    expect(target.counts()).toMatchObject({ requests: 6 });
  });

  test("go in batches of ten, a hundred a call, each once", async () => {
    const { items, intent, target } = await store({ entities: { placement: 250 } });
    const ids = Array.from({ length: 100 }, (_, index) => String(index + 1));
    expect((await items(intent, hand([...ids.slice(0, 99), "1"]))).map(({ id }) => id)).toEqual(ids.slice(0, 99));
    expect(target.counts()).toMatchObject({ requests: 99, batches: 10, maxBatch: 10, reads: 1 });
    expect(await kindOf(items(intent, hand([...ids, "101"])))).toBe("invalid");
  });

  test("that the queue refuses have failed, and only these", async () => {
    const { items, intent } = await store({ refuseSends: 1 });
    expect(await items(intent, hand(["1", "2"]))).toEqual([
      { id: "1", state: "failed", detail: expect.stringContaining("InternalError") },
      { id: "2", state: "done", detail: expect.anything() },
    ]);
  });

  test("that are no references are never sent", async () => {
    const { items, intent, sent } = await store({}, { source: undefined });
    const wrong = ["", "a b", '{"id":1}\n', "x".repeat(101), "ä"];
    expect((await items(intent, hand(wrong))).map(({ state }) => state)).toEqual(wrong.map(() => "failed"));
    expect(sent()).toEqual([]);
    expect(await items(intent, hand(["404"]))).toEqual([expect.objectContaining({ state: "done" })]);
  });

  test.each([
    [{ denied: true }, "auth"],
    [{ throttle: 1 }, "retryable"],
  ])("with %j end in %s", async (manners, kind) => {
    const { items, intent } = await store(manners, { source: undefined });
    expect(await kindOf(items(intent, hand(["1"])))).toBe(kind);
  });

  test("are not sent when the source cannot be asked, or does not say", async () => {
    const { items, intent, sent, front } = await store();
    const source = (body: unknown, status = 200) => {
      front.state.instead = (call) => (call.path === "/source/entities" ? { status, body } : null);
    };
    source("<html>");
    expect(await kindOf(items(intent, hand(["1"])))).toBe("unavailable");
    source({ error: "broken" }, 500);
    expect(await kindOf(items(intent, hand(["1"])))).toBe("unavailable");
    source({ error: `you sent Bearer token-of-the-test` }, 403);
    await expect(items(intent, hand(["1"]))).rejects.toMatchObject({ kind: "auth", message: /you sent \[redacted\]/ });
    front.state.instead = () => "silence";
    expect(await kindOf(items(intent, hand(["1"])))).toBe("unavailable");
    expect(sent()).toEqual([]);
  });
});

test("a message is a reference of at most 256 bytes, whatever the names and reasons are", () => {
  const text = fc.string({ unit: "binary", maxLength: 400 });
  fc.assert(
    fc.property(text, text, fc.stringMatching(/^[!-~]{1,100}$/), fc.boolean(), (who, why, id, gone) => {
      const intent = { ...intentFor("x", { reason: why }), requestedBy: { key: "asha", name: who } };
      const text = messageOf(FIELDS, { table: "Placement", id, op: gone ? "delete" : "resync", intent });
      const message: Record<string, string> = JSON.parse(text);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(256);
      expect(message).toMatchObject({ table: "Placement", id });
      expect(message["operation"]).toBe(gone ? "DELETE" : undefined);
      expect(why.startsWith(message["tisTriggerDetail"] ?? "")).toBe(true);
      expect(isReference(id)).toBe(true);
    }),
  );
  const long = { table: "T".repeat(200), id: "x".repeat(100), op: "resync", intent: intentFor("x") } as const;
  expect(() => messageOf(FIELDS, long)).toThrow(/256 bytes/);
});

describe("a comparison", () => {
  test("reads both sides page by page", async () => {
    const { ids, intent, target } = await store();
    await target.change({ orphan: "placement/4", lost: "placement/30" });
    const all = async (side: "source" | "target") => {
      const found: string[] = [];
      for (let after: string | null = null, pages = 0; pages < 10; pages++) {
        const page = await ids(intent, side, after);
        found.push(...page.ids);
        if (page.next === null) return found;
        after = page.next;
      }
      throw new Error("it does not end");
    };
    expect(await all("source")).toEqual(["1", "2", "3", "30"]);
    expect(await all("target")).toEqual(["1", "2", "3", "4"]);
  });

  test.each([
    [{ ids: ["2", "10", "1"] }, "invalid"],
    [{ ids: ["1"], next: "1" }, "invalid"],
    [{ ids: [{ id: 1 }] }, "unavailable"],
    [{ rows: [] }, "unavailable"],
  ])("refuses %j", async (body, kind) => {
    const { ids, intent, front } = await store();
    front.state.instead = () => ({ status: 200, body });
    expect(await kindOf(ids(intent, "source", "1"))).toBe(kind);
  });
});

describe("dead letters", () => {
  const dlq = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      body: { table: "Placement", id: String(index + 1), note: PRIVATE },
      age: `${index + 1}h`,
      group: `group-${index}`,
    }));

  test("are seen with their age and their queue's memory, and stay", async () => {
    const { deadLetters, target } = await store({ dlq: dlq(12), retention: "4d" });
    for (const _ of ["seen", "seen again at once"]) {
      const { letters, ...queue } = await deadLetters(100);
      expect(queue).toEqual({ queue: "tis-trainee-sync-request-dlq.fifo", count: 12, keptForMs: hours(96) });
      expect(letters).toHaveLength(12);
      expect(letters[0]).toMatchObject({
        body: '{"table":"Placement","id":"1","note":"[redacted]"}',
        attributes: expect.objectContaining({ MessageGroupId: "group-0" }),
      });
      expect(letters[0]?.sentAt?.toString()).toBe("2023-12-11T13:45:00Z");
    }
    expect((await deadLetters(3)).letters).toHaveLength(3);
    expect(target.counts()).toMatchObject({ dead: 12 });
  });

  test("of which some are chosen go back to their queue, and only these", async () => {
    const { deadLetters, redrive, target } = await store({ dlq: dlq(12), consume: false });
    const { letters } = await deadLetters(100);
    const ids = [letters[1]?.id ?? "", letters[11]?.id ?? "", "gone"];
    expect(await redrive(ids)).toEqual([
      { id: ids[0], state: "done", detail: "sent to tis-trainee-sync-request.fifo" },
      { id: ids[1], state: "done", detail: "sent to tis-trainee-sync-request.fifo" },
      { id: "gone", state: "missing", detail: "tis-trainee-sync-request-dlq.fifo did not show it" },
    ]);
    expect(target.counts()).toMatchObject({ dead: 10, queued: 2 });
    expect((await deadLetters(100)).letters.map(({ id }) => id)).not.toContain(ids[0]);
  });

  test("that were not accepted stay where they are", async () => {
    const { deadLetters, redrive, target } = await store({ dlq: dlq(2), refuseSends: 1, consume: false });
    const { letters } = await deadLetters(100);
    const states = (await redrive(letters.map(({ id }) => id))).map(({ state }) => state);
    expect(states).toEqual(["failed", "done"]);
    expect(target.counts()).toMatchObject({ dead: 1, queued: 1 });
    expect((await deadLetters(100)).letters).toHaveLength(1);
  });

  test("are not lost and not doubled when the answer to the sending is", async () => {
    const { deadLetters, redrive, target } = await store({ dlq: dlq(1), dropAnswers: 1, consume: false });
    const [letter] = (await deadLetters(1)).letters;
    const ids = [letter?.id ?? ""];
    expect(await kindOf(redrive(ids))).toBe("ambiguous");
    expect(target.counts()).toMatchObject({ dead: 1, queued: 1 });
    expect(await redrive(ids)).toMatchObject([{ state: "done" }]);
    expect(target.counts()).toMatchObject({ dead: 0, queued: 1 });
  });

  test("that could not be deleted after they were sent are said to be there still", async () => {
    const { deadLetters, redrive, front, target } = await store({ dlq: dlq(1), consume: false });
    const [letter] = (await deadLetters(1)).letters;
    front.state.instead = (call) =>
      actionOf(call) === "DeleteMessageBatch" ? { status: 400, body: { __type: "AccessDeniedException" } } : null;
    expect(await redrive([letter?.id ?? ""])).toMatchObject([
      { state: "done", detail: expect.stringContaining("still there too") },
    ]);
    expect(target.counts()).toMatchObject({ dead: 1, queued: 1 });
  });
});

describe("a plain run", () => {
  test("is nothing that a queue has, and is said so before and at the start", async () => {
    const { connection, target } = await store();
    const run = intentFor("placement");
    expect(await connection.preflight(run)).toContainEqual(
      expect.objectContaining({ check: "job", level: "block", wayOut: expect.stringContaining("/sync resync") }),
    );
    expect(await kindOf(connection.start(run))).toBe("invalid");
    expect((await connection.look(run)).phase).toBe("unknown");
    expect(target.counts()).toMatchObject({ requests: 0 });
  });

  test("and what is handed over by ids passes the checks, in the right account only", async () => {
    const { connection, intent, entry, target } = await store();
    const level = async (more: object, kind: string) =>
      (await connect(connector, { ...entry, ...more }).preflight(intent)).find(({ check }) => check === kind)?.level;
    expect((await connection.preflight(intent)).map((finding) => finding.level)).toEqual(["info"]);
    expect(await level({ account: "999922223333" }, "identity")).toBe("block");
    expect(await level({ region: "us-east-1" }, "identity")).toBe("block");
    expect(await level({ account: undefined }, "identity")).toBe("warn");
    expect(await level({ queueUrl: `${entry.endpoint}/111122223333/other.fifo` }, "identity")).toBe("block");
    await target.change({ denied: true });
    expect(await level({}, "credential")).toBe("block");
  });
});

test("it says what it can do, by what the entry describes", async () => {
  const { connection, entry } = await store();
  expect(connection.capabilities).toMatchObject({ items: 100, compare: true, deadLetters: true, startKey: "none" });
  const bare = connect(connector, { ...entry, compare: undefined, deadLetterQueueUrl: undefined });
  expect(bare.capabilities).toMatchObject({ items: 100, compare: false, deadLetters: false });
  expect([bare.ids, bare.deadLetters, bare.redrive]).toEqual([undefined, undefined, undefined]);
  expect(bare.plan(intentFor("placement"))).toContain("Placement");
});

test("a secret that the target repeats is told to nobody", async () => {
  const { connection, items, deadLetters, intent, front } = await store({}, { source: undefined });
  front.state.instead = (call) => ({
    status: 400,
    body: { __type: "InvalidParameterValue", message: `you sent ${call.headers.authorization}` },
  });
  const told = await Promise.allSettled([connection.preflight(intent), items(intent, hand(["1"])), deadLetters(1)]);
  const texts = told.map((one) => String(one.status === "rejected" ? one.reason : one.status));
  expect(texts.every((text) => text.includes("you sent"))).toBe(true);
  expect(texts.join()).not.toContain(SECRET);
});
