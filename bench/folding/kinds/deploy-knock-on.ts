import type { Kind } from "../storm.ts";
import { minutes, moments, noise, pascal } from "./talk.ts";

/** A version breaks its service; who calls it gets its 500s. */
export const deployKnockOn: Kind = {
  kind: "deploy-knock-on",
  why: "errors of the deployed service begin with the deploy, and its callers say that it answers 500: rolling back mends all",
  tell: (world, random) => {
    const service = world.service("api");
    const callers = Array.from({ length: random.int(2, 4) }, () => world.service(undefined, [service]));
    const label = `a bad version of ${service}`;
    world.deployed({ at: 0, label, service, version: `${random.int(2, 9)}.${random.int(0, 30)}.0` });
    const thing = world.thing();
    for (const at of moments(random, { from: 60, to: minutes(40), count: random.int(4, 10) })) {
      world.sentry({
        at,
        label,
        service,
        type: "IllegalStateException",
        value: `no ${pascal(thing)} for key ${random.int(1_000, 99_999)}`,
      });
    }
    for (const caller of callers) {
      const begins = random.int(90, 400);
      const value = random.pick([
        () => `500 Internal Server Error from GET http://${service}.internal/v2/${thing}/${random.int(1_000, 99_999)}`,
        () => `${service} answered 500 {"error":"no ${pascal(thing)} for key ${random.int(1_000, 99_999)}"}`,
        () => `call to ${service} failed with status 500 after ${random.int(20, 900)} ms`,
      ]);
      const type = random.pick(["HttpServerErrorException", "BadGatewayError", "ClientError", "FeignException"]);
      for (const at of moments(random, { from: begins, to: begins + minutes(35), count: random.int(2, 5) })) {
        world.sentry({ at, label, service: caller, type, value: value() });
      }
    }
    if (random.chance(0.6)) {
      world.alarm({
        at: random.int(200, 500),
        label,
        alarm: `prod-${service}-5xx`,
        service,
        reason: `${random.int(8, 60)} % of answers were 5xx`,
      });
    }
    noise(world, random, { from: 0, to: minutes(40), count: 2 });
  },
};
