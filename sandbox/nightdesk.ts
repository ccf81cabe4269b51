import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Leftovers } from "./leftovers.ts";

export type NightdeskRole = "all" | "web" | "worker";

/** The whole environment of a Nightdesk process: nothing of ours leaks into it by accident. */
export type NightdeskEnv = Readonly<Record<string, string>>;

export interface StartOptions {
  readonly env: NightdeskEnv;
  readonly leftovers: Leftovers;
  /** Its output is added to `<folder>/<role>-<pid>.log`. */
  readonly logFolder?: string | undefined;
  /** Machine time until it must be ready; 30 s unless told. */
  readonly patienceMs?: number;
}

export interface Nightdesk {
  readonly role: NightdeskRole;
  readonly pid: number;
  running(): boolean;
  /** The end of what it has logged, for a person to read. */
  tail(lines?: number): string;
  /** Resolves when it has ended, to why, in words. */
  readonly ended: Promise<string>;
  /** SIGKILL: nothing is closed, nothing is said. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL when it is not gone after 10 s. */
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL("..", import.meta.url));
/** Node says this of what it runs without being asked to; people looking for an error need not read it. */
const NOISE = /ExperimentalWarning|--trace-warnings/;

/** As `bin/nightdesk` and the image start it. */
const NODE_FLAGS = z.array(z.string()).parse(JSON.parse(readFileSync(join(root, "bin/node-flags.json"), "utf8")));

/**
 * What every Nightdesk process of a sandbox is given: where its parts are, and no secret of this machine. All values
 * are strings as in a real environment.
 */
export function sandboxEnv(parts: {
  readonly databaseUrl: string;
  readonly slack: { readonly botToken: string; readonly signingSecret: string; readonly apiUrl: string };
  readonly catalogueFile: string;
  readonly apiToken: string;
  readonly exportFolder: string;
  readonly port: number;
  readonly clockFile?: string;
  readonly redisUrl?: string | undefined;
  readonly logLevel?: string;
  /** What the catalogue names by `${env.X}`. */
  readonly more?: NightdeskEnv;
}): NightdeskEnv {
  return {
    ...parts.more,
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: process.env["HOME"] ?? "/",
    TMPDIR: process.env["TMPDIR"] ?? "/tmp",
    TZ: "UTC",
    // What one process has compiled, the next need not: it halves the time of a start.
    NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? join(root, "node_modules/.cache/nightdesk"),
    DATABASE_URL: parts.databaseUrl,
    SLACK_BOT_TOKEN: parts.slack.botToken,
    SLACK_SIGNING_SECRET: parts.slack.signingSecret,
    SLACK_API_URL: parts.slack.apiUrl,
    NIGHTDESK_CATALOGUE: parts.catalogueFile,
    NIGHTDESK_API_TOKEN: parts.apiToken,
    NIGHTDESK_EXPORT_DIR: parts.exportFolder,
    NIGHTDESK_PUBLIC_URL: `http://127.0.0.1:${parts.port}`,
    PORT: String(parts.port),
    LOG_LEVEL: parts.logLevel ?? "info",
    ...(parts.clockFile === undefined ? {} : { NIGHTDESK_CLOCK_FILE: parts.clockFile }),
    ...(parts.redisUrl === undefined ? {} : { REDIS_URL: parts.redisUrl }),
  };
}

/** Runs `nightdesk <words>` to its end. Throws with what it said when it fails. */
export async function runNightdesk(words: readonly string[], env: NightdeskEnv): Promise<string> {
  const child = spawn(process.execPath, [join(root, "src/main.ts"), ...words], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = collect(child);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`nightdesk ${words.join(" ")} failed: ${lastLines(said(), 5)}`);
  return said();
}

/** Runs `nightdesk <words>` on this terminal. Returns its exit code. */
export function showNightdesk(words: readonly string[], env: NightdeskEnv): Promise<number> {
  const child = spawn(process.execPath, [join(root, "src/main.ts"), ...words], { env, stdio: "inherit" });
  return new Promise((resolve) => child.on("close", (code) => resolve(code ?? 1)));
}

/** Starts one process of Nightdesk and waits until it serves. Throws with the end of its log when it does not. */
export async function startNightdesk(role: NightdeskRole, options: StartOptions): Promise<Nightdesk> {
  const child = spawn(process.execPath, [...NODE_FLAGS, join(root, "src/main.ts"), role], {
    env: options.env,
    // A group of its own: a Ctrl-C in the terminal is for whoever started it to pass on, in the right order.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const pid = child.pid ?? 0;
  if (pid !== 0) options.leftovers.process(pid);
  const said = collect(
    child,
    options.logFolder === undefined ? undefined : join(options.logFolder, `${role}-${pid}.log`),
  );
  let over: string | null = null;
  const ended = new Promise<string>((resolve) => {
    child.on("close", (code, signal) => {
      over = signal === null ? `ended with exit code ${code}` : `ended by ${signal}`;
      if (pid !== 0) options.leftovers.ended(pid);
      resolve(over);
    });
  });
  const send = async (signal: NodeJS.Signals) => {
    if (over === null) child.kill(signal);
    await ended;
  };
  const nightdesk: Nightdesk = {
    role,
    pid,
    running: () => over === null,
    tail: (lines = 12) => lastLines(said(), lines),
    ended,
    kill: () => send("SIGKILL"),
    stop: async () => {
      const impatient = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await send("SIGTERM");
      clearTimeout(impatient);
    },
  };
  const deadline = Date.now() + (options.patienceMs ?? 30_000);
  while (!(await isReady(role, options.env, said))) {
    if (!nightdesk.running()) throw new Error(`Nightdesk's ${role} ${over}: ${nightdesk.tail(5)}`);
    if (Date.now() > deadline) {
      await nightdesk.kill();
      throw new Error(`Nightdesk's ${role} was not ready in time: ${nightdesk.tail(5)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return nightdesk;
}

/** Who serves HTTP answers /healthz; a worker says so in its log. */
async function isReady(role: NightdeskRole, env: NightdeskEnv, said: () => string): Promise<boolean> {
  if (role === "worker") return /"msg":"[^"]*\b(ready|started|working)\b/i.test(said());
  try {
    const answer = await fetch(`http://127.0.0.1:${env["PORT"]}/healthz`, { signal: AbortSignal.timeout(2_000) });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}

function collect(child: ChildProcess, file?: string): () => string {
  let text = "";
  const log = file === undefined ? null : createWriteStream(file, { flags: "a" });
  const add = (chunk: Buffer) => {
    text = (text + chunk.toString("utf8")).slice(-100_000);
    log?.write(chunk);
  };
  child.stdout?.on("data", add);
  child.stderr?.on("data", add);
  child.on("error", (error) => add(Buffer.from(`${error.message}\n`)));
  child.on("close", () => log?.end());
  return () => text;
}

function lastLines(text: string, count: number): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !NOISE.test(line));
  return lines.slice(-count).join("\n") || "it said nothing";
}
