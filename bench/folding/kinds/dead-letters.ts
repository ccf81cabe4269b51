import type { Kind } from "../storm.ts";
import { minutes, moments, noise } from "./talk.ts";

/** A consumer crashes over and over, and its dead-letter queue fills. */
export const deadLetters: Kind = {
  kind: "dead-letters",
  why: "what lies in a consumer's dead-letter queue is what the consumer could not take: its crash and the depth are one",
  tell: (world, random) => {
    const consumer = world.service("ingest");
    const label = `${consumer} cannot take a message`;
    const queue = `${consumer}-dlq`;
    const type = random.pick([
      "AmqpRejectAndDontRequeueException",
      "MessageConversionException",
      "ListenerExecutionFailedException",
    ]);
    const thing = world.thing();
    for (const at of moments(random, { from: 0, to: minutes(60), count: random.int(3, 9) })) {
      world.sentry({
        at,
        label,
        service: consumer,
        type,
        value: `${thing} ${random.uuid()}: version 3 is not supported`,
      });
    }
    const named = random.chance(0.6);
    let depth = random.int(20, 90);
    for (let at = random.int(120, 600); at < minutes(70); at += minutes(random.int(8, 20))) {
      world.alarm({
        at,
        label,
        alarm: `prod-${queue}-depth`,
        ...(named ? { service: consumer } : { tags: { queue } }),
        reason: `${depth} messages in ${queue}, oldest ${random.int(2, 60)} min`,
      });
      depth += random.int(30, 400);
    }
    const other = world.service("notifier");
    const otherLabel = `${other} is throttled by its mail provider`;
    for (const at of moments(random, { from: 0, to: minutes(60), count: 3 })) {
      world.alarm({
        at,
        label: otherLabel,
        alarm: `prod-${other}-dlq-depth`,
        ...(named ? { service: other } : { tags: { queue: `${other}-dlq` } }),
        reason: `${random.int(3, 30)} messages in ${other}-dlq, oldest ${random.int(2, 60)} min`,
      });
    }
    noise(world, random, { from: 0, to: minutes(60), count: 1 });
  },
};
