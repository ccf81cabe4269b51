import type { Kind } from "../storm.ts";
import { minutes, noise } from "./talk.ts";

/** Nightdesk's own monitors find two jobs missing at one deadline, one of which has told why. */
export const missingInTheMorning: Kind = {
  kind: "missing-in-the-morning",
  why: "a missed deadline belongs to what its own job said before; that two jobs have the same deadline joins nothing",
  tell: (world, random) => {
    const deadline = minutes(105);
    const service = world.service("worker");
    const job = world.job("load", { service });
    const label = `the run of ${job}`;
    const at = minutes(random.int(20, 90));
    const error = `deadlock found when trying to get lock on ${world.thing()}`;
    const rid = random.uuid();
    world.jobSays({ at: 0, label, job, rid, status: "started" });
    world.sentry({ at, label, service, type: "DeadlockLoserDataAccessException", value: error });
    if (random.chance(0.6)) world.jobSays({ at: at + 3, label, job, rid, status: "failed", error });
    world.monitor({ at: deadline, label, job, title: `${job} has not finished in prod: due by 03:45 (UTC)` });

    const silent = world.job("export", { service: world.service("exporter") });
    const silentLabel = `${silent} never started`;
    world.monitor({
      at: deadline + 1,
      label: silentLabel,
      job: silent,
      title: `${silent} has not started in prod: due by 03:45 (UTC)`,
    });
    if (random.chance(0.5)) {
      world.missed({ at: deadline + 120, label: silentLabel, job: silent, detail: "no ping since yesterday" });
    }
    noise(world, random, { from: 0, to: deadline, count: random.int(1, 3) });
  },
};
