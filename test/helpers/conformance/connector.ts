import { expect, test } from "vitest";
import { ConnectorError } from "../../../src/jobs/connectors/contract.ts";
import type { ListedConnector } from "../../../src/jobs/connectors/index.ts";
import { type Bench, type BenchOptions, connect, intentFor, kindOf, type Made } from "./bench.ts";
import { executionConformance } from "./connector-execution.ts";

export { type Bench, type BenchOptions, connect, intentFor, PRIVATE } from "./bench.ts";

/**
 * What every connector has to keep: an effect is never claimed and never doubled, an error says whether it had one, and
 * no secret is ever told on.
 */
export function connectorConformance(
  connector: ListedConnector,
  bench: () => Promise<Bench>,
  options: BenchOptions = {},
): void {
  const without = new Set(options.without ?? []);
  const made = async () => {
    const target = await bench();
    return { target, connection: connect(connector, target.entry, target.context), intent: intentFor(target.name) };
  };

  test("it has exactly the methods that its capabilities declare", async () => {
    const { connection } = await made();
    const { capabilities: can } = connection;
    const declared: Record<string, boolean> = {
      resolveVersion: can.versions,
      snapshot: can.snapshot,
      restore: can.restore,
      pause: can.pause,
      resume: can.pause,
      pinned: can.pins,
      pin: can.pins,
      items: can.items !== null,
      ids: can.compare,
      deadLetters: can.deadLetters,
      redrive: can.deadLetters,
    };
    const there = Object.fromEntries(Object.keys(declared).map((name) => [name, Object.hasOwn(connection, name)]));
    expect(there).toEqual(declared);
    expect(can.abort === "none" && can.abortProof !== "none").toBe(false);
  });

  test("a plan has no effect and no call", async () => {
    const { target, connection, intent } = await made();
    expect(connection.plan(intent)).not.toBe("");
    expect(target.starts()).toBe(0);
  });

  test("a free target passes the checks, and they have no effect", async () => {
    const { target, connection, intent } = await made();
    const findings = await connection.preflight(intent);
    expect(findings.filter((finding) => finding.level === "block")).toEqual([]);
    expect(target.starts()).toBe(0);
  });

  test("a second start with the same intent is no second execution", async () => {
    const { target, connection, intent } = await made();
    const first = await connection.start(intent);
    const second = await connection.start(intent).then(
      (handle) => (handle.externalId === first.externalId ? "the same" : "another"),
      (error: unknown) => (error instanceof ConnectorError ? error.kind : "a defect"),
    );
    const { startKey } = connection.capabilities;
    expect(
      startKey === "echoed" ? ["the same", "conflict"] : [startKey === "native" ? "the same" : "conflict"],
    ).toContain(second);
    expect(target.starts()).toBeLessThanOrEqual(1);
  });

  test("without a key of its own it never claims to have found an interrupted start", async () => {
    const { connection, intent } = await made();
    await connection.start(intent);
    const located = await connection.locate(intent);
    expect(located.kind).toBe(connection.capabilities.startKey === "none" ? "unknown" : "found");
  });

  test("an abort is unsupported exactly when it is declared so", async () => {
    const { connection, intent } = await made();
    const handle = await connection.start(intent);
    const reply = await connection.abort(handle, intent, "soft");
    expect(reply === "unsupported").toBe(connection.capabilities.abort === "none");
  });

  if (options.offline === true) return;
  executionConformance(made, options);
  if (!without.has("occupation")) occupationConformance(made);
  if (!without.has("identity")) identityConformance(made);
  if (!without.has("network")) networkConformance(made);
}

function occupationConformance(made: Made): void {
  test("somebody else's execution is a conflict, never this one", async () => {
    const { target, connection, intent } = await made();
    await target.occupy();
    expect((await connection.look(intent)).phase).toBe("running");
    expect(await connection.preflight(intent)).toContainEqual(
      expect.objectContaining({ check: "running", level: "block" }),
    );
    expect(await kindOf(connection.start(intent))).toBe("conflict");
    expect(target.starts()).toBe(0);
  });
}

function identityConformance(made: Made): void {
  test("a target that says it is another one is refused", async () => {
    const { target, connection, intent } = await made();
    await target.pretend();
    expect(await connection.preflight(intent)).toContainEqual(
      expect.objectContaining({ check: "identity", level: "block" }),
    );
  });
}

function networkConformance(made: Made): void {
  test("an answer that was cut off after the effect is ambiguous", async () => {
    const { target, connection, intent } = await made();
    target.cutAfterStart();
    expect(await kindOf(connection.start(intent))).toBe("ambiguous");
    expect(target.starts()).toBe(1);
    const located = await connection.locate(intent);
    expect(located.kind).toBe(connection.capabilities.startKey === "none" ? "unknown" : "found");
    if (located.kind !== "found") return;
    expect((await connection.observe(located.handle, intent, null)).phase).toBe("running");
    expect(target.starts()).toBe(1);
  });

  test("a target that is not there had no effect", async () => {
    const { target, connection, intent } = await made();
    await target.vanish();
    expect(await kindOf(connection.start(intent))).toBe("unavailable");
    expect(await kindOf(connection.preflight(intent))).toBe("unavailable");
  });

  test.each([
    ["429", "retryable"],
    ["503", "retryable"],
    ["401", "auth"],
    ["500", "ambiguous"],
  ] as const)("%s at the start is %s", async (status, kind) => {
    const { target, connection, intent } = await made();
    target.answer(status);
    expect(await kindOf(connection.start(intent))).toBe(kind);
    expect(target.starts()).toBe(0);
  });

  test("a wait that the target asks for is passed on", async () => {
    const { target, connection, intent } = await made();
    target.answer("429");
    await expect(connection.start(intent)).rejects.toMatchObject({ kind: "retryable", afterMs: 7_000 });
    await expect(connection.look(intent)).rejects.toMatchObject({ kind: "retryable", afterMs: 7_000 });
    target.answer(null);
    await connection.start(intent);
    expect(target.starts()).toBe(1);
  });

  test("a target that vanishes while it runs has not ended", async () => {
    const { target, connection, intent } = await made();
    const handle = await connection.start(intent);
    await target.vanish();
    expect(await kindOf(connection.observe(handle, intent, null))).toBe("unavailable");
    if (connection.capabilities.abort === "none") return;
    expect(await kindOf(connection.abort(handle, intent, "soft"))).toBe("unavailable");
  });

  test("an answer that cannot be read proves nothing", async () => {
    const { target, connection, intent } = await made();
    const handle = await connection.start(intent);
    target.answer("not json");
    expect((await connection.observe(handle, intent, null)).phase).toBe("unknown");
  });

  test("a secret that the target repeats is told to nobody", async () => {
    const { target, connection, intent } = await made();
    const handle = await connection.start(intent);
    target.answer("repeats the secret");
    const told = await Promise.allSettled([
      connection.preflight(intent),
      connection.start(intent),
      connection.locate(intent),
      connection.look(intent),
      connection.observe(handle, intent, null),
      connection.abort(handle, intent, "soft"),
      connection.ownPermission(intent, "run"),
      connection.personPermission(intent, "run", { key: "asha", target: "asha" }),
    ]);
    const texts = told.map((one) => (one.status === "fulfilled" ? JSON.stringify(one.value) : String(one.reason)));
    expect(texts.join("\n")).not.toContain(target.secret);
    expect(texts).toHaveLength(8);
  });
}
