import type { Kind } from "../storm.ts";
import { minutes, moments, noise } from "./talk.ts";

/** A team that has told in its catalogue how its family of services folds. */
export const teamRules: Kind = {
  kind: "team-rules",
  why: "the team says that errors of one class in this family are one thing; its other class, and other services, are not",
  tell: (world, random) => {
    const family = Array.from({ length: random.int(3, 4) }, () => world.service("generator"));
    world.rule({
      name: "generators",
      match: { services: ["*-generator"] },
      key: ["environment", "cause"],
      window: "2h",
    });
    const thing = world.thing();
    const label = `a template without ${thing}`;
    for (const service of family) {
      for (const at of moments(random, { from: 0, to: minutes(40), count: random.int(2, 4) })) {
        world.sentry({
          at,
          label,
          service,
          type: "TemplateError",
          value: `letter ${random.int(1, 40)}: variable "${thing}" is not defined`,
        });
      }
    }
    const [one] = family;
    if (one === undefined) return;
    for (const at of moments(random, { from: 0, to: minutes(40), count: random.int(2, 3) })) {
      world.sentry({
        at,
        label: `${one} has no heap left`,
        service: one,
        type: "OutOfMemoryError",
        value: "Java heap space",
      });
    }
    noise(world, random, { from: 0, to: minutes(40), count: 2 });
  },
};
