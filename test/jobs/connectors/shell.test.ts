import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type Connection, ConnectorError, type Handle, type Intent } from "../../../src/jobs/connectors/contract.ts";
import { connectors } from "../../../src/jobs/connectors/index.ts";
import { digestOf } from "../../../src/jobs/connectors/vendor/digest.ts";
import { connect, connectorConformance, intentFor } from "../../helpers/conformance/connector.ts";
import { root } from "../../helpers/source-code.ts";
import { killGroup, shellBench, shellTarget, WAIT } from "./shell-bench.ts";

const listed = connectors.find((one) => one.name === "shell");
if (listed === undefined) throw new Error("there is no shell connector");
const shell = listed;

describe("conformance, with a command of this machine", () => {
  connectorConformance(shell, shellBench, { without: ["network", "identity"] });
});

function machine(more: Record<string, unknown> = {}) {
  const target = shellTarget(more);
  return { ...target, connection: connect(shell, target.entry, { mayRunCommands: true }), intent: intentFor("load") };
}

/** Runs these arguments to their end. */
async function ranWith(command: readonly string[], parameters: Intent["parameters"] = {}) {
  const here = machine({ command });
  const intent = { ...here.intent, parameters };
  const handle = await here.connection.start(intent);
  await here.allEnded();
  return here.connection.observe(handle, intent, null);
}

const until = async (connection: Connection, about: { handle: Handle; intent: Intent }, phase: string) =>
  vi.waitFor(async () => {
    const seen = await connection.observe(about.handle, about.intent, null);
    expect(seen.phase).toBe(phase);
    return seen;
  }, WAIT);

describe("what it is not to do", () => {
  test("nothing is started where the environment does not enable it, and that is said before", async () => {
    const { entry, intent, states } = machine();
    const connection = connect(shell, entry);
    expect(await connection.preflight(intent)).toContainEqual(
      expect.objectContaining({ level: "block", wayOut: expect.stringContaining("NIGHTDESK_SHELL=1") }),
    );
    await expect(connection.start(intent)).rejects.toMatchObject({ kind: "invalid" });
    expect(await connection.ownPermission(intent, "run")).toMatchObject({ kind: "no" });
    expect(states()).toEqual([]);
  });

  test("nothing is started on another machine than the catalogue's", async () => {
    const { connection, intent, states } = machine({ host: "etl-9" });
    expect(await connection.preflight(intent)).toMatchObject([{ check: "identity", level: "block" }]);
    await expect(connection.start(intent)).rejects.toMatchObject({ kind: "invalid" });
    expect((await connection.locate(intent)).kind).toBe("unknown");
    expect((await connection.look(intent)).phase).toBe("unknown");
    expect(states()).toEqual([]);
  });

  test("an entry with a shell's text, a program from a parameter or a relative folder is refused", () => {
    const { entry } = machine();
    const accepts = (more: Record<string, unknown>) => shell.settings.safeParse({ ...entry, ...more }).success;
    expect(accepts({})).toBe(true);
    expect(accepts({ command: "rm -rf /" })).toBe(false);
    expect(accepts({ command: ["${parameter.program}"] })).toBe(false);
    expect(accepts({ command: [] })).toBe(false);
    expect(accepts({ cwd: "jobs" })).toBe(false);
    expect(accepts({ env: { "A B": "1" } })).toBe(false);
  });

  test("a folder that others may write to is not used", async () => {
    const { connection, intent, stateDir } = machine();
    mkdirSync(stateDir);
    chmodSync(stateDir, 0o777);
    await expect(connection.start(intent)).rejects.toMatchObject({ kind: "invalid" });
  });
});

describe("arguments", () => {
  test("a parameter is one argument, whatever is in it; one that is not given leaves its argument out", async () => {
    const evil = "a b; echo $(id) `id` | cat > /tmp/x 'q' \"d\" *";
    const seen = await ranWith(
      [
        "printf",
        "<%s>\\n",
        "--day=${parameter.day}",
        "${parameter.all}",
        "--no=${parameter.missing}",
        "${target.name}",
        "$HOME",
      ],
      { day: evil, all: evil },
    );
    expect(seen.logLines).toEqual([`<--day=${evil}>`, `<${evil}>`, "<load>", "<$HOME>"]);
  });

  test("a parameter that would be taken for an option is refused before anything runs", async () => {
    const { connection, intent, states } = machine({ command: ["printf", "%s", "${parameter.table}"] });
    const wrong = { ...intent, parameters: { table: "--drop" } };
    expect(await connection.preflight(wrong)).toContainEqual(
      expect.objectContaining({ check: "parameters", level: "block" }),
    );
    await expect(connection.start(wrong)).rejects.toMatchObject({ kind: "invalid" });
    expect(states()).toEqual([]);
    expect((await connection.start({ ...intent, parameters: { table: "people" } })).externalId).toMatch(/:\d+$/);
  });

  test("it finds in its environment what the catalogue gives, who asked, and nothing of Nightdesk's own", async () => {
    const { logLines = [] } = await ranWith(["env"]);
    const names = logLines.map((line) => line.split("=")[0]).filter((name) => name !== "PWD" && name !== "_");
    expect(names.sort()).toEqual([
      "NIGHTDESK_ENVIRONMENT",
      "NIGHTDESK_INTENT_KEY",
      "NIGHTDESK_JOB",
      "NIGHTDESK_REQUESTED_BY",
      "PATH",
      "TOKEN",
    ]);
    expect(logLines).toContain("NIGHTDESK_REQUESTED_BY=asha");
    expect(logLines).toContain("TOKEN=[redacted]");
  });
});

describe("how it ended", () => {
  test("the exit code and the last line of stderr are its failure", async () => {
    const seen = await ranWith(["/bin/sh", "-c", "echo first >&2; echo no such table >&2; exit 3"]);
    expect(seen).toMatchObject({
      phase: "failed",
      error: { kind: "exit 3", message: "it exited with code 3: no such table" },
      logLines: ["first", "no such table"],
    });
  });

  test("a signal that Nightdesk did not send is a failure too", async () => {
    expect(await ranWith(["/bin/sh", "-c", "kill -KILL $$"])).toMatchObject({
      phase: "failed",
      error: { kind: "signal SIGKILL" },
    });
  });

  test("a program that is not there was not run", async () => {
    expect(await ranWith(["/no/such/program"])).toMatchObject({
      phase: "failed",
      error: { kind: "not_run", message: expect.stringContaining("ENOENT") },
    });
  });

  test("the last progress that it printed is how far it is", async () => {
    const seen = await ranWith(["printf", "%s\\n", "progress 3/10 tables", "progress: 4 / 10 tables", "bye"]);
    expect(seen).toMatchObject({ phase: "succeeded", progress: { done: 4, total: 10, unit: "tables" } });
  });

  test("it has not ended while others of its group go on", async () => {
    const { connection, intent, put, dir, entry } = machine();
    put("leave.sh", `sh "${dir}/job.sh" "${dir}" & exit 0`);
    const leaving = connect(shell, { ...entry, command: ["/bin/sh", join(dir, "leave.sh")] }, { mayRunCommands: true });
    const handle = await leaving.start(intent);
    const seen = await vi.waitFor(async () => {
      const look = await connection.observe(handle, intent, null);
      expect(look.evidence).toContain("others of its process group");
      return look;
    }, WAIT);
    expect(seen.phase).toBe("running");
    expect((await leaving.look(intent)).phase).toBe("running");
    put("finish", "0");
    await until(leaving, { handle, intent }, "succeeded");
  });

  test("lines come once and whole, many or long", async () => {
    const { connection, intent, allEnded } = machine({ command: ["/bin/sh", "-c", "seq 1 450; printf 'the end'"] });
    const handle = await connection.start(intent);
    await allEnded();
    const lines: string[] = [];
    let cursor: unknown = null;
    for (let look = 0; look < 5; look += 1) {
      const seen = await connection.observe(handle, intent, cursor);
      expect(seen.logLines?.length ?? 0).toBeLessThanOrEqual(200);
      lines.push(...(seen.logLines ?? []));
      cursor = seen.cursor;
    }
    expect(lines).toEqual([...Array.from({ length: 450 }, (_, n) => String(n + 1)), "the end"]);
  });
});

describe("abort", () => {
  test("TERM goes to all of the group; who ignores it is killed, and only then it is aborted", async () => {
    const { connection, intent, put, there, dir, entry } = machine();
    put("family.sh", `sh "${dir}/job.sh" "${dir}" & wait`);
    const family = connect(shell, { ...entry, command: ["/bin/sh", join(dir, "family.sh")] }, { mayRunCommands: true });
    const handle = await family.start(intent);
    put("ignore");
    await there("ignoring");
    expect(await connection.abort(handle, intent, "soft")).toBe("accepted");
    await vi.waitFor(async () => {
      const seen = await connection.observe(handle, intent, null);
      expect(seen).toMatchObject({ phase: "running", evidence: expect.stringContaining("SIGTERM") });
    }, WAIT);
    expect(await connection.abort(handle, intent, "hard")).toBe("accepted");
    await until(connection, { handle, intent }, "aborted");
    expect(await connection.abort(handle, intent, "hard")).toBe("already_done");
  });

  test("a command that ends well because it was told to stop has been aborted", async () => {
    const { connection, intent, allEnded } = machine({
      command: ["/bin/sh", "-c", "trap 'exit 0' TERM; echo ready; while :; do sleep 0.02; done"],
    });
    const handle = await connection.start(intent);
    await vi.waitFor(async () => {
      expect((await connection.observe(handle, intent, null)).logLines).toEqual(["ready"]);
    }, WAIT);
    await connection.abort(handle, intent, "soft");
    await allEnded();
    expect(await connection.observe(handle, intent, null)).toMatchObject({
      phase: "aborted",
      evidence: expect.stringContaining("code 0"),
    });
  });
});

describe("what must never be mistaken", () => {
  /** Its state as another machine, or the same one before a restart, would have left it. */
  const forged = async (more: Record<string, unknown>) => {
    const here = machine();
    const handle = await here.connection.start(here.intent);
    const [folder = ""] = here.folders();
    const path = join(folder, "state.json");
    const state = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ ...state, ...more }));
    const restore = () => writeFileSync(path, JSON.stringify(state));
    return { ...here, handle, state, restore };
  };

  test("after a restart of the machine nothing runs, whatever has the number now, and nobody is signalled", async () => {
    const { connection, intent, handle, restore } = await forged({ boot: "another time" });
    expect((await connection.observe(handle, intent, null)).phase).toBe("not_found");
    expect((await connection.look(intent)).phase).toBe("not_running");
    expect(await connection.abort(handle, intent, "hard")).toBe("already_done");
    restore();
    expect((await connection.observe(handle, intent, null)).phase).toBe("running");
  });

  test("another machine's processes are not ours", async () => {
    const { connection, intent, handle, restore } = await forged({ host: "etl-9" });
    expect((await connection.observe(handle, intent, null)).phase).toBe("unknown");
    await expect(connection.abort(handle, intent, "hard")).rejects.toMatchObject({ kind: "unavailable" });
    restore();
    expect((await connection.observe(handle, intent, null)).phase).toBe("running");
    const there = { ...handle, opaque: { host: "etl-9", boot: "x", key: intent.intentKey } };
    expect((await connection.observe(there, intent, null)).phase).toBe("unknown");
  });

  test.runIf(process.platform === "linux")("a number that was given to another process is nobody's group", async () => {
    const here = machine();
    const handle = await here.connection.start(here.intent);
    const [folder = ""] = here.folders();
    const path = join(folder, "state.json");
    const state = JSON.parse(readFileSync(path, "utf8"));
    process.kill(state.runner.pid, "SIGKILL");
    writeFileSync(path, JSON.stringify({ ...state, leader: { ...state.leader, ticks: "1" } }));
    await until(here.connection, { handle, intent: here.intent }, "not_running");
    expect(await here.connection.abort(handle, here.intent, "hard")).toBe("already_done");
    process.kill(state.leader.pid, 0);
    killGroup(state.leader.pid);
    writeFileSync(path, JSON.stringify({ ...state, phase: "ended", code: 0 }));
  });

  test("a killed runner leaves it running; its end is then not known, but an abort is proved", async () => {
    const here = machine();
    const first = await here.connection.start(here.intent);
    const runnerOf = (key: string) => here.states().find((state) => state.key === key)?.runner.pid ?? 0;
    process.kill(runnerOf("intent-1"), "SIGKILL");
    expect((await here.connection.observe(first, here.intent, null)).phase).toBe("running");
    here.put("finish", "0");
    await until(here.connection, { handle: first, intent: here.intent }, "not_running");

    const again = machine();
    const second = await again.connection.start(again.intent);
    process.kill(again.states()[0]?.runner.pid ?? 0, "SIGKILL");
    expect(await again.connection.abort(second, again.intent, "soft")).toBe("accepted");
    await until(again.connection, { handle: second, intent: again.intent }, "aborted");
  });
});

describe("one key, one execution", () => {
  test("of ten starts at once", async () => {
    const { connection, intent, dir, finish } = machine();
    const handles = await Promise.all(Array.from({ length: 10 }, () => connection.start(intent)));
    expect(new Set(handles.map((handle) => handle.externalId)).size).toBe(1);
    await finish();
    expect(readFileSync(join(dir, "starts"), "utf8")).toBe("begun\n");
  });

  /** As a run does it: what may have started is looked for, and asked for again only when it certainly has not. */
  const begun = async ({ connection, intent }: ReturnType<typeof machine>): Promise<Handle> => {
    for (;;) {
      try {
        return await connection.start(intent);
      } catch (error) {
        if (!(error instanceof ConnectorError) || error.kind !== "ambiguous") throw error;
        for (;;) {
          const located = await connection.locate(intent);
          if (located.kind === "found") return located.handle;
          if (located.kind === "not_found") break;
          await new Promise((done) => setTimeout(done, 50));
        }
      }
    }
  };

  test("whenever the one who called it is killed: it goes on, is found, and is not begun again", async () => {
    const killed = async (afterMs: number) => {
      const here = machine();
      const told = JSON.stringify({ entry: here.entry, intent: here.intent });
      const caller = spawn(process.execPath, [`${root}test/jobs/connectors/shell-caller.ts`, told], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      await once(caller.stdout, "data");
      setTimeout(() => caller.kill("SIGKILL"), afterMs);
      await once(caller, "exit");
      const located = await here.connection.locate(here.intent);
      const handle = await begun(here);
      if (located.kind === "found") expect(located.handle).toEqual(handle);
      expect((await here.connection.observe(handle, here.intent, null)).phase).toBe("running");
      await here.finish();
      expect((await here.connection.observe(handle, here.intent, null)).phase).toBe("succeeded");
      expect(readFileSync(join(here.dir, "starts"), "utf8")).toBe("begun\n");
      return located.kind;
    };
    const kinds = await Promise.all([0, 20, 80, 300].map(killed));
    expect(kinds).toHaveLength(4);
  }, 60_000);

  test("a start that left nothing came or not; a runner that is too late does nothing", async () => {
    const { connection, intent, stateDir, states, entry } = machine();
    const folder = join(stateDir, digestOf(intent.intentKey).slice(0, 32));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "asked"), "");
    expect((await connection.locate(intent)).kind).toBe("unknown");
    const long = new Date(Date.now() - 60_000);
    utimesSync(join(folder, "asked"), long, long);
    expect((await connection.locate(intent)).kind).toBe("not_found");

    const runner = spawn(process.execPath, [`${root}src/jobs/connectors/shell/runner.ts`, folder], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    onTestFinished(() => void runner.kill("SIGKILL"));
    runner.stdin.end(
      JSON.stringify({
        key: intent.intentKey,
        name: "load",
        host: "h",
        boot: "b",
        command: entry.command,
        cwd: "/",
        env: {},
      }),
    );
    expect((await once(runner, "exit"))[0]).toBe(4);
    expect(states()).toEqual([]);
  });
});
