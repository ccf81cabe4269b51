import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import type { Http } from "../../src/base/http.ts";
import { type Level, levelAt, worseAt } from "../../src/monitors/checkpoint.ts";
import { monitored } from "./world.ts";

const PLACE = { place: { checkpoint: true, service: "reval", environment: "prod", retention: "3h", job: "etl" } };
const at = (hours: number) => Temporal.Instant.from("2024-02-16T21:00:00Z").add({ seconds: Math.round(hours * 3_600) });

test("half, three quarters, lost: each level at its instant and not before, whatever is told", () => {
  const limits = { retention: 3 * 3_600_000, warn: 0.5, page: 0.75 };
  const slow = (age: number): Level => (age >= 3 ? 3 : age >= 2.25 ? 2 : age >= 1.5 ? 1 : 0);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300 }), fc.boolean(), (minutes, told) => {
      const when = { now: at(minutes / 60), knownAt: at(0) };
      const place = { placeAt: told ? at(0) : null };
      expect(levelAt(place, limits, when)).toBe(slow(minutes / 60));
      const worse = worseAt(place, limits, when);
      const next = [1.5, 2.25, 3].find((age) => age > minutes / 60);
      expect(worse?.epochMilliseconds).toBe(next === undefined ? undefined : at(next).epochMilliseconds);
    }),
  );
});

test("a place that is pushed ages until it moves; each level is told once, and that it moves again", async () => {
  const here = await monitored(PLACE, { at: "2024-02-16T21:00:00Z" });
  const push = (place: string) =>
    here.hear({ kind: "progress", tags: { checkpoint: place, "checkpoint.position": "t1" } });
  await push("2024-02-16T21:00:00Z");
  for (const ago of [1, 2, 3, 4]) {
    here.clock.advance({ minutes: 10 });
    await here.hear({ kind: "finished", rid: `r${ago}` });
    await push("2024-02-16T21:00:00Z");
  }
  await here.until("2024-02-17T01:00:00Z");
  expect(await here.told()).toEqual([
    "firing: The place of place in prod is 1 h 30 min old, 50 % of the 3 h that its log keeps: it stands at 21:00 (Europe/London) | 4 runs of etl succeeded since, and none moved it.",
    expect.stringMatching(/^firing: The place of place in prod is 2 h 15 min old, 75 %/),
    expect.stringMatching(
      /^firing: place in prod has lost its place: it stands at 21:00, and its log keeps only what is newer than 21:00/,
    ),
  ]);
  expect(await here.incidents()).toMatchObject([{ severity: "sev2", services: ["reval"], status: "open" }]);
  await push("2024-02-17T00:59:00Z");
  expect((await here.told()).slice(3)).toHaveLength(3);
  expect(await here.incidents()).toMatchObject([{ status: "resolved" }]);
  // What was said before does not take a later word back, and a second trouble is told anew.
  await here.hear({ kind: "progress", at: at(1), tags: { checkpoint: "2024-02-16T22:00:00Z" } });
  expect(await here.stateOf("place")).toBe("ok");
  await here.until("2024-02-17T02:30:00Z");
  expect((await here.told()).slice(6)).toHaveLength(1);
});

test("a heartbeat keeps an idle place young, and another's place is not its own", async () => {
  const here = await monitored(PLACE, { at: "2024-02-16T21:00:00Z" });
  for (const hour of ["22", "23"]) {
    await here.until(`2024-02-16T${hour}:00:00Z`);
    const tags = { checkpoint: `2024-02-16T${hour}:00:00Z`, "checkpoint.monitor": "place" };
    await here.hear({ kind: "progress", job: "place", tags });
  }
  await here.hear({ kind: "progress", tags: { checkpoint: "2024-02-16T12:00:00Z", "checkpoint.monitor": "other" } });
  expect([await here.told(), await here.stateOf("place")]).toEqual([[], "ok"]);
});

test("asks only where the catalogue says, and ages all the same when nobody answers", async () => {
  const asked: string[] = [];
  const http: Http = async ({ url, headers }) => {
    asked.push(`${url} ${headers?.["authorization"]}`);
    if (asked.length === 2) throw new Error("GET http://reval.test: ECONNREFUSED");
    const body = JSON.stringify({ stream: { at: 1_708_117_200, token: "t-9", url: "http://elsewhere.test" } });
    return { status: asked.length === 3 ? 503 : 200, headers: new Headers(), body };
  };
  const poll = { target: "reval", path: "/place", at: "stream.at", position: "stream.token" };
  const monitors = { place: { ...PLACE.place, every: "30m", poll } };
  const targets = {
    reval: { connector: "noop", url: "http://reval.test/", token: "secret" },
    nothing: { connector: "noop" },
  };
  const here = await monitored(monitors, { at: "2024-02-16T21:00:00Z", http, sections: { targets } });
  await here.until("2024-02-16T22:31:00Z");
  expect(new Set(asked)).toEqual(new Set(["http://reval.test/place Bearer secret"]));
  expect(await here.told()).toEqual([expect.stringContaining("50 % of the 3 h")]);
  const kept = await here.store.db.selectFrom("checkpoints").select(["position", "trouble"]).executeTakeFirst();
  expect(kept).toEqual({ position: "t-9", trouble: null });
});
