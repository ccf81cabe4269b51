import type { Kind } from "../storm.ts";
import { everydayError, minutes, moments } from "./talk.ts";

/** A quiet shift: every half an hour something small, never the same thing twice. */
export const slowBurn: Kind = {
  kind: "slow-burn",
  why: "services without anything in common have small troubles of their own; only repetitions of one belong together",
  tell: (world, random) => {
    let at = 0;
    for (let n = random.int(7, 12); n > 0; n -= 1) {
      const service = world.service();
      const error = everydayError(world, random);
      const label = `${service}: ${error.type}`;
      for (const late of moments(random, { from: 0, to: minutes(70), count: random.int(1, 4) })) {
        world.sentry({ at: at + late, label, service, ...error });
      }
      at += minutes(random.int(15, 45));
    }
  },
};
