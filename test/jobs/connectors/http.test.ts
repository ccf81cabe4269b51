import { describe, expect, test } from "vitest";
import { connectors } from "../../../src/jobs/connectors/index.ts";
import { type Bench, connect, connectorConformance, intentFor } from "../../helpers/conformance/connector.ts";
import { type Call, type Reply, syncEntry, syncTarget, targetServer } from "../target-server.ts";

const listed = connectors.find((one) => one.name === "http");
if (listed === undefined) throw new Error("there is no http connector");
const connector = listed;

async function sync(profile = "prod", equals = ["prod"]) {
  const target = syncTarget(profile);
  const server = await targetServer(target.answer);
  const connection = connect(connector, syncEntry(server.url, equals));
  return { ...target, server, connection, intent: intentFor("personJob") };
}

describe("conformance, with TIS-SYNC's shape", () => {
  connectorConformance(connector, async (): Promise<Bench> => {
    const { state, answer } = syncTarget("prod");
    const server = await targetServer(answer);
    const always = (reply: Reply) => {
      state.instead = () => reply;
    };
    return {
      entry: syncEntry(server.url, ["prod"]),
      secret: "s3cr3t-token",
      name: "personJob",
      starts: () => state.starts,
      answer: (how) => {
        if (how === null) state.instead = null;
        else if (how === "429") always({ status: 429, headers: { "retry-after": "7" } });
        else if (how === "503") always({ status: 503, headers: { "retry-after": "7" } });
        else if (how === "401") always({ status: 401 });
        else if (how === "500") always({ status: 500, body: { error: "broken" } });
        else if (how === "not json") always({ body: "<html>please sign in</html>" });
        else
          state.instead = (call: Call) => ({
            status: call.method === "PUT" ? 400 : 200,
            body: { error: `you sent ${call.authorization}`, status: call.authorization },
          });
      },
      occupy: () => {
        state.running.set("personJob", true);
      },
      pretend: () => {
        state.profile = "prod,nimdta";
      },
      cutAfterStart: () => {
        state.cutAfterStart = true;
      },
      vanish: server.close,
      finish: () => {
        state.running.set("personJob", false);
      },
    };
  });
});

describe("conformance, with a target that tells its state in a word and can be stopped", () => {
  connectorConformance(connector, async (): Promise<Bench> => {
    const target = { word: "IDLE", place: "prod", starts: 0, cut: false, obeys: true, forgot: false };
    let instead: ((call: Call) => Reply | null) | null = null;
    const server = await targetServer((call) => {
      const other = instead?.(call) ?? null;
      if (other !== null) return other;
      if (call.path === "/place") return { body: { place: target.place } };
      if (call.path === "/stop") {
        if (target.word !== "RUNNING") return { status: 409 };
        if (target.obeys) target.word = "STOPPED";
        return { status: 202 };
      }
      if (call.path === "/start") {
        if (target.word === "RUNNING") return { status: 409 };
        target.word = "RUNNING";
        target.starts += 1;
        return target.cut ? { hangUp: true } : {};
      }
      return { body: { state: target.forgot ? "IDLE" : target.word } };
    });
    return {
      entry: {
        connector: "http",
        url: server.url,
        headers: { authorization: "Bearer s3cr3t-token" },
        identity: { get: "/place", path: "place", equals: ["prod"] },
        start: { post: "/start" },
        status: { get: "/state", path: "state", running: ["RUNNING"], succeeded: ["OK"], aborted: ["STOPPED"] },
        abort: { post: "/stop", mode: "hard" },
      },
      secret: "s3cr3t-token",
      name: "anything",
      starts: () => target.starts,
      answer: (how) => {
        const status = Number(how);
        if (how === null) instead = null;
        else if (how === "not json") instead = () => ({ body: "<html>please sign in</html>" });
        else if (how === "repeats the secret")
          instead = (call) => ({ body: { state: call.authorization, place: call.authorization } });
        // The word before the start is asked for first: a 500 to that question has certainly had no effect.
        else if (how === "500") instead = (call) => (call.path === "/start" ? { status } : null);
        else instead = () => ({ status, headers: { "retry-after": "7" } });
      },
      occupy: () => {
        target.word = "RUNNING";
      },
      pretend: () => {
        target.place = "prod,nimdta";
      },
      cutAfterStart: () => {
        target.cut = true;
      },
      vanish: server.close,
      finish: () => {
        target.word = "OK";
      },
      ignoreAborts: () => {
        target.obeys = false;
      },
      obey: () => {},
      forget: () => {
        target.forgot = true;
      },
    };
  });
});

test.each([
  ["prod", ["prod"], false],
  ["prod,nimdta", ["prod", "nimdta"], false],
  ["nimdta , prod", ["prod", "nimdta"], false],
  ["prod,nimdta", ["prod"], true],
  ["prod", ["prod", "nimdta"], true],
  ["production", ["prod"], true],
  ["", ["prod"], true],
])("the whole set of profiles is compared: %j against %j", async (profile, equals, refused) => {
  const { connection, intent } = await sync(profile, equals);
  const findings = await connection.preflight(intent);
  expect(findings.some((finding) => finding.check === "identity" && finding.level === "block")).toBe(refused);
});

test("what is typed into a path stays one segment of it", async () => {
  const { connection, server, intent } = await sync();
  await expect(connection.start({ ...intent, name: "../jobs?x=1" })).rejects.toMatchObject({ kind: "invalid" });
  expect(server.calls.at(-1)?.path).toBe("/sync/api/job/..%2Fjobs%3Fx%3D1");
});

test("parameters are sent as a body, and none without any", async () => {
  const { connection, server, state, intent } = await sync();
  await connection.start(intent);
  expect(server.calls.at(-1)).toMatchObject({
    method: "PUT",
    path: "/sync/api/job/personJob",
    body: "",
    authorization: "Bearer s3cr3t-token",
  });
  state.running.set("personJob", false);
  await connection.start({ ...intent, parameters: { dateOverride: "ANY" } });
  expect(server.calls.at(-1)?.body).toBe('{"dateOverride":"ANY"}');
});

test("a job that the target does not know is said before and at the start", async () => {
  const { connection, intent } = await sync();
  const unknown = { ...intent, name: "otherJob" };
  expect(await connection.preflight(unknown)).toContainEqual(expect.objectContaining({ check: "job", level: "block" }));
  await expect(connection.start(unknown)).rejects.toMatchObject({
    kind: "invalid",
    message: expect.stringContaining("Job not found"),
  });
});

test("a redirect is not followed: the credentials stay here", async () => {
  const { connection, server, state, intent } = await sync();
  state.instead = () => ({ status: 302, headers: { location: `${server.url}/elsewhere` } });
  await expect(connection.look(intent)).rejects.toMatchObject({ kind: "invalid" });
  expect(server.calls.map((call) => call.path)).not.toContain("/elsewhere");
});

test("a start that is not answered in time is ambiguous, a question is only unavailable", async () => {
  const { connection, state, intent } = await sync();
  state.instead = () => ({ afterMs: 1_500 });
  await expect(connection.start(intent)).rejects.toMatchObject({ kind: "ambiguous" });
  await expect(connection.look(intent)).rejects.toMatchObject({ kind: "unavailable" });
});

describe("permissions", () => {
  test("the own token holds the policy's action, or not, or a Deny wins", async () => {
    const { connection, state, intent } = await sync();
    expect(await connection.ownPermission(intent, "run")).toMatchObject({ kind: "yes" });
    state.policies = [{ resource: "tis:sync::jobs:", actions: "View", effect: "Allow" }];
    expect(await connection.ownPermission(intent, "view")).toMatchObject({ kind: "yes" });
    expect(await connection.ownPermission(intent, "run")).toMatchObject({
      kind: "no",
      wayOut: expect.stringContaining("Update"),
    });
    state.policies = [
      { resource: "tis:sync::jobs:", actions: ["Update"], effect: "Allow" },
      { resource: "tis:sync::jobs:", actions: ["Update"], effect: "Deny" },
    ];
    expect(await connection.ownPermission(intent, "run")).toMatchObject({ kind: "no" });
    expect(await connection.ownPermission(intent, "pin")).toMatchObject({ kind: "not_known" });
  });

  test("without the permission the checks before the start refuse", async () => {
    const { connection, state, intent } = await sync();
    state.policies = [];
    expect(await connection.preflight(intent)).toContainEqual(
      expect.objectContaining({ check: "credential", level: "block" }),
    );
  });

  test("a closed door is told once, with its mend, though the target refuses every question behind it", async () => {
    const { connection, state, intent } = await sync();
    state.policies = [];
    state.instead = (call) => (call.path.startsWith("/sync/api/job") ? { status: 403 } : null);
    const blocks = (await connection.preflight(intent)).filter((finding) => finding.level === "block");
    expect(blocks).toMatchObject([{ check: "credential", wayOut: expect.stringContaining("Grant Update") }]);
  });

  test("a person holds the role, or not, or is not known there", async () => {
    const { connection, state, intent } = await sync();
    const of = (target: string) => connection.personPermission(intent, "run", { key: target, target });
    state.roles.set("ben", ["HEE"]);
    expect(await of("asha")).toMatchObject({ kind: "yes" });
    expect(await of("ben")).toMatchObject({ kind: "no", wayOut: expect.stringContaining("Machine User") });
    expect(await of("carla")).toMatchObject({ kind: "no", evidence: expect.stringContaining("does not know carla") });
  });

  test("a token that may not ask is no answer about the person", async () => {
    const { connection, state, intent } = await sync();
    state.instead = () => ({ status: 403 });
    expect(await connection.personPermission(intent, "run", { key: "asha", target: "asha" })).toMatchObject({
      kind: "not_known",
    });
    expect(await connection.ownPermission(intent, "run")).toMatchObject({ kind: "no" });
  });
});

describe("a target that says a word", () => {
  const entry = (url: string) => ({
    connector: "http",
    url,
    start: { post: "/start" },
    status: {
      get: "/jobs/${target.name}",
      path: "last.state",
      running: ["RUNNING"],
      succeeded: ["OK"],
      failed: ["ERROR"],
      aborted: ["STOPPED"],
    },
    abort: { post: "/stop/${target.name}", mode: "soft" },
  });

  async function worded() {
    const state = { word: "OK" as unknown, stop: 202 };
    const server = await targetServer((call) =>
      call.path.startsWith("/stop") ? { status: state.stop } : { body: { last: { state: state.word } } },
    );
    return { state, connection: connect(connector, entry(server.url)), intent: intentFor("etl") };
  }

  test("what it said before the start proves nothing until it has said something else", async () => {
    const { state, connection, intent } = await worded();
    const handle = await connection.start(intent);
    const stale = await connection.observe(handle, intent, null);
    expect(stale.phase).toBe("not_running");
    state.word = "RUNNING";
    const running = await connection.observe(handle, intent, stale.cursor);
    expect(running.phase).toBe("running");
    state.word = "OK";
    expect((await connection.observe(handle, intent, running.cursor)).phase).toBe("succeeded");
  });

  test.each([
    ["RUNNING", "running"],
    ["ERROR", "failed"],
    ["STOPPED", "aborted"],
    ["WARMING_UP", "unknown"],
    [null, "unknown"],
  ])("%s is %s", async (word, phase) => {
    const { state, connection, intent } = await worded();
    state.word = word;
    expect((await connection.look(intent)).phase).toBe(phase);
  });

  test.each([
    [202, "accepted"],
    [409, "already_done"],
    [405, "unsupported"],
  ])("an abort answered with %d is %s", async (status, reply) => {
    const { state, connection, intent } = await worded();
    state.stop = status;
    expect(await connection.abort({ scope: "t", externalId: null }, intent, "soft")).toBe(reply);
    expect(await connection.abort({ scope: "t", externalId: null }, intent, "hard")).toBe("unsupported");
  });
});

test.each([
  [{ url: "ftp://example.org" }, "http"],
  [{ start: { put: "/a", post: "/b" } }, "exactly one"],
  [{ start: {} }, "exactly one"],
  [{ evidence: "status", status: undefined }, "evidence: signals"],
  [{ statsu: {} }, "statsu"],
  [{ timeout: "soon" }, "duration"],
])("a mistake in the catalogue is told: %j", (change, told) => {
  const result = connector.settings.safeParse({ ...syncEntry("http://127.0.0.1:1", ["prod"]), ...change });
  expect(result.success).toBe(false);
  expect(JSON.stringify(result.error?.issues)).toContain(told);
});

test("who asked reaches the target with the acts alone, in letters that a header can carry", async () => {
  const target = syncTarget("prod");
  const server = await targetServer(target.answer);
  const entry = syncEntry(server.url, ["prod"]);
  const headers = {
    ...entry.headers,
    "x-requested-by": "${requestedBy.name} <${requestedBy.email}>",
    "x-key": "${requestedBy.key}",
  };
  const connection = connect(connector, { ...entry, headers });
  const requestedBy = { key: "zoe", name: "Zoë Ruiz\r\nx-admin: 1", email: "zoe@example.org" };
  const intent = { ...intentFor("personJob"), requestedBy };
  await connection.preflight(intent);
  await connection.start(intent);
  const [asked, acted] = [
    server.calls.filter(({ method }) => method === "GET"),
    server.calls.filter(({ method }) => method !== "GET"),
  ];
  expect(asked.every(({ headers: sent }) => sent["x-requested-by"] === undefined && sent["x-key"] === undefined)).toBe(
    true,
  );
  expect(acted.map(({ headers: sent }) => [sent["x-requested-by"], sent["x-key"], sent["x-admin"]])).toEqual([
    ["Zo%C3%AB Ruiz%0D%0Ax-admin: 1 <zoe@example.org>", "zoe", undefined],
  ]);
});
