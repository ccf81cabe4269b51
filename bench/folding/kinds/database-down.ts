import type { Kind } from "../storm.ts";
import { minutes, moments, noise } from "./talk.ts";

/** A database refuses connections; everything that depends on it says so in its own words. */
export const databaseDown: Kind = {
  kind: "database-down",
  why: "every service that depends on the database cannot reach it, within minutes; the job with a broken file has nothing to do with it",
  tell: (world, random) => {
    const database = world.service("db");
    const host = `${database}.internal`;
    const label = `${database} is down`;
    const dependants = Array.from({ length: random.int(4, 7) }, () => world.service(undefined, [database]));
    if (random.chance(0.7)) {
      world.alarm({
        at: random.int(0, 120),
        label,
        alarm: `prod-${database}-connections`,
        service: database,
        reason: "Threshold Crossed: no datapoints were received for 3 periods",
      });
    }
    for (const service of dependants) {
      const says = random.pick([
        {
          type: "PSQLException",
          value: () => `Connection to ${host}:5432 refused. Check that the hostname and port are correct`,
        },
        {
          type: "OperationalError",
          value: () =>
            `could not connect to server: Connection refused. Is the server running on host "${host}" (10.0.${random.int(0, 9)}.${random.int(2, 250)})?`,
        },
        {
          type: "CannotGetJdbcConnectionException",
          value: () =>
            `Failed to obtain JDBC Connection: HikariPool-${random.int(1, 9)} - Connection is not available, request timed out after ${random.int(30_000, 30_050)}ms`,
        },
        { type: "Error", value: () => `connect ECONNREFUSED 10.0.${random.int(0, 9)}.${random.int(2, 250)}:5432` },
        { type: "SequelizeConnectionError", value: () => `connection to ${host} timed out` },
      ]);
      const begins = random.int(10, 300);
      for (const at of moments(random, { from: begins, to: begins + minutes(15), count: random.int(1, 6) })) {
        world.sentry({ at, label, service, type: says.type, value: says.value() });
      }
    }
    const [first] = dependants;
    if (first !== undefined && random.chance(0.6)) {
      const job = world.job("rebuild", { service: first });
      world.jobSays({
        at: minutes(8),
        label,
        job,
        rid: random.uuid(),
        status: "failed",
        error: `Connection to ${host}:5432 refused`,
      });
    }
    const other = world.job("import", { service: world.service("ingest") });
    world.jobSays({
      at: minutes(random.int(2, 12)),
      label: `${other} got a broken file`,
      job: other,
      rid: random.uuid(),
      status: "failed",
      error: `line ${random.int(2, 900)}: ${world.thing()} is empty`,
    });
    noise(world, random, { from: 0, to: minutes(20), count: 1 });
  },
};
