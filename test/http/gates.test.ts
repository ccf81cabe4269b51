import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { decideGate, lockGate } from "../../src/changes/gates.store.ts";
import { createApi } from "../../src/http/api.ts";
import { testDatabase } from "../helpers/database.ts";
import { catalogueOf } from "../helpers/hear.ts";
import { serve } from "./serve.ts";

const SCRIPT = fileURLToPath(new URL("../../examples/hooks/nightdesk-gate.sh", import.meta.url));
const BODY = { service: "ndw-etl", version: "12", environment: "prod", requirements: ["tcs >= 6.2"] };

async function gatesApi() {
  const { store } = await testDatabase();
  const clock = manualClock("2024-01-08T01:00:00Z");
  const catalogue = catalogueOf({
    environments: { prod: {} },
    gates: { token: "gate-token" },
    routes: [{ channel: "ops" }],
  });
  const parts = {
    store,
    clock,
    catalogue,
    exporters: [],
    connections: { of: () => null },
    groupMembers: async () => [],
  };
  const { url } = await serve({ api: createApi({ ...parts, token: null }) });
  const headers = { authorization: "Bearer gate-token" };
  const decide = (id: number, state: "approved" | "refused") =>
    store.tx(async (tx) =>
      decideGate(tx, await lockGate(tx, id), {
        ...{ state, code: state === "approved" ? "approved" : "rejected", because: "a person's word" },
        ...{ by: { kind: "system" }, at: clock.now() },
      }),
    );
  const run = (env: Record<string, string>, ...words: string[]) =>
    promisify(execFile)("sh", [SCRIPT, ...words], {
      env: {
        PATH: process.env["PATH"],
        NIGHTDESK_URL: url,
        NIGHTDESK_GATE_TOKEN: "gate-token",
        GATE_POLL: "1",
        ...env,
      },
    }).then(
      ({ stdout }) => ({ code: 0, said: stdout }),
      (error: { code: number; stderr: string; stdout: string }) => ({
        code: error.code,
        said: error.stderr + error.stdout,
      }),
    );
  return {
    url,
    headers,
    decide,
    run,
    post: (body: unknown) => fetch(`${url}/api/gates`, { method: "POST", headers, body: JSON.stringify(body) }),
  };
}

test("a pipeline's token asks for gates and reads them, and nothing else", async () => {
  const { url, headers, post } = await gatesApi();
  const first = await post(BODY);
  expect([first.status, first.headers.get("location"), first.headers.get("x-nightdesk-gate")]).toEqual([
    201,
    "/api/gates/1",
    "held",
  ]);
  expect(await first.json()).toMatchObject({
    gate: 1,
    state: "held",
    requirements: [{ wanted: "tcs >= 6.2 in prod", met: null }],
  });
  expect((await post(BODY)).status).toBe(200);
  expect(await (await fetch(`${url}/api/gates`, { headers })).json()).toMatchObject({ gates: [{ gate: 1 }] });
  expect((await fetch(`${url}/api/gates/9`, { headers })).status).toBe(404);
  expect((await fetch(`${url}/api/gates`, { headers: { authorization: "Bearer wrong" } })).status).toBe(401);
  for (const path of ["incidents", "gatesx", "audit"])
    expect((await fetch(`${url}/api/${path}`, { headers })).status).toBe(404);
});

test("what is asked wrongly is told with what to write", async () => {
  const { post } = await gatesApi();
  for (const [body, said] of [
    [{ ...BODY, serivce: "x" }, 'serivce: unknown key; did you mean \\"service\\"?'],
    [{ service: "ndw-etl", version: 12 }, "version: must be text, not a number"],
    [[BODY], "the body: must be a map, not a list"],
    [{ ...BODY, environment: "prdo" }, "unknown_environment"],
    [{ ...BODY, requirements: ["tcs"] }, "is no requirement"],
    [{ ...BODY, timeout: "soon" }, "is not a duration"],
  ] as const) {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(said);
  }
});

test("the shell helper waits, and its exit status is the answer", async () => {
  const { decide, run, post } = await gatesApi();
  const opened = run({ GATE_ID: "run-1", GATE_AUTHOR: 'A "quoted" author\\' }, "ndw-etl", "12", "prod", "tcs >= 6.2");
  await expect.poll(async () => (await post({ ...BODY, id: "run-1" })).status, { timeout: 10_000 }).toBe(200);
  await decide(1, "approved");
  expect(await opened).toEqual({ code: 0, said: expect.stringContaining("gate 1 is approved: a person's word") });

  await post({ ...BODY, id: "run-2" });
  await decide(2, "refused");
  expect(await run({ GATE_ID: "run-2" }, "ndw-etl", "12", "prod")).toMatchObject({ code: 1 });
  expect(await run({}, "ndw-etl", "12", "prdo")).toEqual({
    code: 2,
    said: expect.stringContaining("There is no environment"),
  });
  expect(await run({ NIGHTDESK_URL: "http://127.0.0.1:9", GATE_PATIENCE: "1" }, "ndw-etl", "12", "prod")).toMatchObject(
    { code: 3 },
  );
});

test("the loop of the documentation goes on when it is opened, and on nothing else", async () => {
  const { url, decide, post } = await gatesApi();
  const text = await readFile(new URL("../../docs/gates.md", import.meta.url), "utf8");
  const loop = /<!-- by hand -->\n```sh\n([\s\S]*?)```/.exec(text)?.[1]?.replace("sleep 10", "sleep 1") ?? "";
  const env = { PATH: process.env["PATH"], NIGHTDESK_URL: url, NIGHTDESK_GATE_TOKEN: "gate-token" };
  const run = (over: Record<string, string> = {}, script = loop) =>
    promisify(execFile)("sh", ["-euc", `${script}\necho deployed`], { env: { ...env, ...over } }).then(
      ({ stdout }) => stdout.trim(),
      (error: { code: number }) => error.code,
    );
  const opened = run();
  const asked = { service: "ndw-etl", version: "12", environment: "prod" };
  await expect.poll(async () => (await post({ ...asked, id: "run-81-1" })).status, { timeout: 10_000 }).toBe(200);
  await decide(1, "approved");
  expect(await opened).toBe("deployed");
  const { gate } = (await (await post({ ...asked, id: "run-82" })).json()) as { gate: number };
  await decide(gate, "refused");
  expect(await run({}, loop.replace("run-81-1", "run-82"))).toBe(1);
  expect(await run({ NIGHTDESK_GATE_TOKEN: "wrong" })).toBe(3);
});
