import type { Kind } from "../storm.ts";
import { everydayError, minutes, moments } from "./talk.ts";

/** Half of the house depends on one hub. The hub is well; some of its dependants have bugs of their own. */
export const hubAndStrangers: Kind = {
  kind: "hub-and-strangers",
  why: "to depend on the same healthy service is no common cause: nobody blames the hub for a missing template or a full heap",
  tell: (world, random) => {
    const hub = world.service("api");
    const dependants = Array.from({ length: random.int(4, 6) }, () => world.service(undefined, [hub]));
    for (const service of dependants) {
      const error = everydayError(world, random);
      const begins = minutes(random.int(0, 25));
      for (const at of moments(random, { from: begins, to: begins + minutes(15), count: random.int(2, 5) })) {
        world.sentry({ at, label: `${service} has a bug of its own`, service, ...error });
      }
    }
  },
};
