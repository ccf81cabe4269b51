import type { Kind } from "../storm.ts";
import { minutes, moments } from "./talk.ts";

/** The same failure in staging and, soon after, in production. */
export const twoEnvironments: Kind = {
  kind: "two-environments",
  why: "whoever is called for production must not find it inside staging's thread: the same bug in two places is two incidents",
  tell: (world, random) => {
    const upstream = world.service("api");
    const services = Array.from({ length: random.int(1, 3) }, () => world.service(undefined, [upstream]));
    const job = world.job("refresh", { service: services[0] ?? upstream });
    const field = world.thing();
    const error = { type: "SchemaMismatchError", value: `field ${field}Code is missing in the answer of ${upstream}` };
    for (const [environment, begins] of [
      [world.staging, 0],
      [world.prod, minutes(random.int(3, 50))],
    ] as const) {
      const label = `${upstream} dropped ${field}Code in ${environment}`;
      for (const service of services) {
        for (const at of moments(random, { from: begins, to: begins + minutes(30), count: random.int(2, 5) })) {
          world.sentry({ at, label, environment, service, ...error });
        }
      }
      world.jobSays({
        at: begins + minutes(12),
        label,
        environment,
        job,
        rid: random.uuid(),
        status: "failed",
        error: error.value,
      });
    }
  },
};
