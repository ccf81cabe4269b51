import type { Kind } from "../storm.ts";
import { minutes, moments } from "./talk.ts";

/** A service has two troubles at once that have nothing to do with each other. */
export const twoBugsOneService: Kind = {
  kind: "two-bugs-one-service",
  why: "different errors in different parts need two people: a request that stumbles over data, and a nightly job without rights to its files",
  tell: (world, random) => {
    const service = world.service("api");
    const thing = world.thing();
    const bug = `${service} stumbles over ${thing}`;
    for (const at of moments(random, { from: 0, to: minutes(90), count: random.int(4, 9) })) {
      world.sentry({
        at,
        label: bug,
        service,
        type: "KeyError",
        value: `'${thing}_region' in POST /${thing}s/${random.int(100, 99_999)}`,
      });
    }
    const job = world.job("backup", { service });
    const rights = `${job} may not write`;
    const begins = minutes(random.int(5, 60));
    const bucket = `acme-${world.thing()}-backup`;
    for (let attempt = 0; attempt < random.int(2, 3); attempt += 1) {
      world.jobSays({
        at: begins + minutes(attempt * 10),
        label: rights,
        job,
        rid: random.uuid(),
        status: "failed",
        error: `AccessDenied: PutObject on ${bucket} (request ${random.hex(16).toUpperCase()})`,
      });
    }
  },
};
