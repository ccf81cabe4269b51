import { describe, expect, test } from "vitest";
import { manualClock } from "../../../src/base/clock.ts";
import { connectors } from "../../../src/jobs/connectors/index.ts";
import { kindOf } from "../../helpers/conformance/bench.ts";
import { type Bench, connect, connectorConformance, intentFor, PRIVATE } from "../../helpers/conformance/connector.ts";
import { hours, minutes, openTarget, seconds } from "../../sandbox/estate/support.ts";
import { type Instead, openFront, type Passing } from "../front.ts";

const listed = connectors.find((one) => one.name === "github-actions");
if (listed === undefined) throw new Error("there is no github-actions connector");
const connector = listed;

const SECRET = "s3cr3t-token";
const said = (status: number, message: string, headers: Record<string, string> = {}): Instead => ({
  status,
  body: { message },
  headers: { "content-type": "application/json", ...headers },
});
const json = (body: unknown): Instead => ({ status: 200, body, headers: { "content-type": "application/json" } });
const isDispatch = (call: Passing): boolean => call.path.endsWith("/dispatches");
/** A workflow's file as GitHub gives it. */
const file = (text: string) => json({ encoding: "base64", content: Buffer.from(text).toString("base64") });
const ECHOES = "name: Sync\nrun-name: Sync ${{ inputs.intent_key }}\non: workflow_dispatch\n";

async function hub(options: Record<string, unknown> = {}, more: Record<string, unknown> = {}) {
  const estate = await openTarget("github", {
    token: SECRET,
    repository: "acme/etl",
    workflow: "sync.yml",
    refs: ["main", "v1", "v2"],
    ...options,
  });
  const front = await openFront(estate.target.url);
  const entry = {
    connector: "github-actions",
    url: front.url,
    repository: "acme/etl",
    token: SECRET,
    inputs: { date: "${parameter.date}", mode: "full" },
    timeout: "1s",
    ...more,
  };
  const connection = connect(connector, entry);
  const dispatched = () => front.state.calls.filter(isDispatch).map((call) => JSON.parse(call.body));
  return { ...estate, front, entry, connection, dispatched, intent: intentFor("sync.yml") };
}

describe("conformance, with a repository of the estate", () => {
  connectorConformance(connector, async (): Promise<Bench> => {
    const { target, front, entry, advance, jump } = await hub();
    const { state } = front;
    return {
      entry,
      secret: SECRET,
      name: "sync.yml",
      starts: () => Number(target.counts()["dispatches"]),
      answer: (how) => {
        const later = { "retry-after": "7" };
        if (how === null) state.instead = null;
        else if (how === "429") state.instead = () => said(429, "slow down", later);
        else if (how === "503") state.instead = () => said(503, "unavailable", later);
        else if (how === "401") state.instead = () => said(401, "Bad credentials");
        else if (how === "500") state.instead = (call) => (isDispatch(call) ? said(500, "broken") : null);
        else if (how === "not json") state.instead = () => ({ status: 200, body: "<html>please sign in</html>" });
        else state.instead = (call) => said(400, `you sent ${call.headers.authorization}`);
      },
      occupy: () => void target.change({ start: true }),
      pretend: () => {
        state.after = (_, answered) => ({
          ...answered,
          body: String(answered.body).replaceAll('"full_name":"acme/etl"', '"full_name":"acme/etl-staging"'),
        });
      },
      cutAfterStart: () => {
        state.after = (call, answered) => (isDispatch(call) ? null : answered);
      },
      vanish: front.close,
      finish: () => advance(minutes(6)),
      ignoreAborts: () => void target.change({ cancel: "ignores" }),
      obey: () => advance(seconds(10)),
      forget: () => {
        state.instead = (call) => (/\/actions\/runs\/\d/.test(call.path) ? said(404, "Not Found") : null);
      },
      skew: (by) => jump(hours(by)),
      leak: async () => {
        await target.change({ fail: "boom", log: [`login ${SECRET} of ${PRIVATE}`] });
        await advance(minutes(6));
      },
    };
  });
});

describe("a start", () => {
  test("carries the key, the inputs that are given, and the ref", async () => {
    const { connection, intent, dispatched, target } = await hub();
    const handle = await connection.start({ ...intent, parameters: { date: "2024-01-09" } });
    const [request] = dispatched();
    expect(request).toEqual({
      ref: "main",
      inputs: { date: "2024-01-09", mode: "full", intent_key: expect.stringMatching(/^nd-[0-9a-f]{24}$/) },
      return_run_details: true,
    });
    expect(handle).toEqual({ scope: "acme/etl", externalId: expect.stringMatching(/^\d+$/) });
    expect(target.counts()).toMatchObject({ dispatches: 1 });
  });

  test("runs the version that is asked for, and leaves out what is not given", async () => {
    const { connection, intent, dispatched } = await hub();
    const handle = await connection.start({ ...intent, version: "v1" });
    expect(dispatched()).toEqual([
      expect.objectContaining({ ref: "v1", inputs: expect.objectContaining({ mode: "full" }) }),
    ]);
    expect(Object.keys(dispatched()[0].inputs)).not.toContain("date");
    expect(await connection.observe(handle, intent, null)).toMatchObject({ version: "v1" });
  });

  test("that was carried out is not dispatched again, be it under way or over", async () => {
    const { connection, intent, target, advance } = await hub();
    const handle = await connection.start(intent);
    expect(await connection.start(intent)).toEqual(handle);
    await advance(minutes(6));
    expect(await connection.start(intent)).toEqual(handle);
    expect(target.counts()).toMatchObject({ dispatches: 1, active: 0 });
    expect(await connection.start({ ...intent, intentKey: "intent-2" })).not.toEqual(handle);
    expect(target.counts()).toMatchObject({ dispatches: 2 });
  });

  test("works with a server that does not tell the run's id", async () => {
    const { connection, intent, dispatched, target } = await hub({ returnsDetails: false });
    const handle = await connection.start(intent);
    expect(handle.externalId).toMatch(/^\d+$/);
    expect(dispatched().map((one) => one.return_run_details)).toEqual([true, undefined]);
    expect(target.counts()).toMatchObject({ dispatches: 1 });
  });

  test("whose run is not listed yet is found by a later look", async () => {
    const { connection, intent, front, advance } = await hub({ returnsDetails: false });
    const hide = (call: Passing) =>
      call.path.includes("/sync.yml/runs") ? json({ total_count: 0, workflow_runs: [] }) : null;
    front.state.instead = hide;
    const handle = await connection.start(intent);
    expect(handle.externalId).toBeNull();
    expect(await connection.observe(handle, intent, null)).toMatchObject({ phase: "unknown" });
    expect(await kindOf(connection.abort(handle, intent, "soft"))).toBe("retryable");
    front.state.instead = null;
    const seen = await connection.observe(handle, intent, null);
    expect(seen).toMatchObject({ phase: "running" });
    // The run is known by the cursor from now on.
    front.state.instead = hide;
    expect(await connection.observe(handle, intent, seen.cursor)).toMatchObject({ phase: "running" });
    front.state.instead = null;
    expect(await connection.abort(handle, intent, "soft")).toBe("accepted");
    await advance(seconds(10));
    expect(await connection.observe(handle, intent, seen.cursor)).toMatchObject({ phase: "aborted" });
  });

  test.each([
    [{ disabled: true }, "invalid"],
    [{ inputs: ["mode"] }, "invalid"],
    [{ denied: true }, "auth"],
    [{ busy: { status: 403, times: 1, retryAfter: 30 } }, "retryable"],
  ])("with %j is %s, and nothing is started", async (manners, kind) => {
    const { connection, intent, target } = await hub(manners);
    expect(await kindOf(connection.start(intent))).toBe(kind);
    expect(target.counts()).toMatchObject({ dispatches: 0 });
  });

  test("waits as long as a rate limit lasts", async () => {
    const { entry, intent, front } = await hub();
    const clock = manualClock("2024-01-09T02:00:00Z");
    const resetsAt = clock.machineNow().epochMilliseconds / 1_000 + 90;
    front.state.instead = () =>
      said(403, "API rate limit exceeded", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(resetsAt) });
    await expect(connect(connector, entry, { clock }).start(intent)).rejects.toMatchObject({
      kind: "retryable",
      afterMs: 90_000,
    });
  });

  test("a workflow that serves many is not kept by the run of another", async () => {
    const { connection, intent, entry, target } = await hub();
    await target.change({ start: true });
    expect(await kindOf(connection.start(intent))).toBe("conflict");
    await connect(connector, { ...entry, others: "ignore" }).start(intent);
    expect(target.counts()).toMatchObject({ dispatches: 1 });
  });
});

describe("an interrupted start", () => {
  const at = manualClock("2024-01-09T02:00:00Z").now();
  const look = async (agoMs: number, contents: Instead | null) => {
    const { entry, intent, front } = await hub();
    front.state.instead = (call) => (call.path.includes("/contents/") ? contents : null);
    const clock = manualClock(at.add({ milliseconds: agoMs }).toString());
    return connect(connector, entry, { clock }).locate({ ...intent, calledAt: at });
  };

  test("is never said not to have come while GitHub may not list it yet", async () => {
    expect(await look(minutes(2) - 1, file(ECHOES))).toMatchObject({ kind: "unknown" });
    expect(await look(minutes(2), file(ECHOES))).toEqual({ kind: "not_found" });
  });

  test.each([
    ["the key is in no run's name", file("name: Sync\non: workflow_dispatch\n")],
    ["another input is", file("run-name: Sync ${{ inputs.intent_key_2 }}\n")],
    ["the file cannot be read", null],
    ["the file may not be read", said(403, "Resource not accessible")],
    ["what comes is no file", json({ content: 7 })],
  ])("nor when %s", async (_, contents) => {
    expect(await look(hours(1), contents)).toMatchObject({ kind: "unknown" });
  });

  test("is looked for among the runs since, with room for a wrong clock", async () => {
    const { connection, intent, front } = await hub();
    const handle = await connection.start(intent);
    const called = { ...intent, calledAt: manualClock("2023-12-12T02:00:00Z").now() };
    expect(await connection.locate(called)).toEqual({ kind: "found", handle });
    expect(front.state.calls.at(-1)?.path).toContain(encodeURIComponent(">=2023-12-11T02:00:00Z"));
  });

  test("is found although many others came since", async () => {
    const { connection, intent, front, dispatched } = await hub();
    await connection.start(intent);
    const key: string = dispatched()[0].inputs.intent_key;
    const run = (id: number, title: string) => ({
      id,
      display_title: title,
      status: "completed",
      head_sha: "abcdef1",
      html_url: "https://github.example/runs",
    });
    const others = Array.from({ length: 100 }, (_, index) => run(index + 1, `Sync nd-${index}`));
    front.state.instead = (call) => {
      const page = /\/sync\.yml\/runs\?.*\bpage=(\d+)/.exec(call.path)?.[1];
      if (page === undefined) return null;
      return json({ total_count: 101, workflow_runs: page === "1" ? others : [run(777, `Sync ${key}`)] });
    };
    expect(await connection.locate(intent)).toMatchObject({ kind: "found", handle: { externalId: "777" } });
    front.state.instead = () => json({ total_count: 9_000, workflow_runs: others });
    const called = { ...intent, calledAt: manualClock("2021-03-16T14:00:00Z").now() };
    expect(await connection.locate(called)).toMatchObject({
      kind: "unknown",
      why: expect.stringContaining("too many"),
    });
  });
});

describe("an end", () => {
  test.each([
    ["success", "succeeded"],
    ["cancelled", "aborted"],
    ["failure", "failed"],
    ["timed_out", "failed"],
    ["startup_failure", "failed"],
    ["neutral", "failed"],
    ["skipped", "failed"],
    ["stale", "failed"],
    ["action_required", "failed"],
  ])("with the conclusion %s is %s", async (conclusion, phase) => {
    const { connection, intent, advance } = await hub({ conclusion });
    const handle = await connection.start(intent);
    await advance(minutes(6));
    const seen = await connection.observe(handle, intent, null);
    expect(seen).toMatchObject({ phase, evidence: expect.stringContaining(`ended: ${conclusion}`) });
    expect(seen.error?.kind).toBe(phase === "failed" ? conclusion : undefined);
  });

  test("comes after its steps, with the failed job's last lines", async () => {
    const log = Array.from({ length: 50 }, (_, index) => `row ${index}`);
    const { connection, intent, advance, front } = await hub({ fail: "Unknown column 'permitToWork'", log });
    const handle = await connection.start(intent);
    expect(await connection.observe(handle, intent, null)).toMatchObject({
      phase: "running",
      evidence: expect.stringContaining("queued"),
      progress: { stage: 1, stages: 1, done: 0, total: 3, unit: "steps" },
      logUrl: expect.stringContaining("/acme/etl/actions/runs/"),
    });
    await advance(seconds(3));
    expect(await connection.observe(handle, intent, null)).toMatchObject({
      evidence: expect.stringContaining("in_progress"),
      progress: { stageName: "Run sync", done: 1, total: 3 },
    });
    await advance(minutes(5));
    const seen = await connection.observe(handle, intent, null);
    expect(seen).toMatchObject({
      phase: "failed",
      error: { kind: "failure", message: "sync, step Run sync: Unknown column 'permitToWork'" },
    });
    expect(seen.logLines).toHaveLength(30);
    expect(seen.logLines?.slice(-3)).toEqual([
      "row 49",
      "##[error]Unknown column 'permitToWork'",
      "##[error]Process completed with exit code 1.",
    ]);
    // The log lies elsewhere: the token was not sent along.
    expect(front.state.calls.some((call) => call.path.includes("_blobs"))).toBe(false);
  });

  test("is an end although its log cannot be read", async () => {
    const { connection, intent, advance, front } = await hub({ fail: "boom" });
    const handle = await connection.start(intent);
    await advance(minutes(6));
    for (const answer of [
      said(410, "Gone"),
      { status: 302, headers: { location: "file:///etc/passwd" } },
      { status: 302, headers: { location: "http://127.0.0.1:1/x" } },
    ]) {
      front.state.instead = (call) => (call.path.endsWith("/logs") ? answer : null);
      const seen = await connection.observe(handle, intent, null);
      expect([seen.phase, seen.logLines, seen.error?.kind]).toEqual(["failed", undefined, "failure"]);
    }
    front.state.instead = (call) => (call.path.includes("/jobs") ? said(500, "broken") : null);
    expect((await connection.observe(handle, intent, null)).phase).toBe("failed");
  });
});

describe("an abort", () => {
  test("is soft first, and hard when the workflow does not obey", async () => {
    const { connection, intent, target } = await hub({ cancel: "ignores" });
    const handle = await connection.start(intent);
    expect(await connection.abort(handle, intent, "soft")).toBe("accepted");
    expect((await connection.observe(handle, intent, null)).phase).toBe("running");
    expect(await connection.abort(handle, intent, "hard")).toBe("accepted");
    expect(await connection.observe(handle, intent, null)).toMatchObject({
      phase: "aborted",
      evidence: expect.stringContaining("cancelled"),
    });
    expect(await connection.abort(handle, intent, "soft")).toBe("already_done");
    expect(target.counts()).toMatchObject({ cancels: 1, forceCancels: 1 });
  });
});

describe("what failed again", () => {
  const failed = async () => {
    const opened = await hub({ fail: "boom" });
    const before = await opened.connection.start(opened.intent);
    await opened.advance(minutes(6));
    const again = { ...opened.intent, intentKey: "intent-2", resumeOf: before };
    return { ...opened, before, again };
  };

  test("is the next attempt of the same run", async () => {
    const { connection, again, before, target, advance } = await failed();
    await target.change({ fail: null });
    expect(connection.plan(again)).toContain("failed jobs");
    const handle = await connection.start(again);
    expect(handle).toEqual({ ...before, opaque: { attempt: 2 } });
    expect((await connection.observe(handle, again, null)).phase).toBe("running");
    await advance(minutes(6));
    expect((await connection.observe(handle, again, null)).phase).toBe("succeeded");
    expect(target.counts()).toMatchObject({ dispatches: 1, reruns: 1 });
    expect(await kindOf(connection.start(again))).toBe("conflict");
  });

  test("is not asked for twice after an interruption", async () => {
    const { connection, again, front, entry, target } = await failed();
    const clock = manualClock("2023-12-11T15:00:00Z");
    const late = connect(connector, entry, { clock });
    const called = { ...again, calledAt: clock.now() };
    expect(await late.locate(called)).toMatchObject({ kind: "unknown" });
    clock.advance({ minutes: 3 });
    expect(await late.locate(called)).toEqual({ kind: "not_found" });
    front.state.after = (call, answered) => (call.path.endsWith("/rerun-failed-jobs") ? null : answered);
    expect(await kindOf(connection.start(again))).toBe("ambiguous");
    expect(await late.locate(called)).toMatchObject({ kind: "found", handle: { opaque: { attempt: 2 } } });
    expect(target.counts()).toMatchObject({ reruns: 1 });
  });

  test("by somebody else is not this run's end", async () => {
    const { connection, intent, before, front, target, advance } = await failed();
    const path = `/repos/acme/etl/actions/runs/${before.externalId}/rerun`;
    await fetch(target.url + path, { method: "POST", headers: { authorization: `Bearer ${SECRET}` } });
    await target.change({ fail: null });
    await advance(minutes(6));
    expect(await connection.observe(before, intent, null)).toMatchObject({ phase: "unknown" });
    front.state.instead = (call) =>
      call.path.endsWith("/attempts/1")
        ? json({
            id: Number(before.externalId),
            status: "completed",
            conclusion: "failure",
            head_sha: "abcdef1",
            run_attempt: 1,
            html_url: "https://github.example/1",
          })
        : null;
    expect(await connection.observe(before, intent, null)).toMatchObject({ phase: "failed" });
  });
});

describe("before a start", () => {
  test("everything that would run is named", async () => {
    const { connection, intent, front } = await hub();
    front.state.instead = (call) => (call.path.includes("/contents/") ? file(ECHOES) : null);
    expect((await connection.preflight(intent)).map(({ check, level }) => [check, level])).toEqual([
      ["identity", "info"],
      ["credential", "info"],
      ["version", "info"],
      ["running", "info"],
    ]);
  });

  test.each([
    ["a workflow that is disabled", { disabled: true }, {}, "job"],
    ["a refused token", { denied: true }, {}, "credential"],
    ["a workflow that is not there", {}, { workflow: "other.yml" }, "job"],
    ["a ref that is not there", {}, { ref: "v9" }, "version"],
    ["a repository that is not there", {}, { repository: "acme/other" }, "job"],
  ])("%s is a reason not to", async (_, options, more, check) => {
    const { connection, intent } = await hub(options, more);
    const last = (await connection.preflight(intent)).at(-1);
    expect(last).toMatchObject({ check, level: "block", wayOut: expect.anything() });
  });

  test.each([
    [{ full_name: "acme/etl", archived: true }, "job"],
    [{ full_name: "acme/etl", permissions: { push: false, pull: true } }, "credential"],
  ])("so is a repository that says %j", async (body, check) => {
    const { connection, intent, front } = await hub();
    front.state.instead = (call) => (call.path === "/repos/acme/etl" ? json(body) : null);
    expect((await connection.preflight(intent)).at(-1)).toMatchObject({ check, level: "block" });
  });

  test("so is a repository that has moved: the token does not follow", async () => {
    const { connection, intent, front } = await hub();
    front.state.instead = () => ({ status: 301, headers: { location: `${front.url}/elsewhere` } });
    expect(await connection.preflight(intent)).toEqual([
      expect.objectContaining({ level: "block", text: expect.stringContaining("301") }),
    ]);
    expect(front.state.calls.map((call) => call.path)).not.toContain("/elsewhere");
  });

  test("so is a workflow that would not show the key", async () => {
    const { connection, intent, front } = await hub();
    front.state.instead = (call) => (call.path.includes("/contents/") ? file("name: Sync\n") : null);
    expect((await connection.preflight(intent)).at(-1)).toMatchObject({
      check: "job",
      level: "block",
      wayOut: expect.stringContaining("run-name"),
    });
  });
});

describe("versions", () => {
  test("a branch or tag is itself, a commit is its tag, anything else is none", async () => {
    const { connection, intent, front } = await hub();
    const resolve = (wanted: string) => connection.resolveVersion?.(intent, wanted) ?? Promise.reject(new Error("no"));
    const v2 = await resolve("v2");
    expect(v2).toMatchObject({
      version: "v2",
      evidence: expect.stringMatching(/^v2 is commit [0-9a-f]{7} of acme\/etl$/),
    });
    expect(await kindOf(resolve("v9"))).toBe("invalid");
    expect(await kindOf(resolve(""))).toBe("invalid");
    const sha = "0123456789abcdef0123456789abcdef01234567";
    front.state.instead = (call) =>
      call.path.includes("/commits/")
        ? json({ sha })
        : call.path.includes("/tags")
          ? json([{ name: "v7", commit: { sha } }])
          : null;
    expect(await resolve("0123456")).toMatchObject({ version: "v7" });
    front.state.instead = (call) => (call.path.includes("/commits/") ? json({ sha }) : json([]));
    expect(await kindOf(resolve("0123456"))).toBe("invalid");
  });

  test("previous is what succeeded last of another branch or tag", async () => {
    const { connection, intent, advance } = await hub();
    expect(await kindOf(connection.resolveVersion?.(intent, "previous") ?? Promise.resolve())).toBe("invalid");
    for (const [key, version] of [
      ["one", "v1"],
      ["two", "v2"],
      ["three", null],
    ] as const) {
      await connection.start({ ...intent, intentKey: key, version });
      await advance(minutes(6));
    }
    expect(await connection.resolveVersion?.(intent, "previous")).toMatchObject({ version: "v2" });
  });
});

describe("permissions", () => {
  test("Nightdesk's own are told by the repository", async () => {
    const { connection, intent, front } = await hub();
    expect(await connection.ownPermission(intent, "view")).toMatchObject({ kind: "yes" });
    expect(await connection.ownPermission(intent, "run")).toMatchObject({ kind: "not_known" });
    for (const [push, kind] of [
      [true, "yes"],
      [false, "no"],
    ] as const) {
      front.state.instead = () => json({ full_name: "acme/etl", permissions: { push } });
      expect(await connection.ownPermission(intent, "run")).toMatchObject({ kind });
    }
    front.state.instead = () => said(401, "Bad credentials");
    expect(await connection.ownPermission(intent, "run")).toMatchObject({ kind: "no", wayOut: expect.anything() });
  });

  test.each([
    ["write", "run", "yes"],
    ["read", "run", "no"],
    ["read", "view", "yes"],
    ["none", "view", "no"],
  ] as const)("a person's %s for %s is %s", async (permission, action, kind) => {
    const { connection, intent, front } = await hub();
    front.state.instead = (call) =>
      call.path === "/repos/acme/etl/collaborators/asha-r/permission" ? json({ permission }) : null;
    const person = { key: "asha", target: "asha-r" };
    expect(await connection.personPermission(intent, action, person)).toMatchObject({ kind });
    front.state.instead = () => said(404, "Not Found");
    expect(await connection.personPermission(intent, action, person)).toMatchObject({ kind: "not_known" });
  });
});

test.each([
  [{ repository: "etl" }, "owner/name"],
  [{ token: "" }, "token"],
  [{ url: "ftp://x" }, "https://"],
  [{ input: "intent key" }, "input"],
  [{ refs: ["main"] }, "refs"],
])("an entry with %j is refused", async (wrong, why) => {
  const { entry } = await hub();
  const result = connector.settings.safeParse({ ...entry, ...wrong });
  expect(result.success ? "taken" : JSON.stringify(result.error.issues)).toContain(why);
});
