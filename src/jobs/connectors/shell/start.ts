import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ConnectorError, type Handle, type Intent } from "../contract.ts";
import { type About, argumentsOf, elsewhere, handleOf, NOT_ALLOWED, under } from "./about.ts";
import { folderOf, makeStateFolder, noteAsked, readState } from "./records.ts";
import type { Command } from "./state.ts";

const RUNNER = fileURLToPath(new URL("runner.ts", import.meta.url));
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** Longer than a runner takes on a busy machine. */
const ANSWER_WITHIN_MS = 8_000;

/**
 * Begins the command, or finds it begun: the first runner to claim the key runs it. From the moment the runner is called
 * nothing depends on this process any more.
 */
export async function start(about: About, intent: Intent): Promise<Handle> {
  const { target, settings, base, here } = about;
  const reason = about.allowed ? elsewhere(about) : NOT_ALLOWED;
  if (reason !== null) throw new ConnectorError("invalid", `${target} starts nothing: ${reason}`);
  const command = argumentsOf(about, intent);
  makeStateFolder(base, settings.stateDir !== undefined);
  const folder = folderOf(base, intent.intentKey);
  const before = readState(folder);
  if (before === null) {
    const [other] = under(about, intent.name);
    if (other !== undefined) {
      throw new ConnectorError("conflict", `${target} already runs ${intent.name}${groupOf(other.leader?.pid)}`);
    }
    noteAsked(folder, intent.intentKey);
    await callRunner(folder, {
      ...{ key: intent.intentKey, name: intent.name, ...here },
      ...{ command, cwd: settings.cwd, env: environmentOf(about, intent) },
    });
  }
  const state = readState(folder);
  const handle = state === null ? null : handleOf(about, state);
  if (handle === null) throw new ConnectorError("ambiguous", `${target} was told to start, and it is not seen to run`);
  return handle;
}

const groupOf = (pid: number | undefined): string => (pid === undefined ? "" : ` (process group ${pid})`);

function environmentOf({ settings }: About, intent: Intent): Record<string, string> {
  return {
    PATH,
    NIGHTDESK_JOB: intent.job,
    NIGHTDESK_ENVIRONMENT: intent.environment,
    NIGHTDESK_INTENT_KEY: intent.intentKey,
    NIGHTDESK_REQUESTED_BY: intent.requestedBy.key,
    ...settings.env,
  };
}

/** Resolves when the runner has said that it has begun, has gone, or has not said anything for long. */
function callRunner(folder: string, command: Command): Promise<void> {
  const runner = spawn(process.execPath, [RUNNER, folder], {
    cwd: "/",
    env: {},
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
  });
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(late);
      runner.stdin.destroy();
      runner.stdout.destroy();
      runner.unref();
      resolve();
    };
    const late = setTimeout(done, ANSWER_WITHIN_MS);
    runner.stdout.once("data", done);
    runner.once("exit", done);
    runner.once("error", done);
    // It may be gone before it has read: what has become of it is seen by what it keeps.
    runner.stdin.on("error", () => {});
    runner.stdin.end(JSON.stringify(command));
  });
}
