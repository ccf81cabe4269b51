import type { Kind } from "../storm.ts";
import { minutes, moments, noise } from "./talk.ts";

/** Alertmanager groups by the alert's name, and so puts what has one name and two causes in one delivery. */
export const groupedByName: Kind = {
  kind: "grouped-by-name",
  why: "a group is an envelope: the callers of a broken service belong to it, the stranger whose rate rose at the same time does not",
  tell: (world, random) => {
    const callee = world.service("api");
    const callers = Array.from({ length: random.int(2, 3) }, () => world.service(undefined, [callee]));
    const stranger = world.service("web");
    const label = `${callee} answers 500`;
    const strangers = `${stranger} has a bug of its own`;
    const thing = world.thing();
    for (const at of moments(random, { from: 0, to: minutes(20), count: random.int(2, 5) })) {
      const value = `no ${thing} for key ${random.int(1_000, 99_999)}`;
      world.sentry({ at, label, service: callee, type: "IllegalStateException", value });
    }
    for (const caller of callers) {
      for (const at of moments(random, { from: 60, to: minutes(20), count: random.int(1, 3) })) {
        const value = `500 Internal Server Error from GET http://${callee}.internal/v1/${thing}/${random.int(1_000, 99_999)}`;
        world.sentry({ at, label, service: caller, type: "HttpServerErrorException", value });
      }
    }
    const otherThing = world.thing();
    for (const at of moments(random, { from: 0, to: minutes(20), count: random.int(2, 3) })) {
      world.sentry({
        at,
        label: strangers,
        service: stranger,
        type: "TemplateError",
        value: `${otherThing}.html: "total" is not defined`,
      });
    }
    const rate = (service: string) => `${service} answers ${random.int(6, 60)} % of its requests with an error`;
    const group = [callee, ...callers].map((service) => ({ label, service, summary: rate(service) }));
    const all = [...group, { label: strangers, service: stranger, summary: rate(stranger) }];
    world.grouped({ at: minutes(4), alertname: "HighErrorRate", alerts: group.slice(0, 2) });
    world.grouped({ at: minutes(9), alertname: "HighErrorRate", alerts: all });
    world.grouped({
      at: minutes(60),
      alertname: "HighErrorRate",
      alerts: all.map((one) => ({ ...one, resolved: true })),
    });
    noise(world, random, { from: 0, to: minutes(20), count: 1 });
  },
};
