import fc from "fast-check";
import { expect, test } from "vitest";
import { normalised, sameFailure } from "../../src/services/runs-again.ts";
import { asking } from "../jobs/world.ts";
import { control, START } from "./control.ts";

const failed = (message: string, kind = "target") => ({ state: "failed", error: { kind, message } });

test("numbers, ids and quoted values do not make two failures different; other words do", () => {
  const one = failed("Unknown column 'p.ntn' at row 17 of run 8f14e45fceea167a");
  expect(sameFailure(one, failed("Unknown column 'q.gmc' at row 4 of run 3c59dc048e885024"))).toBe(true);
  expect(sameFailure(one, failed("Unknown table 'p.ntn' at row 17 of run 8f14e45fceea167a"))).toBe(false);
  expect(sameFailure(one, failed(one.error.message, "invalid"))).toBe(false);
  for (const kind of ["settled", "retryable", "unavailable"]) {
    expect(sameFailure(failed("x", kind), failed("x", kind))).toBe(false);
  }
  expect(sameFailure({ ...one, state: "aborted" }, one)).toBe(false);
  expect(sameFailure({ state: "failed", error: null }, { state: "failed", error: null })).toBe(false);
});

test("what is normal stays so, and comparing has no sides", () => {
  const message = fc.string({ unit: "grapheme" });
  fc.assert(
    fc.property(message, message, fc.nat(), (a, b, number) => {
      expect(normalised(`${a} ${number}`)).toBe(normalised(`${a} ${number + 1}`));
      expect(sameFailure(failed(a), failed(b))).toBe(sameFailure(failed(b), failed(a)));
      expect(sameFailure(failed(a), failed(a))).toBe(true);
    }),
  );
});

test("after two failures of the same kind a rerun is not offered, on both cards, until something else happens", async () => {
  const { runs, move, view, store, due } = await control();
  const again = async (number: number, error: string | null) => {
    await runs.request(asking(), { job: "ndw-etl", environment: "preprod", parameters: {} });
    return move(number, ...START, error === null ? "succeed" : { event: "fail", error });
  };
  await again(1, "Unknown column 'a' in line 3");
  expect((await view(1)).noRerun).toBeNull();
  await store.db.deleteFrom("outbox").execute();
  await again(2, "Unknown column 'b' in line 4");
  expect(await due()).toContain("run-card 1");
  expect((await view(2)).noRerun).toContain("failed twice in a row with the same error");
  expect((await view(2)).noRerun).toContain("--version=previous");
  expect((await view(1)).noRerun).toBe((await view(2)).noRerun);
  await runs.request(asking(), { job: "ndw-etl", environment: "preprod", parameters: {} });
  expect((await view(3)).noRerun).toContain("the two runs before it failed with the same error");
  await store.db.updateTable("runs").set({ version: "11" }).where("number", "=", 3).execute();
  expect((await view(3)).noRerun).toBeNull();
  await move(3, ...START, { event: "fail", error: "the disk is full" });
  for (const number of [1, 2, 3]) expect((await view(number)).noRerun).toBeNull();
  await again(4, null);
  await again(5, "the disk is full");
  expect((await view(5)).noRerun).toBeNull();
});
