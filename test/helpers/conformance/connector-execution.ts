import { expect, test } from "vitest";
import type { Observation } from "../../../src/jobs/connectors/contract.ts";
import { type Bench, type BenchOptions, type Made, PRIVATE } from "./bench.ts";

/** What has to hold from the start of an execution to its end, whoever ends it. */
export function executionConformance(made: Made, options: BenchOptions): void {
  const skipped = new Set(options.without ?? []);

  test("a start that never came is not found, or not known", async () => {
    const { target, connection, intent } = await made();
    const located = await connection.locate(intent);
    expect(located.kind).toBe(connection.capabilities.startKey === "none" ? "unknown" : "not_found");
    expect(target.starts()).toBe(0);
  });

  test("an end is told by what the target says, and an abort that comes late does not change it", async () => {
    const { target, connection, intent } = await made();
    const handle = await connection.start(intent);
    await has(target, "finish")();
    const before = await connection.observe(handle, intent, null);
    expect(before.phase).toBe(connection.capabilities.evidence === "status" ? "succeeded" : before.phase);
    expect(["running", "paused", "aborted", "failed"]).not.toContain(before.phase);
    for (const mode of ["soft", "hard"] as const) {
      const reply = await connection.abort(handle, intent, mode);
      expect(connection.capabilities.abort === "none" ? ["unsupported"] : ["unsupported", "already_done"]).toContain(
        reply,
      );
    }
    expect((await connection.observe(handle, intent, null)).phase).toBe(before.phase);
  });

  test("an abort that was accepted is no proof: a target that goes on is seen to go on", async () => {
    const { target, connection, intent } = await made();
    if (connection.capabilities.abort === "none") return;
    const handle = await connection.start(intent);
    await has(target, "ignoreAborts")();
    expect(await connection.abort(handle, intent, "soft")).toBe("accepted");
    expect((await connection.observe(handle, intent, null)).phase).toBe("running");
  });

  test("an abort asked twice does no harm, and is proved by a look", async () => {
    const { target, connection, intent } = await made();
    if (connection.capabilities.abort === "none") return;
    const handle = await connection.start(intent);
    expect(await connection.abort(handle, intent, "soft")).toBe("accepted");
    expect(["accepted", "already_done"]).toContain(await connection.abort(handle, intent, "soft"));
    await has(target, "obey")();
    const { phase } = await connection.observe(handle, intent, null);
    expect(phase).toBe(connection.capabilities.abortProof === "strong" ? "aborted" : phase);
    expect(["running", "paused", "succeeded"]).not.toContain(phase);
    expect(target.starts()).toBe(1);
  });

  test("an execution that the target no longer knows has no end", async () => {
    const { target, connection, intent } = await made();
    if (target.forget === undefined) return;
    const handle = await connection.start(intent);
    await target.forget();
    expect(["not_found", "unknown", "not_running"]).toContain((await connection.observe(handle, intent, null)).phase);
  });

  test.each([9, -9])("a target whose clock is %s hours off is judged the same", async (hours) => {
    const { target, connection, intent } = await made();
    target.skew?.(hours);
    const blocks = (await connection.preflight(intent)).filter((finding) => finding.level === "block");
    expect(blocks).toEqual([]);
    const handle = await connection.start(intent);
    const phases: Observation["phase"][] = [(await connection.observe(handle, intent, null)).phase];
    await has(target, "finish")();
    phases.push((await connection.observe(handle, intent, null)).phase);
    expect(phases).toEqual(
      connection.capabilities.evidence === "status" ? ["running", "succeeded"] : [phases[0], phases[1]],
    );
    expect(phases).not.toContain("failed");
  });

  test("the lines of a log come once, and without secrets", async () => {
    const { target, connection, intent } = await made();
    if (!connection.capabilities.logs) return;
    const handle = await connection.start(intent);
    await has(target, "leak")();
    const first = await connection.observe(handle, intent, null);
    expect(first.logLines?.join("\n")).toContain("[redacted]");
    expect(JSON.stringify(first)).not.toContain(target.secret);
    expect(JSON.stringify(first)).not.toContain(PRIVATE);
    const second = await connection.observe(handle, intent, first.cursor);
    expect((second.logLines ?? []).filter((line) => line.includes("[redacted]"))).toEqual([]);
  });

  if (skipped.has("occupation")) return;
  test("what another run has started is another's", async () => {
    const { target, connection, intent } = await made();
    const handle = await connection.start(intent);
    const other = { ...intent, intentKey: "intent-2" };
    await expect(connection.start(other)).rejects.toMatchObject({ kind: "conflict" });
    expect(target.starts()).toBe(1);
    if (connection.capabilities.startKey === "none") return;
    expect(await connection.locate(other)).toEqual({ kind: "not_found" });
    expect(await connection.locate(intent)).toMatchObject({ handle: { externalId: handle.externalId } });
  });
}

/** What the bench can do because its target's capabilities ask for it. */
function has<Name extends "finish" | "ignoreAborts" | "obey" | "leak">(
  target: Bench,
  name: Name,
): NonNullable<Bench[Name]> {
  const what = target[name];
  if (what === undefined) throw new Error(`this target's bench has to have ${name}`);
  return what;
}
