import type { Kind } from "../storm.ts";
import { minutes, noise } from "./talk.ts";

/** One failed run is told by everybody who watches it; another job of the same night fails by itself. */
export const oneJobFourVoices: Kind = {
  kind: "one-job-four-voices",
  why: "the error, the job's own message, the missed deadline and the alarm all speak of one run of one job",
  tell: (world, random) => {
    const service = world.service("worker");
    const job = world.job("sync", { service, ...(random.chance(0.5) ? { title: "Nightly index" } : {}) });
    const label = `the run of ${job}`;
    const rid = random.uuid();
    const table = world.thing();
    world.jobSays({ at: 0, label, job, rid, status: "started" });
    const fails = minutes(random.int(4, 20));
    const error = `Unknown column '${table}_code' in 'field list'`;
    world.sentry({
      at: fails,
      label,
      service,
      type: "BadSqlGrammarException",
      value: `bad SQL grammar [select * from ${table}]: ${error}`,
    });
    if (random.chance(0.5)) world.jobSays({ at: fails + random.int(2, 20), label, job, rid, status: "failed", error });
    else world.said({ at: fails + random.int(2, 20), label, job, text: `failed: ${error}` });
    world.alarm({
      at: fails + random.int(60, 300),
      label,
      alarm: `prod-${job}-errors`,
      ...(random.chance(0.6) ? { service } : {}),
      reason: "Threshold Crossed: 1 datapoint [3.0] was greater than or equal to the threshold (1.0).",
    });
    world.missed({ at: fails + minutes(random.int(15, 60)), label, job, detail: "no finish by its deadline" });

    const otherService = world.service("exporter");
    const other = world.job("export", { service: otherService });
    const otherLabel = `the run of ${other}`;
    const otherAt = fails + random.int(-200, 600);
    const otherError = `the file ${world.thing()}.csv has 11 columns, 12 were expected`;
    world.jobSays({
      at: otherAt,
      label: otherLabel,
      job: other,
      rid: random.uuid(),
      status: "failed",
      error: otherError,
    });
    world.missed({ at: otherAt + minutes(20), label: otherLabel, job: other, detail: "no finish by its deadline" });
    noise(world, random, { from: 0, to: minutes(60), count: random.int(0, 2) });
  },
};
