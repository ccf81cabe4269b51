import type { Kind } from "../storm.ts";
import { minutes, noise } from "./talk.ts";

/** An alarm goes on and off for an hour or two. */
export const flappingAlarm: Kind = {
  kind: "flapping-alarm",
  why: "one alarm that comes and goes every few minutes is one thing that is wrong",
  tell: (world, random) => {
    const service = world.service("web");
    const label = `${service} answers slowly now and then`;
    const alarm = `prod-${service}-latency-p99`;
    let at = 0;
    for (let n = random.int(6, 14); n > 0; n -= 1) {
      const reason = `p99 of ${random.int(1_200, 4_000)} ms was over 1000 ms for 2 periods`;
      world.alarm({ at, label, alarm, service, reason });
      at += minutes(random.int(2, 7));
      world.alarm({ at, label, alarm, service, reason: "back to normal", ok: true });
      at += minutes(random.int(1, 9));
    }
    noise(world, random, { from: 0, to: at, count: random.int(1, 3) });
  },
};
