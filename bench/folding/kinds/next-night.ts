import type { Kind } from "../storm.ts";
import { hours, minutes } from "./talk.ts";

/** A job fails in one night, is repaired by hand, and fails again in the next. */
export const nextNight: Kind = {
  kind: "next-night",
  why: "the attempts of one night are one incident; what was over in the morning and comes back a day later is a new one",
  tell: (world, random) => {
    const service = world.service("exporter");
    const job = world.job("etl", { service });
    const error = `Unknown column '${world.thing()}_band' in 'field list'`;
    const nights = random.int(2, 3);
    for (let night = 0; night < nights; night += 1) {
      const begins = hours(24) * night + minutes(random.int(0, 10));
      const label = `${job} in night ${night + 1}`;
      const attempts = random.int(2, 4);
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        const at = begins + minutes(attempt * random.int(8, 15));
        world.jobSays({ at, label, job, rid: random.uuid(), status: "failed", error });
        if (random.chance(0.6))
          world.sentry({ at: at - random.int(1, 5), label, service, type: "SQLSyntaxErrorException", value: error });
      }
      world.missed({ at: begins + minutes(100), label, job, detail: "no finish by 03:45" });
      if (random.chance(0.7)) {
        world.jobSays({ at: begins + hours(7), label, job, rid: random.uuid(), status: "succeeded" });
        world.missed({ at: begins + hours(7) + 5, label, job, detail: "finished", ok: true });
      }
    }
  },
};
