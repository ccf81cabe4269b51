import type { Kind } from "../storm.ts";
import { minutes, noise } from "./talk.ts";

/** A bad quarter of an hour: everybody has something, and nothing has to do with anything. */
export const strangers: Kind = {
  kind: "strangers",
  why: "errors of services that share neither a dependency nor a word are causes of their own, however close in time",
  tell: (world, random) => {
    noise(world, random, { from: 0, to: minutes(15), count: random.int(10, 16) });
    const job = world.job("cleanup", { service: world.service("worker") });
    world.jobSays({
      at: minutes(6),
      label: `${job} fails`,
      job,
      rid: random.uuid(),
      status: "failed",
      error: "exit code 137",
    });
    const alone = world.job("report", { service: world.service("exporter") });
    world.missed({ at: minutes(8), label: `${alone} is late`, job: alone, detail: "no finish by its deadline" });
  },
};
