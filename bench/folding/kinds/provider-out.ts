import type { Kind } from "../storm.ts";
import { minutes, moments, noise } from "./talk.ts";

/** A provider outside the house is out. The catalogue knows nothing of it, the errors name it. */
export const providerOut: Kind = {
  kind: "provider-out",
  why: "all of them call one host outside the house and say so; nobody inside can mend it, and one thread is enough",
  tell: (world, random) => {
    const host = `api.${world.thing()}-${random.pick(["mail", "maps", "pay", "sms"])}.example`;
    const label = `${host} is out`;
    const services = Array.from({ length: random.int(3, 5) }, () => world.service());
    for (const service of services) {
      const says = random.pick([
        {
          type: "HTTPError",
          value: () => `503 Server Error: Service Unavailable for url: https://${host}/v1/${random.uuid()}`,
        },
        {
          type: "ConnectTimeoutError",
          value: () => `HTTPSConnectionPool(host='${host}', port=443): Max retries exceeded`,
        },
        { type: "UnknownHostException", value: () => host },
        {
          type: "FetchError",
          value: () =>
            `request to https://${host}/v1/send failed, reason: connect ETIMEDOUT 203.0.113.${random.int(1, 250)}:443`,
        },
      ]);
      const begins = random.int(0, 400);
      for (const at of moments(random, { from: begins, to: begins + minutes(20), count: random.int(2, 5) })) {
        world.sentry({ at, label, service, type: says.type, value: says.value() });
      }
    }
    // The same kind of answer from another provider, of a service that does not call the first one.
    const other = world.service();
    const otherHost = `api.${world.thing()}-tax.example`;
    for (const at of moments(random, { from: 0, to: minutes(25), count: random.int(2, 3) })) {
      world.sentry({
        at,
        label: `${otherHost} is out`,
        service: other,
        type: "HTTPError",
        value: `503 Server Error: Service Unavailable for url: https://${otherHost}/rates/${random.int(1, 999)}`,
      });
    }
    noise(world, random, { from: 0, to: minutes(25), count: 1 });
  },
};
