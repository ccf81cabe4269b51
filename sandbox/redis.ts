import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Leftovers } from "./leftovers.ts";
import { freePort } from "./postgres.ts";

export interface Redis {
  readonly url: string;
  /** Everything in it is gone. */
  flush(): Promise<void>;
  stop(): Promise<void>;
  /** Again on the same port, with what it had written. */
  start(): Promise<void>;
}

/** A Redis of this machine on a free port of loopback, as production wants it: AOF, noeviction. */
export async function startRedis(leftovers: Leftovers): Promise<Redis> {
  const program = find("redis-server");
  if (program === null) {
    throw new Error(
      'redis-server is not on this machine: install the package redis-server ("apt-get install redis-server").',
    );
  }
  const folder = await mkdtemp(join(tmpdir(), "nightdesk-redis-"));
  leftovers.folder(folder);
  const port = await freePort();
  let end: () => Promise<void> = async () => {};
  const start = async () => {
    const child = spawn(
      program,
      [
        ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder],
        ...["--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"],
      ],
      { detached: true, stdio: "ignore" },
    );
    const pid = child.pid;
    if (pid !== undefined) leftovers.process(pid);
    const ended = new Promise<void>((resolve) => {
      child.on("error", () => resolve());
      child.on("exit", () => {
        if (pid !== undefined) leftovers.ended(pid);
        resolve();
      });
    });
    end = async () => {
      child.kill("SIGTERM");
      await ended;
    };
    for (let attempt = 0; (await command(port, "PING").catch(() => "")) !== "+PONG"; attempt++) {
      if (attempt > 200) throw new Error("redis-server did not start");
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    flush: async () => void (await command(port, "FLUSHALL")),
    stop: () => end(),
    start,
  };
}

/** One word of Redis's protocol and the first line of its answer. */
function command(port: number, word: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(`*1\r\n$${word.length}\r\n${word}\r\n`));
    socket.setTimeout(2_000, () => socket.destroy(new Error("redis does not answer")));
    socket.once("data", (data: Buffer) => {
      socket.destroy();
      resolve(data.toString("utf8").split("\r\n")[0] ?? "");
    });
    socket.once("error", reject);
  });
}

function find(program: string): string | null {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return join(folder, program);
    } catch {
      // Not in this one.
    }
  }
  return null;
}
