import type { Kind } from "../storm.ts";
import { minutes, moments, noise } from "./talk.ts";

/** One machine fills its disk; what happens to run there cannot write. */
export const fullNode: Kind = {
  kind: "full-node",
  why: "the alarm of the machine and the errors of what runs on it name one machine and one full disk",
  tell: (world, random) => {
    const node = `node-${random.int(10, 99)}.${random.pick(["eu", "uk"])}.internal`;
    const label = `${node} is full`;
    const services = Array.from({ length: random.int(2, 4) }, () => world.service());
    world.alarm({
      at: 0,
      label,
      alarm: `disk of ${node}`,
      reason: `/var on ${node} is ${random.int(97, 100)} % full`,
      tags: { host: node },
    });
    for (const service of services) {
      const says = random.pick([
        {
          type: "IOException",
          value: () => `No space left on device (${node}: /var/spool/${service}/${random.hex(8)})`,
        },
        { type: "OSError", value: () => `[Errno 28] No space left on device on ${node}: '/var/tmp/${random.hex(8)}'` },
        { type: "DiskFullError", value: () => `cannot write ${random.int(10, 900)} MB to ${node}:/var/lib/${service}` },
      ]);
      for (const at of moments(random, { from: 60, to: minutes(25), count: random.int(1, 4) })) {
        world.sentry({ at, label, service, type: says.type, value: says.value() });
      }
    }
    // Another machine, by chance in the same night.
    const other = `node-${random.int(100, 199)}.us.internal`;
    const at = minutes(random.int(5, 30));
    world.alarm({
      at,
      label: `${other} is full`,
      alarm: `disk of ${other}`,
      reason: `/var on ${other} is 98 % full`,
      tags: { host: other },
    });
    noise(world, random, { from: 0, to: minutes(25), count: 1 });
  },
};
