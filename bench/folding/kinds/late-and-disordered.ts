import type { Kind } from "../storm.ts";
import { minutes, moments, noise } from "./talk.ts";

/** A sender was cut off and hands in late; a resolution overtakes some of what it resolves. */
export const lateAndDisordered: Kind = {
  kind: "late-and-disordered",
  why: "what counts is when it happened: alerts that come up to an hour late still belong to the incident of their time",
  tell: (world, random) => {
    const service = world.service("ingest");
    const label = `${service} lost its broker`;
    const broker = `broker-${random.int(1, 3)}.internal:5671`;
    const error = {
      type: "AmqpConnectException",
      value: `java.net.ConnectException: Connection refused: ${broker}`,
    };
    const issue = String(random.int(10_000_000, 99_999_999));
    const job = world.job("drain", { service });
    for (const at of moments(random, { from: 0, to: minutes(20), count: random.int(4, 8) })) {
      const late = random.chance(0.5) ? minutes(random.int(5, 55)) : random.int(1, 5);
      world.sentry({ at, label, service, ...error, issue, late });
    }
    world.jobSays({
      at: minutes(5),
      late: minutes(random.int(1, 30)),
      label,
      job,
      rid: random.uuid(),
      status: "failed",
      error: `Connection refused: ${broker}`,
    });
    world.sentryResolved({ at: minutes(60), label, service, ...error, issue });
    noise(world, random, { from: 0, to: minutes(50), count: random.int(1, 3) });
  },
};
