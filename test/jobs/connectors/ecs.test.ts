import { describe, expect, test } from "vitest";
import { manualClock } from "../../../src/base/clock.ts";
import { connectors } from "../../../src/jobs/connectors/index.ts";
import { type Bench, connect, connectorConformance, intentFor, PRIVATE } from "../../helpers/conformance/connector.ts";
import { hours, minutes, openTarget, seconds } from "../../sandbox/estate/support.ts";
import { type Instead, openFront, type Passing } from "../front.ts";

const listed = connectors.find((one) => one.name === "ecs");
if (listed === undefined) throw new Error("there is no ecs connector");
const connector = listed;

const SECRET = "s3cr3t-token";
const actionOf = (call: Passing): string => String(call.headers["x-amz-target"]).split(".").at(-1) ?? "";
const inputOf = (call: Passing | undefined): unknown => JSON.parse(call?.body ?? "null");
const refusal = (type: string, message: string, more: Partial<Instead> = {}): Instead => ({
  status: 400,
  body: { __type: type, message },
  ...more,
});
const json = (answered: Instead): Record<string, unknown> => JSON.parse(String(answered.body));

async function etl(options: Record<string, unknown> = {}, more: Record<string, unknown> = {}) {
  const estate = await openTarget("ecs", {
    cluster: "tis-prod",
    family: "ndw-etl",
    revisions: { 9: "ok", 11: "ok", 12: { fail: "Unknown column 'permitToWork'", exitCode: 3 } },
    scheduleRevision: 11,
    duration: "70m",
    ...options,
  });
  const front = await openFront(estate.target.url);
  const entry = {
    connector: "ecs",
    region: "eu-west-2",
    endpoint: front.url,
    credentials: { accessKeyId: `AKIA${SECRET}`, secretAccessKey: SECRET },
    account: "111122223333",
    cluster: "tis-prod",
    container: "ndw-etl",
    launchType: "FARGATE",
    networkConfiguration: { subnets: ["subnet-0a1b2c3d"] },
    overrides: { environment: { DATE: "${parameter.date}", MODE: "full" } },
    rule: { name: "ndw-etl-nightly" },
    logs: { group: "/ecs/ndw-etl", streamPrefix: "ecs" },
    timeout: "1s",
    ...more,
  };
  const connection = connect(connector, entry);
  const calls = (action: string) => front.state.calls.filter((call) => actionOf(call) === action);
  return { ...estate, front, entry, connection, calls, intent: intentFor("ndw-etl") };
}

describe("conformance, with a cluster of the estate", () => {
  connectorConformance(connector, async (): Promise<Bench> => {
    const { target, front, entry, advance, jump } = await etl();
    const { state } = front;
    return {
      entry,
      secret: SECRET,
      name: "ndw-etl",
      starts: () => Number(target.counts()["apiStarts"]),
      answer: (how) => {
        const later = { headers: { "retry-after": "7" } };
        if (how === null) state.instead = null;
        else if (how === "429") state.instead = () => refusal("ThrottlingException", "Rate exceeded", later);
        else if (how === "503") state.instead = () => refusal("ServiceUnavailable", "", { status: 503, ...later });
        else if (how === "401") state.instead = () => refusal("UnrecognizedClientException", "the token is invalid");
        else if (how === "500")
          state.instead = (call) =>
            actionOf(call) === "RunTask" ? refusal("ServerException", "broken", { status: 500 }) : null;
        else if (how === "not json") state.instead = () => ({ status: 200, body: "<html>please sign in</html>" });
        else state.instead = (call) => refusal("ClientException", `you sent ${call.headers.authorization}`);
      },
      occupy: () => void target.change({ start: true }),
      pretend: () => {
        state.after = (_, answered) => ({
          ...answered,
          body: String(answered.body).replaceAll("111122223333", "999922223333"),
        });
      },
      cutAfterStart: () => {
        state.after = (call, answered) => (actionOf(call) === "RunTask" ? null : answered);
      },
      vanish: front.close,
      finish: () => advance(minutes(71)),
      ignoreAborts: () => {
        state.instead = (call) =>
          actionOf(call) === "StopTask" ? { status: 200, body: { task: { lastStatus: "RUNNING" } } } : null;
      },
      obey: () => advance(seconds(10)),
      forget: () => advance(hours(3)),
      skew: (by) => jump(hours(by)),
      leak: () => {
        state.instead = (call) => {
          if (actionOf(call) !== "GetLogEvents") return null;
          const first = !("nextToken" in JSON.parse(call.body));
          const events = first ? [{ message: `login ${SECRET} of ${PRIVATE}`, timestamp: 1 }] : [];
          return { status: 200, body: { events, nextForwardToken: "f/1" } };
        };
      },
    };
  });
});

describe("a start", () => {
  test("says who asked, what to run and where, and sets only what is given", async () => {
    const { connection, intent, calls } = await etl();
    await connection.start({ ...intent, reason: "Jira <123>", parameters: { date: "2024-01-09" } });
    const request = inputOf(calls("RunTask")[0]);
    expect(request).toMatchObject({
      cluster: "tis-prod",
      taskDefinition: "ndw-etl:11",
      count: 1,
      launchType: "FARGATE",
      networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-0a1b2c3d"], assignPublicIp: "DISABLED" } },
      tags: [
        { key: "nightdesk:requested-by", value: "Asha Rao / asha" },
        { key: "nightdesk:job", value: "person-sync prod" },
        { key: "nightdesk:reason", value: "Jira _123_" },
      ],
      overrides: {
        containerOverrides: [
          {
            name: "ndw-etl",
            environment: [
              { name: "DATE", value: "2024-01-09" },
              { name: "MODE", value: "full" },
            ],
          },
        ],
      },
    });
    const { clientToken, startedBy } = request as { clientToken: string; startedBy: string };
    expect(clientToken).toMatch(/^[0-9a-f]{64}$/);
    expect(startedBy).toMatch(/^nightdesk\/[0-9a-f]{26}$/);
  });

  test("leaves a variable unset whose parameter is not given", async () => {
    const { connection, intent, calls } = await etl();
    await connection.start(intent);
    expect(inputOf(calls("RunTask")[0])).toMatchObject({
      overrides: { containerOverrides: [{ environment: [{ name: "MODE", value: "full" }] }] },
    });
  });

  test("needs every parameter of its command", async () => {
    const { connection, intent, target } = await etl(
      {},
      { overrides: { command: ["sync", "--date", "${parameter.date}"] } },
    );
    expect(await connection.preflight(intent)).toEqual([
      expect.objectContaining({ check: "parameters", level: "block", wayOut: "Give it: date=…" }),
    ]);
    await expect(connection.start(intent)).rejects.toMatchObject({ kind: "invalid" });
    expect(target.counts()).toMatchObject({ apiStarts: 0 });
  });

  test("of another intent is another start, once the first has ended", async () => {
    const { connection, intent, calls, advance, target } = await etl();
    const first = await connection.start(intent);
    await advance(minutes(71));
    const second = await connection.start({ ...intent, intentKey: "intent-2" });
    expect(second.externalId).not.toBe(first.externalId);
    expect(target.counts()).toMatchObject({ apiStarts: 2 });
    const tokens = calls("RunTask").map((call) => Object(inputOf(call)).clientToken);
    expect(new Set(tokens).size).toBe(2);
    expect((await connection.observe(first, intent, null)).phase).toBe("succeeded");
  });

  test("is the same start, though the schedule was moved in between", async () => {
    const { connection, intent, target } = await etl();
    const first = await connection.start(intent);
    await target.change({ scheduleRevision: 9 });
    expect(await connection.start(intent)).toEqual(first);
    expect(target.counts()).toMatchObject({ apiStarts: 1, startCalls: 2 });
  });

  test("for which there is no room may succeed later", async () => {
    const { connection, intent } = await etl({ capacity: false });
    await expect(connection.start(intent)).rejects.toMatchObject({
      kind: "retryable",
      message: expect.stringContaining("Capacity is unavailable"),
    });
  });

  test("that is not answered in time is ambiguous, and is located", async () => {
    const { connection, intent, front } = await etl({}, { timeout: "300ms" });
    front.state.instead = (call) => (actionOf(call) === "RunTask" ? "silence" : null);
    await expect(connection.start(intent)).rejects.toMatchObject({ kind: "ambiguous" });
    expect(await connection.locate(intent)).toEqual({ kind: "not_found" });
    front.state.instead = () => "silence";
    await expect(connection.look(intent)).rejects.toMatchObject({ kind: "unavailable" });
  });

  test("that ECS may have forgotten since is not called never started", async () => {
    const { entry, intent } = await etl();
    const clock = manualClock("2021-03-16T14:30:00Z");
    const connection = connect(connector, entry, { clock });
    const called = { ...intent, calledAt: clock.now() };
    clock.advance({ minutes: 49 });
    expect(await connection.locate(called)).toEqual({ kind: "not_found" });
    clock.advance({ minutes: 2 });
    expect(await connection.locate(called)).toMatchObject({ kind: "unknown" });
  });

  test("a refusal of AWS says what Nightdesk lacks, before and at the start", async () => {
    const { connection, intent } = await etl({ denied: true });
    expect(await connection.preflight(intent)).toEqual([
      expect.objectContaining({ check: "credential", level: "block", wayOut: expect.stringContaining("ecs:RunTask") }),
    ]);
    await expect(connection.start(intent)).rejects.toMatchObject({ kind: "auth" });
  });
});

describe("an end", () => {
  test("with an exit code other than 0 is a failure, with the last lines of the log", async () => {
    const { connection, intent, advance } = await etl();
    const handle = await connection.start({ ...intent, version: "12" });
    await advance(seconds(5));
    const seen = await connection.observe(handle, intent, null);
    expect(seen).toMatchObject({
      phase: "running",
      version: "12",
      logLines: ["INFO  Starting ETL, revision 12"],
    });
    await advance(minutes(2));
    const ended = await connection.observe(handle, intent, seen.cursor);
    expect(ended).toMatchObject({
      phase: "failed",
      logLines: ["ERROR Step [extract] failed, attempt 1: Unknown column 'permitToWork'"],
      error: { kind: "EssentialContainerExited", retryable: false },
    });
    expect(ended.evidence).toContain("exit code 3");
    expect(ended.error?.message).toContain("Unknown column");
  });

  test.each([
    ["TaskFailedToStart", undefined, "CannotPullContainerError: no such image", { phase: "failed", retryable: true }],
    ["SpotInterruption", 137, "Your Spot Task was interrupted.", { phase: "failed", retryable: true }],
    ["EssentialContainerExited", 137, "Essential container in task exited", { phase: "failed", retryable: false }],
    [
      "EssentialContainerExited",
      undefined,
      "Essential container in task exited",
      { phase: "failed", retryable: false },
    ],
    ["EssentialContainerExited", 0, "Essential container in task exited", { phase: "succeeded", retryable: undefined }],
    ["UserInitiated", 0, "Stopped by Nightdesk for person-sync prod", { phase: "aborted", retryable: undefined }],
  ])("%s with exit code %s (%s)", async (stopCode, exitCode, stoppedReason, { phase, retryable }) => {
    const { connection, intent, front, advance } = await etl();
    const handle = await connection.start(intent);
    await advance(minutes(71));
    front.state.after = (call, answered) => {
      if (actionOf(call) !== "DescribeTasks") return answered;
      const { tasks } = json(answered) as { tasks: Record<string, unknown>[] };
      const containers = [{ name: "ndw-etl", ...(exitCode === undefined ? {} : { exitCode }) }];
      return { ...answered, body: { tasks: [{ ...tasks[0], stopCode, stoppedReason, containers }] } };
    };
    const seen = await connection.observe(handle, intent, null);
    expect([seen.phase, seen.error?.retryable]).toEqual([phase, retryable]);
    expect(seen.evidence).toContain(stoppedReason);
  });

  test("a sidecar's exit code is not the job's; without a container named it is", async () => {
    const { entry, connection, intent, front, advance } = await etl();
    const handle = await connection.start(intent);
    await advance(minutes(71));
    front.state.after = (call, answered) => {
      if (actionOf(call) !== "DescribeTasks") return answered;
      const { tasks } = json(answered) as { tasks: Record<string, unknown>[] };
      const containers = [
        { name: "ndw-etl", exitCode: 0 },
        { name: "proxy", exitCode: 143 },
      ];
      return { ...answered, body: { tasks: [{ ...tasks[0], containers }] } };
    };
    expect((await connection.observe(handle, intent, null)).phase).toBe("succeeded");
    const { container: _, overrides: __, logs: ___, ...bare } = entry;
    expect((await connect(connector, bare).observe(handle, intent, null)).phase).toBe("failed");
  });

  test("a stop is proved by ECS, with the reason that Nightdesk gave", async () => {
    const { connection, intent, advance } = await etl();
    const handle = await connection.start(intent);
    await advance(minutes(1));
    expect(await connection.abort(handle, intent, "hard")).toBe("unsupported");
    expect(await connection.abort(handle, intent, "soft")).toBe("accepted");
    expect(await connection.observe(handle, intent, null)).toMatchObject({
      phase: "running",
      evidence: expect.stringContaining("DEPROVISIONING"),
    });
    expect((await connection.look(intent)).phase).toBe("running");
    await advance(seconds(5));
    expect(await connection.observe(handle, intent, null)).toMatchObject({
      phase: "aborted",
      evidence: expect.stringContaining("Stopped by Nightdesk for person-sync prod"),
    });
    expect((await connection.look(intent)).phase).toBe("not_running");
    await advance(hours(2));
    expect((await connection.observe(handle, intent, null)).phase).toBe("not_found");
    expect(await connection.abort(handle, intent, "soft")).toBe("already_done");
  });

  test("a log that cannot be read does not hide the task", async () => {
    const { connection, intent, front, advance } = await etl();
    const handle = await connection.start(intent);
    await advance(seconds(5));
    front.state.instead = (call) =>
      actionOf(call) === "GetLogEvents" ? refusal("AccessDeniedException", "not authorized") : null;
    const seen = await connection.observe(handle, intent, "f/1");
    expect(seen).toMatchObject({ phase: "running", evidence: expect.stringContaining("its log cannot be read") });
    expect(seen.cursor).toBeUndefined();
  });
});

describe("versions", () => {
  test("previous is the active revision before the one that the schedule runs", async () => {
    const { connection, intent, target } = await etl();
    expect(await connection.resolveVersion?.(intent, "previous")).toMatchObject({ version: "9" });
    await target.change({ scheduleRevision: 12 });
    expect(await connection.resolveVersion?.(intent, "previous")).toMatchObject({
      version: "11",
      evidence: "ndw-etl:11 is the active one before 12, what the schedule runs",
    });
    await target.change({ scheduleRevision: 9 });
    await expect(connection.resolveVersion?.(intent, "previous")).rejects.toMatchObject({ kind: "invalid" });
  });

  test("without a schedule it is the one before the newest, and a start takes the newest", async () => {
    const { connection, intent, calls } = await etl({}, { rule: undefined });
    expect(await connection.resolveVersion?.(intent, "previous")).toMatchObject({ version: "11" });
    await connection.start(intent);
    expect(inputOf(calls("RunTask")[0])).toMatchObject({ taskDefinition: "ndw-etl" });
    expect(connection.capabilities).toMatchObject({ pins: false, versions: true });
  });

  test.each([
    ["11", "11"],
    ["ndw-etl:9", "9"],
    ["latest", "12"],
  ])("%s is %s", async (wanted, version) => {
    const { connection, intent } = await etl();
    expect(await connection.resolveVersion?.(intent, wanted)).toMatchObject({ version });
  });

  test.each(["10", "other:9", "v9", "", "0"])("%j is none", async (wanted) => {
    const { connection, intent } = await etl();
    await expect(connection.resolveVersion?.(intent, wanted)).rejects.toMatchObject({ kind: "invalid" });
  });

  test("an inactive one is refused", async () => {
    const { connection, intent, front } = await etl();
    front.state.after = (_, answered) => ({ ...answered, body: String(answered.body).replace("ACTIVE", "INACTIVE") });
    await expect(connection.resolveVersion?.(intent, "9")).rejects.toMatchObject({ kind: "invalid" });
    expect(await connection.preflight(intent)).toContainEqual(
      expect.objectContaining({ check: "version", level: "block" }),
    );
  });

  test("the schedule is pinned with everything else of it as it was, and read back", async () => {
    const { connection, intent, target } = await etl({ scheduleRevision: 12 });
    expect(await connection.pinned?.(intent)).toEqual({
      version: "12",
      evidence: "the rule ndw-etl-nightly runs ndw-etl:12",
    });
    expect(await connection.pin?.(intent, "11")).toEqual({
      version: "11",
      evidence: "the rule ndw-etl-nightly now runs ndw-etl:11",
    });
    expect(target.counts()).toMatchObject({ scheduleRevision: 11, pins: 1 });
    // A target that lost its role or network would not start at night.
    await target.change({ start: true });
    expect(target.counts()).toMatchObject({ scheduleStarts: 1, failedInvocations: 0, lastRevision: 11 });
  });

  test("a rule without a revision is latest, and can be so again", async () => {
    const { connection, intent, target } = await etl();
    expect(await connection.pin?.(intent, "latest")).toMatchObject({ version: "latest" });
    expect(target.counts()).toMatchObject({ scheduleRevision: 12 });
    expect(await connection.pinned?.(intent)).toMatchObject({ version: "latest" });
  });

  test("a pin that did not hold, or was refused, is not claimed", async () => {
    const { connection, intent, front, target } = await etl();
    const puts = (body: unknown) => (call: Passing) => (actionOf(call) === "PutTargets" ? { status: 200, body } : null);
    front.state.instead = puts({ FailedEntryCount: 0, FailedEntries: [] });
    await expect(connection.pin?.(intent, "9")).rejects.toMatchObject({ kind: "ambiguous" });
    front.state.instead = puts({ FailedEntryCount: 1, FailedEntries: [{ ErrorCode: "Limit", ErrorMessage: "full" }] });
    await expect(connection.pin?.(intent, "9")).rejects.toMatchObject({ kind: "invalid", message: /Limit full/ });
    await expect(connection.pin?.(intent, "10")).rejects.toMatchObject({ kind: "invalid" });
    expect(target.counts()).toMatchObject({ scheduleRevision: 11 });
  });

  test("a version beside the schedule's is said before the start", async () => {
    const { connection, intent } = await etl();
    expect(await connection.preflight(intent)).toContainEqual({
      check: "version",
      level: "info",
      text: "ndw-etl:11 would run; the rule ndw-etl-nightly runs ndw-etl:11",
    });
    expect(await connection.preflight({ ...intent, version: "9" })).toContainEqual(
      expect.objectContaining({ check: "version", level: "warn" }),
    );
    expect(await connection.preflight({ ...intent, version: "10" })).toContainEqual(
      expect.objectContaining({ check: "version", level: "block" }),
    );
  });
});

test("how long it has to stop, and a container that is not there, are said before the start", async () => {
  const { entry, connection, intent } = await etl();
  expect(await connection.preflight(intent)).toContainEqual(
    expect.objectContaining({ check: "stopping", text: "told to stop, it gets 120 s before ECS kills it" }),
  );
  const wrong = connect(connector, { ...entry, container: "etl" });
  expect(await wrong.preflight(intent)).toContainEqual(
    expect.objectContaining({ check: "job", level: "block", text: "ndw-etl:11 has no container etl (it has ndw-etl)" }),
  );
});

test.each([
  [{ credentials: undefined }, "credentials of its own"],
  [{ container: undefined }, "name it"],
  [{ region: "london" }, "eu-west-2"],
  [{ account: "1234" }, "12 digits"],
  [{ stopTimeout: 30 }, "stopTimeout"],
])("an entry with %j is refused", async (wrong, why) => {
  const { entry } = await etl();
  const result = connector.settings.safeParse({ ...entry, ...wrong });
  expect(result.success ? "taken" : JSON.stringify(result.error.issues)).toContain(why);
});
