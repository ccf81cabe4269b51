import type { Kind } from "../storm.ts";
import { everydayError, minutes, moments, noise } from "./talk.ts";

/** Sentry has the exception, the monitoring has the rate of errors: of one service, at one time. */
export const twoSenders: Kind = {
  kind: "two-senders",
  why: "a service's error rate is the sum of its exceptions: two senders saw one thing; a second service next to it has its own two",
  tell: (world, random) => {
    for (let n = 0; n < 2; n += 1) {
      const service = world.service();
      const label = `${service} fails`;
      const error = everydayError(world, random);
      const begins = minutes(n * random.int(1, 20));
      for (const at of moments(random, { from: begins, to: begins + minutes(20), count: random.int(3, 8) })) {
        world.sentry({ at, label, service, ...error });
      }
      const names = random.some(["error-rate", "5xx", "availability", "failed-requests"], random.int(1, 2));
      for (const name of names) {
        for (const at of moments(random, { from: begins + 60, to: begins + minutes(20), count: random.int(1, 3) })) {
          world.alarm({
            at,
            label,
            alarm: `${service} ${name}`,
            service,
            reason: `${name} of ${service} is ${random.int(6, 70)} %`,
          });
        }
      }
    }
    noise(world, random, { from: 0, to: minutes(30), count: 1 });
  },
};
