import { z } from "zod";
import { openAgenda } from "./agenda.ts";
import { answerAws } from "./aws.ts";
import type { EstateKind, EstateWorld, Target } from "./contract.ts";
import { duration } from "./duration.ts";
import { answerEntities } from "./entity-store-http.ts";
import { openQueue } from "./entity-store-queue.ts";
import { sqsService } from "./entity-store-sqs.ts";
import { nameOf, openSide, type Ref, refOf, type Side } from "./entity-store-tables.ts";
import { openWorker } from "./entity-store-worker.ts";
import { present } from "./present.ts";
import { type Answered, type Asked, listen } from "./server.ts";
import { token } from "./token.ts";

const name = z.string().min(1);
const id = z.union([name, z.int().transform(String)]);
const ref = z.string().transform((text, context): Ref => {
  const found = refOf(text);
  if (found !== null) return found;
  context.addIssue({ code: "custom", message: `"${text}" is no reference: write placement/2568353` });
  return z.NEVER;
});
const refs = z.preprocess((given) => [given].flat(), z.array(ref));
const fanOut = z
  .union([
    z.strictObject({ post: id, placements: z.int().min(1).max(200_000) }),
    z.strictObject({ site: id, placements: z.int().min(1).max(200_000) }),
  ])
  .transform((given) => ({
    parent: "post" in given ? `post/${given.post}` : `site/${given.site}`,
    count: given.placements,
  }));
const letter = z.strictObject({
  body: z.union([z.string(), z.record(z.string(), z.unknown()).transform((body) => JSON.stringify(body))]),
  /** How long it has been there. */
  age: duration.default(0),
  group: name.default("dead"),
});

const behaviour = {
  /** Gone from the source and from the copy. */
  delete: refs,
  /** In the copy only. */
  orphan: refs,
  /** In the source only. */
  lost: refs,
  /** Newer at the source than in the copy. */
  update: refs,
  /** On both sides (again). */
  add: refs,
  /** Their requests always fail and end among the dead letters. */
  poison: refs.transform((given) => given.map(nameOf)),
  /** Messages that are put among the dead letters. */
  dlq: z.array(letter),
  /** How long the queue of the dead keeps a message. */
  retention: duration,
  /** Requests that are worked on a second; null: each at once. */
  rate: z.number().positive().nullable(),
  /** How long a request waits at least before its turn. */
  lag: duration,
  /** false: nobody takes requests. */
  consume: z.boolean(),
  /** How long after a copy has lost its source a notice about it goes out. */
  noticeAfter: duration,
  /** The next so many entries of batches are refused, the queue's fault. */
  refuseSends: z.int().min(0),
  denied: z.boolean(),
  /** The next so many calls of the queue are told to come back later. */
  throttle: z.int().min(0),
  /** The next so many batches are taken and their answers are lost. */
  dropAnswers: z.int().min(0),
};
const all = z.object(behaviour).partial();
const options = z.strictObject({
  token,
  environment: name.default("prod"),
  /** How many of each table ("1", "2", …), or their ids. */
  entities: z.record(z.string().regex(/^[A-Za-z][\w-]*$/), z.union([z.int().min(0), z.array(id)])).default({}),
  /** A post or site with so many placements. */
  fanOut: z
    .union([fanOut, z.array(fanOut)])
    .transform((given) => [given].flat())
    .default([]),
  queue: z.string().endsWith(".fifo").default("tis-trainee-sync-request.fifo"),
  deadLetters: z.string().endsWith(".fifo").optional(),
  ...all.shape,
});
const changes = z.strictObject(all.shape);
type Change = z.output<typeof changes>;

const TABLES = ["placement", "post", "site", "profile", "person"];
/** The ids of a fan-out's placements are counted from here. */
const FIRST_PLACEMENT = 30_000_001;

/**
 * A source system and its copy downstream, kept alike by requests that go through a FIFO queue (SQS): a request carries a
 * reference, and the source is asked again when it is its turn. What fails ends in the queue of the dead letters.
 */
export const entityStore: EstateKind = {
  name: "entity-store",
  options,
  changes,
  start: async (given, world) => {
    const { token, ...rest } = options.parse(given);
    const store = openStore(rest, { world, token });
    const server = await listen(store.answer);
    store.listensAt(server.url);
    return {
      kind: "entity-store",
      url: server.url,
      token,
      nextDueAt: store.agenda.nextDueAt,
      tick: store.agenda.tick,
      change: async (change) => {
        await store.agenda.tick();
        store.change(changes.parse(change));
      },
      counts: store.counts,
      close: async () => {
        store.agenda.close();
        await server.close();
      },
    } satisfies Target;
  },
};

function openStore(given: Omit<z.output<typeof options>, "token">, around: { world: EstateWorld; token: string }) {
  const { world, token } = around;
  const agenda = openAgenda(world);
  const { source, copy } = filled(given, world.now());
  const manners = {
    retention: given.retention ?? 4 * 86_400_000,
    refuseSends: 0,
    denied: false,
    throttle: 0,
    dropAnswers: 0,
  };
  const counts = { calls: 0, refused: 0, batches: 0, maxBatch: 0, reads: 0 };
  let url = "";
  const requests = openQueue({ name: given.queue, now: world.now, retentionMs: null });
  const deadName = given.deadLetters ?? given.queue.replace(/(-request)?\.fifo$/, "$1-dlq.fifo");
  const dead = openQueue({ name: deadName, now: world.now, retentionMs: () => manners.retention });
  const worker = openWorker(
    { rate: null, lagMs: 0, consume: true, poison: [], noticeAfterMs: 12 * 3_600_000 },
    { source, copy, requests, dead, agenda, now: world.now },
  );
  const service = sqsService({
    requests,
    dead,
    now: world.now,
    url: () => url,
    retentionMs: () => manners.retention,
    refused: () => manners.refuseSends > 0 && manners.refuseSends-- > 0,
    batch: (entries) => {
      counts.batches++;
      counts.maxBatch = Math.max(counts.maxBatch, entries);
    },
    arrived: worker.arrived,
  });
  let letters = 0;

  function change(changed: Change): void {
    worker.work();
    const { rate, lag: lagMs, consume, poison, noticeAfter: noticeAfterMs } = changed;
    worker.change(present({ rate, lagMs, consume, poison, noticeAfterMs }));
    const { retention, refuseSends, denied, throttle, dropAnswers } = changed;
    Object.assign(manners, present({ retention, refuseSends, denied, throttle, dropAnswers }));
    moveEntities(changed, { source, copy, now: world.now(), moved: worker.settle });
    for (const { body, age, group } of changed.dlq ?? []) {
      dead.add({ body, group, dedupId: `dead-${++letters}`, sentAt: world.now() - age });
    }
  }
  change(given);

  return {
    agenda,
    change,
    listensAt: (address: string) => {
      url = address;
    },
    answer: (asked: Asked): Answered => {
      counts.calls++;
      worker.work();
      const answered = answer(asked);
      if (answered.status >= 400) counts.refused++;
      const sent = String(asked.headers["x-amz-target"] ?? "").startsWith("AmazonSQS.SendMessage");
      if (!sent || answered.status >= 400 || manners.dropAnswers === 0) return answered;
      manners.dropAnswers--;
      return { status: 0, cut: true };
    },
    counts: () => {
      worker.work();
      const { accepted, deduplicated } = requests.counts;
      return {
        ...counts,
        ...worker.counts(),
        entities: source.size(),
        copies: copy.size(),
        requests: accepted,
        deduplicated,
        queued: requests.size(),
        dead: dead.size(),
      };
    },
  };

  function answer(asked: Asked): Answered {
    if (asked.headers["x-amz-target"] !== undefined) {
      const throttled = () => manners.throttle > 0 && manners.throttle-- > 0;
      return answerAws(asked, [service], { denied: manners.denied, throttled });
    }
    if (asked.headers.authorization !== `Bearer ${token}`) return { status: 401, json: { error: "Unauthorized" } };
    if (manners.denied) return { status: 403, json: { error: "Access is denied" } };
    counts.reads++;
    return answerEntities(asked, { source, copy, environment: given.environment, service: world.name });
  }
}

function filled({ entities, fanOut: fans }: Pick<z.output<typeof options>, "entities" | "fanOut">, now: number) {
  const named = Object.entries(entities).map(([table, given]) => [table.toLowerCase(), given] as const);
  const tables = new Set([...TABLES, ...named.map(([table]) => table)]);
  const source = openSide(tables);
  const copy = openSide(tables);
  const put = (one: Ref, parent: string | null) => {
    for (const side of [source, copy]) side.set(one, { version: 1, updatedAt: now, parent });
  };
  for (const [table, given] of named) {
    const ids = typeof given === "number" ? Array.from({ length: given }, (_, index) => String(index + 1)) : given;
    for (const one of ids) put({ table, id: one }, null);
  }
  let next = FIRST_PLACEMENT;
  for (const { parent, count } of fans) {
    const owner = refOf(parent);
    if (owner !== null) put(owner, null);
    for (let index = 0; index < count; index++) put({ table: "placement", id: String(next++) }, parent);
  }
  return { source, copy };
}

/** What happens to entities outside of any request. */
function moveEntities(
  changed: Pick<Change, "add" | "update" | "delete" | "lost" | "orphan">,
  around: { source: Side; copy: Side; now: number; moved: (ref: Ref) => void },
): void {
  const { source, copy, now, moved } = around;
  const fresh = (one: Ref) => ({ version: 1, updatedAt: now, parent: source.get(one)?.parent ?? null });
  const need = (one: Ref) => {
    if (!source.has(one.table)) throw new Error(`${nameOf(one)}: this store has no table ${one.table}`);
    return one;
  };
  for (const one of (changed.add ?? []).map(need)) for (const side of [source, copy]) side.set(one, fresh(one));
  for (const one of (changed.update ?? []).map(need)) {
    const before = source.get(one);
    if (before === null) throw new Error(`${nameOf(one)} is not at the source`);
    source.set(one, { ...before, version: before.version + 1, updatedAt: now });
  }
  for (const one of (changed.delete ?? []).map(need)) for (const side of [source, copy]) side.delete(one);
  for (const one of (changed.lost ?? []).map(need)) {
    if (source.get(one) === null) source.set(one, fresh(one));
    copy.delete(one);
  }
  for (const one of (changed.orphan ?? []).map(need)) {
    if (copy.get(one) === null) copy.set(one, fresh(one));
    source.delete(one);
  }
  const { add = [], delete: deleted = [], lost = [], orphan = [] } = changed;
  for (const one of [...add, ...deleted, ...lost, ...orphan]) moved(one);
}
