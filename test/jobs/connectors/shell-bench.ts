import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { connectors } from "../../../src/jobs/connectors/index.ts";
import { type Bench, connect, intentFor, PRIVATE } from "../../helpers/conformance/connector.ts";

const SECRET = "s3cr3t-token";

/** Does what files of its folder say, until there is `finish`, which holds its exit code. */
const SCRIPT = `
dir=$1
echo begun >> "$dir/starts"
while [ ! -e "$dir/finish" ]; do
  if [ -e "$dir/ignore" ] && [ ! -e "$dir/ignoring" ]; then trap '' TERM; : > "$dir/ignoring"; fi
  if [ -e "$dir/leak" ] && [ ! -e "$dir/leaked" ]; then echo "using $TOKEN for ${PRIVATE}"; : > "$dir/leaked"; fi
  sleep 0.02
done
exit "$(cat "$dir/finish")"
`;

/** A folder with a command that a test drives, and what the runners kept of it. Nothing of it outlives the test. */
export function shellTarget(more: Record<string, unknown> = {}) {
  const dir = mkdtempSync(join(tmpdir(), "nightdesk-shell-test-"));
  const stateDir = join(dir, "state");
  const script = join(dir, "job.sh");
  writeFileSync(script, SCRIPT);
  const entry = {
    connector: "shell",
    host: hostname(),
    command: ["/bin/sh", script, dir],
    cwd: dir,
    env: { TOKEN: SECRET },
    stateDir,
    ...more,
  };
  const folders = () => (existsSync(stateDir) ? readdirSync(stateDir).map((name) => join(stateDir, name)) : []);
  const states = () => folders().flatMap((folder) => stateOf(folder) ?? []);
  const allEnded = () =>
    vi.waitFor(() => {
      const living = states().filter((state) => state.phase !== "ended");
      if (living.length > 0) throw new Error(`still there: ${JSON.stringify(living)}`);
    }, WAIT);
  /** All at once: the command must not see a file that is there and still empty. */
  const put = (name: string, text = "") => {
    writeFileSync(join(dir, `${name}.new`), text);
    renameSync(join(dir, `${name}.new`), join(dir, name));
  };
  const there = (name: string) =>
    vi.waitFor(() => {
      if (!existsSync(join(dir, name))) throw new Error(`there is no ${name}`);
    }, WAIT);
  const finish = async (code = 0) => {
    put("finish", String(code));
    await allEnded();
  };
  onTestFinished(() => {
    for (const { phase, leader, runner } of states()) {
      if (phase === "ended") continue;
      killGroup(runner.pid);
      if (leader !== undefined) killGroup(leader.pid);
    }
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });
  return { dir, stateDir, entry, states, folders, allEnded, put, there, finish };
}

export const WAIT = { timeout: 8_000, interval: 10 };

interface Kept {
  readonly key: string;
  readonly phase: string;
  readonly runner: { readonly pid: number };
  readonly leader?: { readonly pid: number; readonly ticks: string };
}

function stateOf(folder: string): Kept | null {
  try {
    const kept: Kept = JSON.parse(readFileSync(join(folder, "state.json"), "utf8"));
    return kept;
  } catch {
    return null;
  }
}

export function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has gone by itself.
  }
}

export async function shellBench(): Promise<Bench> {
  const { entry, states, put, there, finish, allEnded, stateDir } = shellTarget();
  const nothing = () => {};
  const name = "nightly-load";
  return {
    entry,
    context: { mayRunCommands: true },
    secret: SECRET,
    name,
    starts: () => states().filter((state) => state.leader !== undefined && state.key !== "another").length,
    occupy: async () => {
      const shell = connectors.find((one) => one.name === "shell");
      if (shell === undefined) throw new Error("there is no shell connector");
      await connect(shell, entry, { mayRunCommands: true }).start(intentFor(name, { intentKey: "another" }));
    },
    answer: nothing,
    pretend: nothing,
    cutAfterStart: nothing,
    vanish: async () => {},
    finish: () => finish(),
    ignoreAborts: async () => {
      put("ignore");
      await there("ignoring");
    },
    obey: allEnded,
    forget: () => {
      for (const { leader } of states()) if (leader !== undefined) killGroup(leader.pid);
      rmSync(stateDir, { recursive: true });
    },
    leak: async () => {
      put("leak");
      await there("leaked");
    },
  };
}
