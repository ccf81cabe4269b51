import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { http } from "../../src/base/http.ts";
import { abortIntentOf, createConnections, intentOf, wishIntentOf } from "../../src/jobs/connections.ts";
import { catalogueOf } from "../guard/fixture.ts";
import { intentFor } from "../helpers/conformance/connector.ts";
import { targetServer } from "./target-server.ts";
import { queue, world } from "./world.ts";

test("a target may name its environment by an alias of the catalogue", async () => {
  const server = await targetServer(({ path }) => ({
    body: path === "/identity" ? { environment: "production" } : {},
  }));
  const connectionsOf = (aliases: readonly string[]) =>
    createConnections({
      catalogue: catalogueOf({
        environments: { prod: { aliases } },
        targets: { reval: { connector: "contract", url: server.url, token: "a-token" } },
      }),
      http,
      clock: manualClock("2021-03-17T05:20:00Z"),
    }).of("reval");
  const stranger = await connectionsOf(["live"])?.preflight(intentFor("any"));
  expect(stranger).toMatchObject([
    { check: "identity", level: "block", text: expect.stringContaining("prod or live") },
  ]);
  await expect(connectionsOf(["production"])?.preflight(intentFor("any"))).rejects.toMatchObject({
    kind: "unavailable",
  });
});

test("a target is told the e-mail of whoever asked, also of a person whom the catalogue knows by that alone", async () => {
  const here = await world();
  const run = await queue(here);
  const intent = (people: Record<string, unknown>) => intentOf(run, catalogueOf({ people })).requestedBy;
  const email = "asha@example.org";
  expect(intent({ asha: { name: "Asha Rao", email } })).toEqual({ key: "asha", name: "Asha Rao", email });
  expect(intent({ asha: { name: "Asha Rao", slack: run.requestedBy.replace("slack:", ""), email } })).toEqual({
    ...{ key: "asha", name: "Asha Rao", email },
  });
  expect(intent({ asha: { name: "Another Asha", slack: "U_OTHER", email } })).toEqual({
    key: "asha",
    name: "Asha Rao",
  });
});

test("so it is of whoever stops, pauses or lets go on, and not of whoever asked for the run", async () => {
  const here = await world();
  const run = await queue(here);
  const who = { wishBy: "slack:U_CARLA", wishByKey: "carla", wishByName: "Carla Nowak" };
  const stop = { abortRequestedBy: who.wishBy, abortRequestedByKey: "carla", abortRequestedByName: "Carla Nowak" };
  const catalogue = catalogueOf({ people: { carla: { name: "Carla Nowak", email: "carla@example.org" } } });
  const carla = { key: "carla", name: "Carla Nowak", email: "carla@example.org" };
  const intent = { ...intentOf(run, catalogue), reason: "the night's run" };
  expect(wishIntentOf({ ...run, ...who }, intent, catalogue)).toEqual({
    ...intentOf(run, catalogue),
    requestedBy: carla,
  });
  const aborted = abortIntentOf({ ...run, ...stop, abortReason: "wrong place" }, intent, catalogue);
  expect(aborted).toMatchObject({ requestedBy: carla, reason: "wrong place" });
  expect(wishIntentOf(run, intent, catalogue)).toBe(intent);
});
