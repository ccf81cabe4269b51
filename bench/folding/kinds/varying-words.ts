import type { Random } from "../random.ts";
import type { Kind } from "../storm.ts";
import { minutes, moments, noise } from "./talk.ts";

/** One cause, never twice in the same words: ids, hosts, times and addresses change from alert to alert. */
export const varyingWords: Kind = {
  kind: "varying-words",
  why: "without what varies (an id, a host, a time) all these errors are one sentence; a second sentence beside it is a second cause",
  tell: (world, random) => {
    const services = [world.service("worker")];
    if (random.chance(0.5)) services.push(world.service("indexer", services));
    const [sentence, other] = random.some(SENTENCES, 2);
    if (sentence === undefined || other === undefined) throw new Error("two sentences are needed");
    const thing = world.thing();
    const label = `${thing}: ${sentence.type}`;
    for (const at of moments(random, { from: 0, to: minutes(60), count: random.int(6, 14) })) {
      const value = sentence.value(thing, random);
      // Sentry groups by the words here, so that each is an issue of its own.
      world.sentry({
        at,
        label,
        service: random.pick(services),
        type: random.chance(0.7) ? sentence.type : "Error",
        title: value,
        value,
        issue: String(random.int(10_000_000, 99_999_999)),
      });
    }
    const stranger = world.service("web");
    const otherThing = world.thing();
    for (const at of moments(random, { from: 0, to: minutes(60), count: random.int(2, 4) })) {
      const value = other.value(otherThing, random);
      const issue = String(random.int(10_000_000, 99_999_999));
      world.sentry({
        at,
        label: `${otherThing}: ${other.type}`,
        service: stranger,
        type: other.type,
        title: value,
        value,
        issue,
      });
    }
    noise(world, random, { from: 0, to: minutes(60), count: 1 });
  },
};

const SENTENCES: readonly { type: string; value: (thing: string, random: Random) => string }[] = [
  {
    type: "StaleObjectException",
    value: (thing, random) =>
      `${thing} ${random.int(1_000, 9_999_999)} was changed by another transaction at 2024-05-${random.int(10, 28)}T0${random.int(0, 9)}:${random.int(10, 59)}:${random.int(10, 59)}Z`,
  },
  {
    type: "MessageTooLargeError",
    value: (thing, random) =>
      `message ${random.uuid()} of ${random.int(1_000_001, 9_000_000)} bytes is too large for topic ${thing}-events on kafka-${random.int(0, 5)}.internal:9092`,
  },
  {
    type: "ForeignKeyViolation",
    value: (thing, random) =>
      `insert on "${thing}_line" violates foreign key: Key (${thing}_id)=(${random.int(1_000, 9_999_999)}) is not present in table "${thing}"`,
  },
  {
    type: "LockTimeoutError",
    value: (thing, random) =>
      `could not lock ${thing}:${random.hex(12)} within ${random.int(5_000, 5_040)} ms on node ${random.hex(4)} (pid ${random.int(100, 30_000)})`,
  },
];
