import { describe, expect, test } from "vitest";
import type { Connection, Intent } from "../../../src/jobs/connectors/contract.ts";
import { connectors } from "../../../src/jobs/connectors/index.ts";
import { connect, connectorConformance, intentFor } from "../../helpers/conformance/connector.ts";
import type { Call } from "../target-server.ts";
import { referenceBench, referenceTarget } from "./reference-target.ts";

const listed = connectors.find((one) => one.name === "contract");
if (listed === undefined) throw new Error("there is no contract connector");
const connector = listed;

describe("conformance, with the reference server", () => {
  connectorConformance(connector, referenceBench);
});

async function reference(more: Record<string, unknown> = {}) {
  const target = await referenceTarget();
  const connection = connect(connector, { ...target.entry, ...more });
  return { ...target, connection, intent: intentFor(target.job) };
}

/** The method, which the reference server's capabilities declare. */
function method<Name extends keyof Connection>(connection: Connection, name: Name): NonNullable<Connection[Name]> {
  const found = connection[name];
  if (found === undefined || found === null) throw new Error(`there is no ${name}`);
  return found;
}

/** The reference server's answer with some of its fields replaced. */
const replacing = (path: RegExp, fields: Record<string, unknown>) => (call: Call, text: string) =>
  path.test(call.path) ? JSON.stringify({ ...JSON.parse(text), ...fields }) : text;

test("a start carries the key, who asked and why, and what to run", async () => {
  const { connection, intent, front } = await reference();
  await connection.start({
    ...intent,
    parameters: { day: "2021-03-16" },
    version: "10",
    reason: "INC-7",
    requestedBy: { key: "zoë", name: "Zoë Ode", email: "zoe@example.org" },
  });
  const call = front.calls.at(-1);
  expect(call).toMatchObject({
    method: "POST",
    path: "/jobs/full-sync/executions",
    authorization: "Bearer s3cr3t-token",
  });
  expect(call?.headers).toMatchObject({ "idempotency-key": "intent-1", "x-nightdesk-requested-by": "zo%C3%AB" });
  expect(JSON.parse(call?.body ?? "")).toEqual({
    parameters: { day: "2021-03-16" },
    version: "10",
    resumeFrom: null,
    reason: "INC-7",
    requestedBy: { key: "zoë", name: "Zoë Ode", email: "zoe@example.org" },
  });
});

test.each([
  ["prod", undefined, undefined, false],
  ["production", undefined, ["prod", "production"], false],
  ["production", undefined, undefined, true],
  ["live-3", "live-3", undefined, false],
  ["prod", "live-3", undefined, true],
])("it says %s; the catalogue names %s, the environment is called %j", async (says, identity, names, refused) => {
  const { state, entry, job } = await reference();
  state.change = replacing(/^\/identity/, { environment: says });
  const context = names === undefined ? {} : { namesOf: () => names };
  const connection = connect(connector, { ...entry, ...(identity === undefined ? {} : { identity }) }, context);
  const findings = await connection.preflight(intentFor(job));
  expect(findings.some((finding) => finding.level === "block")).toBe(refused);
  expect(findings).toContainEqual(expect.objectContaining({ check: "identity", level: refused ? "block" : "info" }));
});

test("before a start it says what will run, how much, what readers see and what could be brought back", async () => {
  const { connection, intent } = await reference();
  await method(connection, "snapshot")(intent);
  const texts = (await connection.preflight(intent)).map(({ check, level, text }) => `${check} ${level}: ${text}`);
  expect(texts).toEqual([
    "identity info: the-target says that it is prod",
    "credential info: the-target accepts Nightdesk's token",
    "running info: the-target says that full-sync is not running",
    "version info: version 11 runs there",
    "expected info: 5,000 items",
    "readers info: the list is empty until it has ended",
    "snapshot info: the last snapshot there is snap-1 with 5,000 items",
  ]);
});

test("what a target cannot do is said before: by default a warning, against the catalogue's word a refusal", async () => {
  const { state, entry, job, connection } = await reference();
  const lacking = { abort: "none", snapshot: false, restore: false, versions: ["11"] };
  state.change = replacing(/^\/jobs\/[^/]+$/, { can: lacking });
  const said = await connection.preflight(intentFor(job));
  expect(said.filter((finding) => finding.level === "block")).toEqual([]);
  expect(said).toContainEqual(expect.objectContaining({ check: "stopping", level: "warn" }));
  expect(said).toContainEqual(expect.objectContaining({ check: "snapshot", level: "warn" }));

  const sure = connect(connector, { ...entry, can: { snapshot: true } });
  expect(await sure.preflight(intentFor(job))).toContainEqual(
    expect.objectContaining({ check: "snapshot", level: "block", wayOut: expect.stringContaining("`can`") }),
  );
  const older = await connection.preflight(intentFor(job, { version: "10" }));
  expect(older).toContainEqual(expect.objectContaining({ check: "version", level: "block" }));
});

test("a token that is refused, and a job that is not known, are told with their mend", async () => {
  const { connection, entry, job, state } = await reference();
  const stranger = connect(connector, { ...entry, token: "another" });
  expect(await stranger.preflight(intentFor(job))).toMatchObject([{ check: "credential", level: "block" }]);
  expect(await stranger.ownPermission(intentFor(job), "run")).toMatchObject({ kind: "no" });
  expect(await connection.preflight(intentFor("other"))).toMatchObject([{ check: "job", level: "block" }]);
  expect((await connection.look(intentFor("other"))).phase).toBe("not_found");
  expect(await connection.ownPermission(intentFor(job), "view")).toMatchObject({ kind: "yes" });
  expect(await connection.ownPermission(intentFor(job), "run")).toMatchObject({ kind: "not_known" });
  expect(state.starts).toBe(0);
});

test("an abort that the target answers with 405 is unsupported; what the catalogue denies is not even asked", async () => {
  const { connection, intent, state, entry, job, front } = await reference();
  const handle = await connection.start(intent);
  const soft = connect(connector, { ...entry, can: { abort: "soft" } });
  const calls = front.calls.length;
  expect(await soft.abort(handle, intentFor(job), "hard")).toBe("unsupported");
  expect(front.calls).toHaveLength(calls);
  state.instead = (call) => (call.path.endsWith("/abort") ? { status: 405 } : null);
  expect(await connection.abort(handle, intent, "soft")).toBe("unsupported");
});

test("a hard abort ends it at once, and the evidence says what readers are left with", async () => {
  const { connection, intent } = await reference();
  const handle = await connection.start(intent);
  await connection.abort(handle, intent, "hard");
  expect(await connection.observe(handle, intent, null)).toMatchObject({
    phase: "aborted",
    evidence: expect.stringContaining("the list has 0 items"),
  });
});

test("progress, the target's own retry and a failure are passed on in its words", async () => {
  const { connection, intent, state } = await reference();
  const handle = await connection.start(intent);
  const progress = { stage: 2, stages: 4, stageName: "load", done: 1_200, total: 5_000, unit: "items" };
  const attempt = { number: 2, of: 3, nextAt: "2021-03-17T02:40:00Z" };
  state.change = replacing(/^\/executions/, { progress, attempt });
  const running = await connection.observe(handle, intent, null);
  expect(running).toMatchObject({ phase: "running", progress, version: "11", retry: { number: 2, of: 3 } });
  expect(String(running.retry?.nextAt)).toBe("2021-03-17T02:40:00Z");
  expect(running.evidence).toBe("the-target says that ex-1 is running, stage 2 of 4 (load), 1,200 of 5,000 items");

  const error = { code: "source_behind", message: "the source is 2 h behind", retryable: true, stage: 3 };
  state.change = replacing(/^\/executions/, { state: "failed", error });
  expect(await connection.observe(handle, intent, null)).toMatchObject({
    phase: "failed",
    error: { kind: "source_behind", message: "the source is 2 h behind (stage 3)", retryable: true },
  });
});

test("an answer whose trimmings are broken still tells the state; one about another execution tells nothing", async () => {
  const { connection, intent, state } = await reference();
  const handle = await connection.start(intent);
  state.change = replacing(/^\/executions/, { progress: "half", attempt: 3, error: [], log: "none", stopping: "no" });
  expect((await connection.observe(handle, intent, null)).phase).toBe("running");
  state.change = replacing(/^\/executions/, { id: "ex-9" });
  expect((await connection.observe(handle, intent, null)).phase).toBe("unknown");
  state.change = replacing(/^\/executions\?/, { executions: [{ id: "ex-9", key: "another", state: "running" }] });
  expect((await connection.locate(intent)).kind).toBe("unknown");
});

test("lines of the log come from the cursor on, and none where logs are switched off", async () => {
  const { connection, intent, tick, entry } = await reference();
  const handle = await connection.start(intent);
  tick();
  const first = await connection.observe(handle, intent, null);
  expect(first.logLines).toEqual(["asked for by asha", "1000 of 5000"]);
  tick();
  const second = await connection.observe(handle, intent, first.cursor);
  expect(second.logLines).toEqual(["2000 of 5000"]);
  expect((await connection.observe(handle, intent, second.cursor)).logLines).toBeUndefined();
  const silent = connect(connector, { ...entry, logs: false });
  const seen = await silent.observe(handle, intent, null);
  expect(seen.logLines).toBeUndefined();
  expect(seen.cursor).toBeUndefined();
});

test("a snapshot is one for one key, and is brought back by an execution of its own", async () => {
  const { connection, intent, finish, tick } = await reference();
  const kept = await method(connection, "snapshot")(intent);
  expect((await method(connection, "snapshot")(intent)).ref).toBe(kept.ref);
  const run = await connection.start(intent);
  tick();
  await connection.abort(run, intent, "hard");
  const back = await method(connection, "restore")(intent, kept.ref);
  expect((await method(connection, "restore")(intent, kept.ref)).externalId).toBe(back.externalId);
  expect(back.externalId).not.toBe(run.externalId);
  expect(await connection.locate(intent)).toMatchObject({ kind: "found", handle: { externalId: run.externalId } });
  finish();
  expect(await connection.observe(back, intent, null)).toMatchObject({
    phase: "succeeded",
    evidence: expect.stringContaining("the list has 5000 items"),
  });
});

test.each([
  [{ status: 201, body: { ref: "s", takenAt: "2021-03-16T12:00:00Z", state: "taking" } }, "unavailable"],
  [{ status: 201, body: "ok" }, "unavailable"],
  [{ status: 500 }, "unavailable"],
  [{ hangUp: true }, "unavailable"],
  [{ status: 405 }, "invalid"],
  [{ status: 409 }, "conflict"],
])("a snapshot that was not proved is none: %j", async (reply, kind) => {
  const { connection, intent, state } = await reference();
  state.instead = (call) => (call.path.endsWith("/snapshots") ? reply : null);
  await expect(method(connection, "snapshot")(intent)).rejects.toMatchObject({ kind });
});

test("it pauses, goes on, and is gone on with where an earlier one ended", async () => {
  const { connection, intent, tick } = await reference();
  const handle = await connection.start(intent);
  tick();
  expect(await method(connection, "pause")(handle, intent)).toBe("accepted");
  tick();
  expect(await connection.observe(handle, intent, null)).toMatchObject({ phase: "paused", progress: { done: 1_000 } });
  expect(await method(connection, "resume")(handle, intent)).toBe("accepted");
  expect((await connection.observe(handle, intent, null)).phase).toBe("running");
  await connection.abort(handle, intent, "hard");
  expect(await method(connection, "pause")(handle, intent)).toBe("already_done");
  const next: Intent = { ...intent, intentKey: "intent-2", resumeOf: handle };
  expect(connection.plan(next)).toContain("going on from ex-1");
  const again = await connection.start(next);
  expect(await connection.observe(again, next, null)).toMatchObject({ phase: "running", progress: { done: 1_000 } });
});

test("previous is the version before the one that runs there", async () => {
  const { connection, intent, state } = await reference();
  const resolve = method(connection, "resolveVersion");
  expect(await resolve(intent, "previous")).toMatchObject({ version: "10", evidence: expect.stringContaining("11") });
  expect((await resolve(intent, "10")).version).toBe("10");
  await expect(resolve(intent, "12")).rejects.toMatchObject({
    kind: "invalid",
    message: expect.stringContaining("10, 11"),
  });
  state.change = replacing(/^\/jobs/, { version: "10" });
  await expect(resolve(intent, "previous")).rejects.toMatchObject({ kind: "invalid" });
});

test("ids are handed over by reference, each with its result", async () => {
  const { connection, intent, state } = await reference();
  const items = method(connection, "items");
  expect(await items(intent, { op: "resync", ids: ["item-00001", "gone"], key: "c1" })).toEqual([
    { id: "item-00001", state: "done" },
    { id: "gone", state: "missing" },
  ]);
  await expect(items(intent, { op: "resync", ids: Array(101).fill("x"), key: "c2" })).rejects.toMatchObject({
    kind: "invalid",
  });
  state.change = replacing(/\/items$/, { results: [{ id: "a", state: "superseded", detail: "newer" }] });
  expect(await items(intent, { op: "delete", ids: ["a", "b"], key: "c3" })).toEqual([
    { id: "a", state: "superseded", detail: "newer" },
    { id: "b", state: "failed", detail: "the-target did not say what became of it" },
  ]);
});

test("both sides' ids come in pages and in order, or not at all", async () => {
  const { connection, intent, state } = await reference();
  const ids = method(connection, "ids");
  await method(connection, "items")(intent, { op: "delete", ids: ["item-00002"], key: "c1" });
  const read = async (side: "source" | "target") => {
    const all: string[] = [];
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof ids>> = await ids(intent, side, after);
      all.push(...page.ids);
      after = page.next;
    } while (after !== null);
    return all;
  };
  const [source, target] = [await read("source"), await read("target")];
  expect([source.length, target.length]).toEqual([5_000, 4_999]);
  expect(source.filter((id) => !target.includes(id))).toEqual(["item-00002"]);
  state.change = replacing(/\/ids\?/, { ids: ["b", "a"], next: null });
  await expect(ids(intent, "source", null)).rejects.toMatchObject({ kind: "invalid" });
});

test("what the catalogue says it cannot is not there to be called", async () => {
  const can = {
    abort: "none",
    snapshot: false,
    restore: false,
    pause: false,
    versions: false,
    items: 0,
    compare: false,
  };
  const { connection } = await reference({ can });
  expect(connection.capabilities).toMatchObject({ abort: "none", abortProof: "none", snapshot: false, items: null });
  for (const name of ["snapshot", "restore", "pause", "resume", "resolveVersion", "items", "ids"]) {
    expect(Object.hasOwn(connection, name)).toBe(false);
  }
});
