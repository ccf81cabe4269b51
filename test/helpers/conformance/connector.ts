import { expect, test } from "vitest";
import { manualClock } from "../../../src/base/clock.ts";
import { http } from "../../../src/base/http.ts";
import type { Connection, Intent } from "../../../src/jobs/connectors/contract.ts";
import { ConnectorError } from "../../../src/jobs/connectors/contract.ts";
import type { ListedConnector } from "../../../src/jobs/connectors/index.ts";

/** A real target on loopback, as bad as a test wants it, and what it counted itself. */
export interface Bench {
  /** The entry under `targets:` that points at it. Its credentials contain `secret`. */
  readonly entry: unknown;
  readonly secret: string;
  /** How often it began an execution. */
  starts(): number;
  /** A job that it knows. */
  readonly name: string;
  /** Calls are answered so from now on; null: as usual. */
  answer(how: "429" | "503" | "401" | "500" | "repeats the secret" | "not json" | null): void;
  /** Somebody else's execution is under way. */
  occupy(): void;
  /** It says that it is another environment (and a superset of the right one). */
  pretend(): void;
  /** It does what is asked and cuts the connection before it answers. */
  cutAfterStart(): void;
  vanish(): Promise<void>;
}

/** What a target may not be able to do; the kit then skips what cannot be asked of it. */
export interface BenchOptions {
  /** It has no network: it cannot vanish, refuse or be another. */
  readonly offline?: boolean;
}

export function connect(connector: ListedConnector, entry: unknown): Connection {
  return connector.open(entry, {
    http,
    clock: manualClock("2021-03-16T14:30:00Z"),
    target: "the-target",
    redact: (text) => text,
  });
}

export const intentFor = (name: string, more: Partial<Intent> = {}): Intent => ({
  intentKey: "intent-1",
  job: "person-sync",
  environment: "prod",
  name,
  parameters: {},
  version: null,
  requestedBy: { key: "asha", name: "Asha Rao" },
  ...more,
});

/**
 * What every connector has to keep: an effect is never claimed and never doubled, an error says whether it had one, and
 * no secret is ever told on.
 */
export function connectorConformance(
  connector: ListedConnector,
  bench: () => Promise<Bench>,
  options: BenchOptions = {},
): void {
  const made = async () => {
    const target = await bench();
    return { target, connection: connect(connector, target.entry), intent: intentFor(target.name) };
  };
  const kindOf = async (promise: Promise<unknown>): Promise<string> => {
    const error: unknown = await promise.then(
      () => {
        throw new Error("it did not fail");
      },
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof ConnectorError)) throw error;
    return error.kind;
  };

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
    await connection.start(intent);
    const second = await connection.start(intent).then(
      () => "the same",
      (error: unknown) => (error instanceof ConnectorError ? error.kind : "a defect"),
    );
    expect(second).toBe(connection.capabilities.startKey === "native" ? "the same" : "conflict");
    expect(target.starts()).toBeLessThanOrEqual(1);
  });

  test("without a key of its own it never claims to have found an interrupted start", async () => {
    const { connection, intent } = await made();
    await connection.start(intent);
    const located = await connection.locate(intent);
    expect(located.kind).toBe(connection.capabilities.startKey === "native" ? "found" : "unknown");
  });

  test("an abort is unsupported exactly when it is declared so", async () => {
    const { connection, intent } = await made();
    const handle = await connection.start(intent);
    const reply = await connection.abort(handle, intent, "soft");
    expect(reply === "unsupported").toBe(connection.capabilities.abort === "none");
  });

  if (options.offline === true) return;

  test("somebody else's execution is a conflict, never this one", async () => {
    const { target, connection, intent } = await made();
    target.occupy();
    expect((await connection.look(intent)).phase).toBe("running");
    expect(await connection.preflight(intent)).toContainEqual(
      expect.objectContaining({ check: "running", level: "block" }),
    );
    expect(await kindOf(connection.start(intent))).toBe("conflict");
    expect(target.starts()).toBe(0);
  });

  test("a target that says it is another one is refused", async () => {
    const { target, connection, intent } = await made();
    target.pretend();
    expect(await connection.preflight(intent)).toContainEqual(
      expect.objectContaining({ check: "identity", level: "block" }),
    );
  });

  test("an answer that was cut off after the effect is ambiguous", async () => {
    const { target, connection, intent } = await made();
    target.cutAfterStart();
    expect(await kindOf(connection.start(intent))).toBe("ambiguous");
    expect(target.starts()).toBe(1);
    expect((await connection.locate(intent)).kind).not.toBe("not_found");
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
    await expect(connection.start(intent)).rejects.toMatchObject({ afterMs: 7_000 });
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
