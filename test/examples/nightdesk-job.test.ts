import { spawn, spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { receiveHook } from "../../src/http/hooks.ts";
import { createReceiver } from "../../src/intake/receive.ts";
import { HOOK_SOURCES } from "../../src/intake/sources/index.ts";
import { testDatabase } from "../helpers/database.ts";
import { catalogueOf } from "../helpers/hear.ts";

const script = fileURLToPath(new URL("../../examples/hooks/nightdesk-job.sh", import.meta.url));
// Longer than a block of SHA-256, with what a shell would take for its own.
const SECRET = `a "secret" with $HOME, 'quotes', \\ and more than sixty-four bytes of text`;
const isHere = (shell: string) => spawnSync(shell, ["-c", ":"]).error === undefined;
const shells = [isHere("dash") ? "dash" : "sh", "bash"].filter(isHere);

/** Hooks as Nightdesk serves them, over a database; `away` answers are 503 first. */
async function hooks({ secret = SECRET, away = 0 } = {}) {
  const { store } = await testDatabase();
  const sources = { jobs: { kind: "job", secret } };
  const parts = { store, catalogue: catalogueOf({ sources }), clock: systemClock, log: silentLogger };
  const receiver = createReceiver({ ...parts, sources: HOOK_SOURCES });
  let left = away;
  const server = createServer((request, response) => {
    if (left-- > 0) return void response.writeHead(503).end();
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    void receiveHook(receiver.receive, { request, url, method: request.method ?? "" }).then((answer) =>
      response.writeHead(answer.status).end(answer.body),
    );
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => new Promise<void>((done) => void server.close(() => done())));
  const address = server.address();
  const url = `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
  const kept = async (): Promise<Record<string, unknown>[]> => {
    const rows = await store.db.selectFrom("inbox").select(["body", "state"]).orderBy("id").execute();
    return rows.map((row) => ({ ...JSON.parse(row.body), state: row.state }));
  };
  return { url, kept };
}

function start(shell: string, url: string, args: readonly string[], input = "") {
  const env = { PATH: process.env["PATH"] ?? "", NIGHTDESK_URL: url, NIGHTDESK_JOB_SECRET: SECRET };
  const child = spawn(shell, [script, "--job", "ndw-etl", "--environment", "prod", ...args], { env });
  const said = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    said.out += String(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    said.err += String(chunk);
  });
  child.stdin.end(input);
  const ended = new Promise<{ code: number | null; out: string; err: string }>((done) =>
    child.on("close", (code) => done({ code, ...said })),
  );
  return { child, said, ended };
}

describe.each(shells)("nightdesk-job.sh under %s", { timeout: 60_000 }, (shell) => {
  test("tells a success, and the command keeps its input, output and rid", async () => {
    const { url, kept } = await hooks();
    const command = 'cat; echo "$NIGHTDESK_RID ${NIGHTDESK_JOB_SECRET-none}"; echo rows=1200 >>"$NIGHTDESK_COUNTS"';
    const { code, out, err } = await start(shell, url, ["--rid", "r-1", "--", "sh", "-c", command], "given\n").ended;
    expect({ code, out, err }).toEqual({ code: 0, out: "given\nr-1 none\n", err: "" });
    const about = { job: "ndw-etl", environment: "prod", rid: "r-1", state: "pending" };
    expect(await kept()).toMatchObject([
      { ...about, status: "started", at: expect.stringMatching(/^\d{4}-.*Z$/) },
      { ...about, status: "succeeded", exit_code: 0, counts: { rows: 1200, duration_seconds: expect.any(Number) } },
    ]);
  });

  test("tells a failure with its exit code and last lines, whatever they hold", async () => {
    const { url, kept } = await hooks();
    const command = `exec >&2; i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo "line $i"; done; printf '\\033[31mno "col\\\\umn"\\té\\033[0m\\n'; exit 7`;
    const { code, out, err } = await start(shell, url, ["--lines", "3", "--", "sh", "-c", command]).ended;
    expect({ code, out, lines: err.split("\n").length }).toEqual({ code: 7, out: "", lines: 42 });
    expect(err).toContain('\u001b[31mno "col\\umn"\té\u001b[0m\n');
    const [started, failed] = await kept();
    expect(failed).toMatchObject({ status: "failed", exit_code: 7, rid: started?.["rid"] });
    expect(failed?.["error"]).toEqual({
      message: 'exit code 7: no "col\\umn"\té\nline 39\nline 40\nno "col\\umn"\té',
    });
  });
});

test("is patient with a Nightdesk that is away, and never with the job", { timeout: 60_000 }, async () => {
  const { url, kept } = await hooks({ away: 2 });
  expect((await start("sh", url, ["--", "true"]).ended).code).toBe(0);
  expect(await kept()).toMatchObject([{ status: "started" }, { status: "succeeded" }]);
});

test("a job that nobody hears of is done all the same", { timeout: 60_000 }, async () => {
  const strange = await hooks({ secret: "another" });
  const refused = await start("sh", strange.url, ["--", "sh", "-c", "echo done; exit 3"]).ended;
  expect(refused).toMatchObject({ code: 3, out: "done\n" });
  expect(refused.err).toContain("nightdesk-job: Nightdesk refuses the message (401): not authenticated");
  const unset = await start("sh", "", ["--", "sh", "-c", "echo done; exit 4"]).ended;
  expect(unset).toMatchObject({ code: 4, out: "done\n", err: expect.stringContaining("NIGHTDESK_URL is not set") });
});

test("what ends it ends the command, and that is told", { timeout: 60_000 }, async () => {
  const { url, kept } = await hooks();
  const running = start("sh", url, [
    "--",
    "sh",
    "-c",
    "trap 'echo stopped; exit 9' TERM; echo up; while :; do sleep 0.1; done",
  ]);
  while (!running.said.out.includes("up")) await new Promise((done) => setTimeout(done, 20));
  running.child.kill("SIGINT");
  expect(await running.ended).toMatchObject({ code: 9, out: "up\nstopped\n" });
  expect(await kept()).toMatchObject([{ status: "started" }, { status: "failed", exit_code: 9 }]);
});
