import type { Kind } from "../storm.ts";
import { minutes, noise } from "./talk.ts";

/** One job of a chain fails; the next ones find no input, or are not started at all. */
export const etlChain: Kind = {
  kind: "etl-chain",
  why: "the later jobs fail or are missed only because the first one left nothing for them, as the catalogue's chain says",
  tell: (world, random) => {
    const source = world.service("api");
    const services = Array.from({ length: random.int(1, 3) }, () => world.service("worker", [source]));
    const of = () => ({ service: random.pick(services) });
    const last = world.job("publish", of());
    const second = world.job("transform", { ...of(), then: [last] });
    const first = world.job("extract", { ...of(), then: [second] });
    const label = `${first} left nothing`;
    const day = `2024-05-0${random.int(1, 9)}`;
    const failed = (job: string, at: number, error: string) => {
      if (random.chance(0.75)) world.jobSays({ at, label, job, rid: random.uuid(), status: "failed", error });
      else world.ping({ at, label, job, rid: random.uuid(), word: random.pick(["fail", "1"] as const) });
    };
    failed(first, 0, `the answer of ${source} is not what was expected: 0 pages`);
    const secondAt = minutes(random.int(10, 40));
    failed(second, secondAt, `no input for ${day}: ${first} did not finish`);
    if (random.chance(0.6)) failed(second, secondAt + minutes(10), `no input for ${day}: ${first} did not finish`);
    const lastAt = secondAt + minutes(random.int(10, 40));
    if (random.chance(0.5)) failed(last, lastAt, `${second}/${day} is empty`);
    else world.missed({ at: lastAt, label, job: last, detail: "has not started by its deadline" });
    const other = world.job("export", { service: world.service("exporter") });
    const otherLabel = `${other} has a full disk`;
    world.jobSays({
      at: secondAt + 60,
      label: otherLabel,
      job: other,
      rid: random.uuid(),
      status: "failed",
      error: "No space left on device",
    });
    noise(world, random, { from: 0, to: lastAt, count: 1 });
  },
};
