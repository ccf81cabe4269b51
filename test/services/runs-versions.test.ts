import { describe, expect, test } from "vitest";
import { BEN } from "../guard/fixture.ts";
import { asking } from "../jobs/world.ts";
import { asked, control, done, START } from "./control.ts";

const here = { job: "ndw-etl", environment: "preprod", parameters: {} };

describe("a run of a version", () => {
  test("is resolved before the guard decides, kept with the run, and shown", async () => {
    const { runs, run } = await control();
    expect(done(await runs.request(asking(), { ...here, version: "previous" }))).toMatchObject({ version: "11" });
    expect((await run(1)).version).toBe("11");
    await expect(runs.request(asking(), { ...here, version: "99" })).rejects.toMatchObject({ code: "unknown_version" });
    await expect(runs.request(asking(), { ...here, job: "post-sync", version: "1" })).rejects.toMatchObject({
      code: "no_versions",
    });
  });

  test("is what was confirmed: another version is another question", async () => {
    const { runs, etl } = await control();
    const prod = { ...here, environment: "prod", version: "previous" };
    const question = asked(await runs.request(asking(), prod));
    const yes = () => asking({ confirmation: { id: question.id, values: { confirm: "prod ndw-etl" } } });
    etl.schedule = "11";
    await expect(runs.request(yes(), prod)).rejects.toMatchObject({ code: "confirmation_differs" });
    etl.schedule = "12";
    expect(done(await runs.request(yes(), prod))).toMatchObject({ version: "11" });
  });

  test("is named in the question, and so is the pin", async () => {
    const { runs } = await control();
    const prod = { ...here, environment: "prod", version: "previous" };
    const lines = async (more: object) => asked(await runs.request(asking(), { ...prod, ...more })).lines.join("\n");
    expect(await lines({})).toContain("It runs version *11*; the target's own schedule stays as it is.");
    expect(await lines({ pin: true })).toContain("schedule is held at *11* until somebody unpins it");
  });

  test("is pinned in the same act, by who may do both; without a version there is nothing to pin to", async () => {
    const { runs, move, carryPin, etl, view, audit } = await control();
    done(await runs.request(asking(), { ...here, version: "previous", pin: true }));
    expect(etl.pins).toEqual([]);
    await move(1, ...START);
    await carryPin(1);
    expect(etl.schedule).toBe("11");
    expect((await view(1)).pin).toMatchObject({ version: "11", was: "12", state: "set" });
    expect(await audit()).toEqual(["asha run.request allowed", "asha pin.set allowed"]);
    await move(1, "succeed");
    await expect(runs.request(asking(), { ...here, pin: true })).rejects.toMatchObject({ code: "pin_without_version" });
    await expect(runs.request(asking({ actor: BEN }), { ...here, version: "10", pin: true })).rejects.toMatchObject({
      message: "Ben Okoro may not pin ndw-etl in preprod.",
    });
  });
});

describe("rerun from where it failed", () => {
  test("continues the execution of the run before", async () => {
    const { runs, move, run, view, store } = await control();
    done(await runs.request(asking(), here));
    await move(1, ...START, "fail");
    expect((await view(1)).can.resumeFailed).toBe(true);
    // Not once what was there before is back: its end is not where the list is any more.
    const mark = (restored: boolean) =>
      store.db.updateTable("runs").set({ restored }).where("number", "=", 1).execute();
    await mark(true);
    expect((await view(1)).can.resumeFailed).toBe(false);
    await expect(runs.rerun(asking(), 1, { from: "failed" })).rejects.toMatchObject({ code: "cannot_continue" });
    await mark(false);
    const again = done(await runs.rerun(asking(), 1, { from: "failed" }));
    expect(again).toMatchObject({ number: 2, parent: 1 });
    expect((await run(2)).resumeOf).toMatchObject({ externalId: "e1" });
    expect((await run(2)).handle).toBeNull();
  });

  test("where the target cannot, or nothing failed, it is refused with the way out", async () => {
    const { runs, move, view } = await control();
    done(await runs.request(asking(), { ...here, job: "post-sync" }));
    await move(1, ...START, "fail");
    expect((await view(1)).can.resumeFailed).toBe(false);
    const way = "Nothing was started. `/sync rerun run 1` runs it from its beginning.";
    await expect(runs.rerun(asking(), 1, { from: "failed" })).rejects.toMatchObject({
      kind: "unsupported",
      wayOut: way,
    });
    done(await runs.request(asking(), here));
    await move(2, ...START, "succeed");
    await expect(runs.rerun(asking(), 2, { from: "failed" })).rejects.toMatchObject({
      message: "Run 2 did not fail: there is nothing to continue.",
    });
  });

  test("what is no run of a job is not run again as if it were one", async () => {
    const { runs, store } = await control();
    done(await runs.request(asking(), here));
    await store.db.updateTable("runs").set({ kind: "fanout", state: "failed" }).execute();
    await expect(runs.rerun(asking(), 1)).rejects.toMatchObject({
      message: "Run 1 is a fan-out, not the run of a job.",
      wayOut: expect.stringContaining("/sync resync --run=1 --only=failed"),
    });
  });
});
