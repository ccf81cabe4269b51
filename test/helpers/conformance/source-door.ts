import { expect, test } from "vitest";
import { manualClock } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { isFiring } from "../../../src/incidents/conditions.ts";
import { listIncidents } from "../../../src/incidents/incidents.store.ts";
import type { SourcePlugin } from "../../../src/intake/plugin.ts";
import { createInboxProcessor } from "../../../src/intake/process.ts";
import { createReceiver, MOST_BODY_BYTES } from "../../../src/intake/receive.ts";
import type { HookRequest } from "../../../src/intake/sources/contract.ts";
import { testDatabase } from "../database.ts";
import { catalogueOf, ESTATE } from "../hear.ts";
import type { SourceSamples } from "./source.ts";

const NAME = "the-source";

/** The whole way of a source's deliveries, from the door to an incident, over a database of its own. */
async function door(plugin: SourcePlugin, samples: SourceSamples) {
  const { store } = await testDatabase();
  const clock = manualClock("2021-03-16T14:42:00Z");
  const catalogue = catalogueOf({ ...ESTATE, sources: { [NAME]: samples.entry } });
  const shared = { store, catalogue, sources: [plugin], clock, log: silentLogger };
  const { prove } = samples;
  const receiver = createReceiver(prove === undefined ? shared : { ...shared, prove });
  const processor = createInboxProcessor({
    ...shared,
    ports: {
      linkSignal: async () => null,
      signalsJoined: async () => {},
      captureSlackEvent: async () => {},
      channelName: async () => null,
      self: () => ({}),
    },
  });
  return {
    clock,
    send: async (request: HookRequest) => (await receiver.receive(NAME, request)).status,
    inbox: () => store.db.selectFrom("inbox").select("state").orderBy("id").execute(),
    strangers: () => store.db.selectFrom("unauthenticated").select("id").execute(),
    incidents: async () => {
      await processor.process();
      return listIncidents(store.db, { statuses: ["open", "acknowledged", "mitigated", "resolved"], limit: 10 });
    },
  };
}

const firing = (incidents: Awaited<ReturnType<Awaited<ReturnType<typeof door>>["incidents"]>>) =>
  incidents.flatMap(({ conditions }) => Object.values(conditions).filter(isFiring)).length;

export function describeDoor(plugin: SourcePlugin, samples: SourceSamples): void {
  test("what is too large, unknown or junk is answered so; what comes twice is one alert, and its end ends it", async () => {
    const { clock, send, inbox, strangers, incidents } = await door(plugin, samples);
    const sent = samples.firing(clock, 1);
    expect(await send({ ...sent, body: Buffer.alloc(MOST_BODY_BYTES + 1, 0x20) })).toBe(413);
    expect(await send(samples.wrong(clock, 1))).toBe(401);
    expect(await inbox()).toEqual([]);
    expect(await strangers()).toHaveLength(1);
    expect(await send(samples.junk(clock))).toBe(400);
    expect([200, 202]).toContain(await send(sent));
    expect([200, 202]).toContain(await send(sent));
    expect(await inbox()).toEqual([{ state: "refused" }, { state: "pending" }]);
    const opened = await incidents();
    expect(opened).toMatchObject([{ status: "open", firingCount: 1 }]);
    expect(firing(opened)).toBe(1);

    clock.advance({ minutes: 2 });
    await send(samples.resolved(clock, 1));
    const ended = await incidents();
    expect(ended).toHaveLength(1);
    expect(firing(ended)).toBe(0);
  });

  if (samples.repeats === true) {
    test("what still fires and is told again is no new alert, and has been seen just now", async () => {
      const { clock, send, incidents } = await door(plugin, samples);
      const sent = samples.firing(clock, 1);
      await send(sent);
      const [opened] = await incidents();
      clock.advance({ hours: 1 });
      expect(await send(sent)).toBe(202);
      expect(await incidents()).toMatchObject([
        { number: opened?.number, status: "open", signalCount: 1, firingCount: 1, lastSeenAt: clock.now() },
      ]);
    });
  }

  const { overtaken } = samples;
  if (overtaken !== undefined) {
    test("an end that overtakes its beginning leaves nothing open", async () => {
      const { clock, send, incidents } = await door(plugin, samples);
      const [ended, fired] = overtaken(clock);
      await send(ended);
      await incidents();
      await send(fired);
      expect((await incidents()).filter(({ status }) => status !== "resolved")).toEqual([]);
    });
  }
}
