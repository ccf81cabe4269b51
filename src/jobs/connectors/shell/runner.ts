// Runs one command in a process group of its own and keeps what became of it, whether or not Nightdesk still lives.
// Called by start.ts as `node runner.ts FOLDER`, with the command on stdin.
import { spawn } from "node:child_process";
import { openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { groupLives, identityOf } from "./processes.ts";
import { type Command, type State, saveState } from "./state.ts";

/** A runner that comes later than this does nothing: by then its start may be taken for one that never came. */
const BEGIN_WITHIN_MS = 10_000;
const LOOK_MS = 100;

const folder = process.argv[2] ?? "";
// Whoever called this may be gone, and its terminal too: neither is a reason to leave the command unwatched.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => {});
process.stdout.on("error", () => {});

const told: Command = JSON.parse(readFileSync(0, "utf8"));
const { command, cwd, env, ...about } = told;
process.exitCode = inTime() ? begin({ ...about, phase: "claimed", runner: identityOf(process.pid) }) : 4;

/** By the file system's time, so that no clock of Nightdesk's has a say. */
function inTime(): boolean {
  writeFileSync(join(folder, "begun"), "");
  return statSync(join(folder, "begun")).mtimeMs - statSync(join(folder, "asked")).mtimeMs <= BEGIN_WITHIN_MS;
}

function begin(claimed: State): number {
  // The first one to make this file runs the command; there is no second.
  if (!saveState(folder, claimed, { first: true })) return 0;
  const [program = "", ...words] = command;
  const log = (name: string) => openSync(join(folder, name), "a", 0o600);
  const stdio = ["ignore", log("out.log"), log("err.log")] as const;
  const child = spawn(program, words, { cwd, env, detached: true, stdio: [...stdio] });
  const { pid } = child;
  const leader = pid === undefined ? null : identityOf(pid);
  const running: State = leader === null ? claimed : { ...claimed, phase: "running", leader };
  const keep = (state: State) => {
    saveState(folder, state);
    process.stdout.write(`${state.phase}\n`);
  };
  if (leader !== null) keep(running);
  child.on("error", (error) => {
    if (leader === null) keep({ ...claimed, phase: "ended", failure: error.message });
  });
  child.on("exit", (code, signal) => {
    if (leader === null) return;
    const ended: State = { ...running, code, signal };
    saveState(folder, { ...ended, phase: "leaving" });
    const look = () => {
      // What it has left behind in its group still works on the same things: the end is when nobody is left.
      if (groupLives(leader)) setTimeout(look, LOOK_MS);
      else saveState(folder, { ...ended, phase: "ended" });
    };
    look();
  });
  return 0;
}
