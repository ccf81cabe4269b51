import { describe, expect, test } from "vitest";
import { ConnectorError } from "../../src/jobs/connectors/contract.ts";
import { BEN } from "../guard/fixture.ts";
import { asking } from "../jobs/world.ts";
import { asked, control, done, START } from "./control.ts";

const here = { job: "ndw-etl", environment: "preprod" };

describe("pin", () => {
  test("points the schedule at the version, reads it back, and shows it until it is unpinned", async () => {
    const { pins, etl, view, runs, audit } = await control();
    const pin = done(await pins.set(asking(), { ...here, version: "previous", reason: "12 fails" }));
    expect(pin).toMatchObject({ version: "11", was: "12", state: "set", byName: "Asha Rao", because: "12 fails" });
    expect(etl.schedule).toBe("11");
    const { number } = done(await runs.request(asking(), { ...here, parameters: {} }));
    expect((await view(number)).pin).toMatchObject({ version: "11", state: "set" });

    const free = done(await pins.clear(asking(), here));
    expect(free).toMatchObject({ state: "cleared", to: "12" });
    expect(etl.schedule).toBe("12");
    expect((await view(number)).pin).toBeNull();
    expect(await audit()).toEqual(["asha pin.set allowed", "asha run.request allowed", "asha pin.clear allowed"]);
  });

  test("a protected environment asks for its name and the job's, once, and does nothing before", async () => {
    const { pins, etl, audit } = await control();
    const wanted = { job: "ndw-etl", environment: "prod", version: "11" };
    const question = asked(await pins.set(asking(), wanted));
    expect(question.fields[0]?.expected).toBe("prod ndw-etl");
    expect(question.lines.join(" ")).toContain("points at 12");
    expect(etl.pins).toEqual([]);
    const answer = (confirm: string) => asking({ confirmation: { id: question.id, values: { confirm } } });
    await expect(pins.set(answer("prod ndw"), wanted)).rejects.toMatchObject({ code: "confirmation_mistyped" });
    await expect(pins.set(answer("prod ndw-etl"), { ...wanted, version: "10" })).rejects.toMatchObject({
      code: "confirmation_differs",
    });
    expect(done(await pins.set(answer("prod ndw-etl"), wanted))).toMatchObject({ state: "set" });
    // Submitted twice: the same pin, and the target is not told again.
    expect(done(await pins.set(answer("prod ndw-etl"), wanted))).toMatchObject({ state: "set" });
    expect(etl.pins).toEqual(["11"]);
    expect(await audit()).toEqual([
      "asha pin.set asked",
      "asha pin.set denied",
      "asha pin.set denied",
      "asha pin.set allowed",
    ]);
  });

  test("it is kept to the job's channel, and held by a freeze unless somebody's word lifts that", async () => {
    const place = { target: "etl", fromChannel: "ops" };
    const { pins, etl, audit } = await control({
      jobs: { "ndw-etl": { environments: { prod: place, preprod: place } } },
      freezes: [{ name: "release", deny: { environments: ["preprod"] }, then: "defer", because: "the release" }],
    });
    const elsewhere = asking({ channel: "C_OTHER", channelName: "other" });
    await expect(pins.set(elsewhere, { ...here, version: "11" })).rejects.toMatchObject({
      message: "ndw-etl in preprod may only be pinned from #ops.",
    });
    await expect(pins.set(asking(), { ...here, version: "11" })).rejects.toMatchObject({
      message: expect.stringContaining("is frozen by release until somebody ends it: the release"),
      wayOut: expect.stringContaining("--override="),
    });
    expect(etl.pins).toEqual([]);
    expect(done(await pins.set(asking(), { ...here, version: "11", override: "12 fails" }))).toMatchObject({
      state: "set",
    });
    await expect(pins.clear(asking(), here)).rejects.toMatchObject({ code: "frozen" });
    expect(await audit()).toEqual([
      "asha pin.set denied",
      "asha pin.set denied",
      "asha pin.set allowed",
      "asha freeze.override allowed",
      "asha pin.clear denied",
    ]);
    // Where no freeze holds there is nothing to lift.
    asked(await pins.set(asking(), { ...here, environment: "prod", version: "11", override: "12 fails" }));
    expect((await audit()).filter((line) => line.includes("override"))).toHaveLength(1);
  });

  test("who has no grant may not, and learns nothing of the target", async () => {
    const { pins, etl, audit } = await control();
    await expect(pins.set(asking({ actor: BEN }), { ...here, version: "99" })).rejects.toMatchObject({
      message: "Ben Okoro may not pin ndw-etl in preprod.",
    });
    await expect(pins.clear(asking({ actor: BEN }), here)).rejects.toMatchObject({ kind: "denied" });
    expect(etl.pins).toEqual([]);
    expect(await audit()).toEqual(["ben pin.set denied", "ben pin.clear denied"]);
  });

  test("a target without a schedule, and a version that is not there, are refused with the way out", async () => {
    const { pins } = await control();
    const plain = { job: "post-sync", environment: "preprod", version: "1" };
    await expect(pins.set(asking(), plain)).rejects.toMatchObject({ code: "no_pins", kind: "unsupported" });
    await expect(pins.set(asking(), { ...here, version: "99" })).rejects.toMatchObject({ code: "unknown_version" });
    await expect(pins.clear(asking(), here)).rejects.toMatchObject({ code: "not_pinned" });
  });

  test("what the target refuses is not pinned, and the pin before it stands", async () => {
    const { pins, etl, view, runs } = await control();
    await pins.set(asking(), { ...here, version: "11" });
    etl.pinFaults.push({ error: new ConnectorError("auth", "the role may not change rules"), after: false });
    const failed = done(await pins.set(asking(), { ...here, version: "10" }));
    expect(failed).toMatchObject({ state: "failed", detail: "the role may not change rules" });
    expect(etl.schedule).toBe("11");
    const { number } = done(await runs.request(asking(), { ...here, parameters: {} }));
    expect((await view(number)).pin).toMatchObject({ version: "11", state: "set" });
    // Pinned anew, it still knows what it was before anybody held it.
    expect(done(await pins.set(asking(), { ...here, version: "10" }))).toMatchObject({ state: "set", was: "12" });
    expect(done(await pins.clear(asking(), { ...here, to: "11" }))).toMatchObject({ state: "cleared", to: "11" });
  });

  test("an answer that was lost is settled by reading back, a call that was lost by asking again", async () => {
    const { pins, etl, carryPin, store } = await control();
    const lost = (after: boolean) => etl.pinFaults.push({ error: new ConnectorError("ambiguous", "cut off"), after });
    lost(true);
    expect(done(await pins.set(asking(), { ...here, version: "11" }))).toMatchObject({ state: "set" });
    lost(false);
    const open = done(await pins.clear(asking(), here));
    expect(open).toMatchObject({ state: "clearing", detail: "cut off; the rule points at 11" });
    await expect(pins.set(asking(), { ...here, version: "10" })).rejects.toMatchObject({ code: "pin_under_way" });
    const { id } = await store.db.selectFrom("pins").select("id").executeTakeFirstOrThrow();
    expect(await carryPin(id)).toEqual({ done: true });
    expect(etl.schedule).toBe("12");
    expect(await store.db.selectFrom("pins").select("state").execute()).toEqual([{ state: "cleared" }]);
  });

  test("a process that dies before the call leaves work behind; a target that never tells is given up on", async () => {
    const { pins, etl, carryPin, store, clock, due } = await control();
    for (let n = 0; n < 3; n += 1) {
      etl.pinFaults.push({ error: new ConnectorError("unavailable", "no answer"), after: false });
    }
    const asked = done(await pins.set(asking(), { ...here, version: "11" }));
    expect(asked.state).toBe("setting");
    expect(await due()).not.toContain("pin 1");
    clock.advance({ seconds: 30 });
    expect(await due()).toContain("pin 1");
    expect(await carryPin(1)).toMatchObject({ done: false });
    clock.advance({ minutes: 11 });
    expect(await carryPin(1)).toEqual({ done: true });
    expect(await store.db.selectFrom("pins").select(["state", "detail"]).execute()).toEqual([
      { state: "failed", detail: "nobody knows whether it is pinned: no answer; the rule points at 12" },
    ]);
  });
});

describe("with a run", () => {
  test("the schedule is pinned when the run has started, to what it runs, and the run's history says so", async () => {
    const { runs, store, move, carryPin, etl, view, due } = await control();
    const { number } = done(await runs.request(asking(), { ...here, parameters: {} }));
    await store.db.updateTable("runs").set({ version: "11", pin_after_start: true }).execute();
    expect(await due()).not.toContain("pin 1");
    await move(number, ...START);
    expect(await due()).toContain("pin 1");
    expect((await view(number)).pin).toMatchObject({ state: "setting" });
    await carryPin(1);
    expect(etl.schedule).toBe("11");
    const seen = await view(number);
    expect(seen.pin).toMatchObject({ version: "11", was: "12", state: "set", by: "asha" });
    expect(seen.because).toBe("its schedule is pinned to 11: the rule points at 11");
  });
});
