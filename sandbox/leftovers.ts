import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";

/** What would be left behind if this process died now: processes to end and folders to remove. */
export interface Leftovers {
  /** A child that ends with us. It must lead its own process group (`detached: true`); the whole group is ended. */
  process(pid: number): void;
  /** The child has ended by itself: its number may soon be another's. */
  ended(pid: number): void;
  folder(path: string): void;
  /** Removes the folders. Processes are their owner's to end before. */
  close(): Promise<void>;
}

// A signal handler cannot run after SIGKILL or a crash, so a small shell of its own session waits for the end of its
// standard input, which only this process holds open, and then tidies up what it was told of.
const SHELL = `
pids=' '; nl='
'; folders=
while read -r word value; do
  case "$word" in
    process) pids="$pids$value " ;;
    ended) pids=$(printf '%s' "$pids" | sed "s/ $value / /") ;;
    folder) folders="$folders$value$nl" ;;
    close) exit 0 ;;
  esac
done
for pid in $pids; do kill -INT -"$pid" 2>/dev/null; done
tries=0
while [ $tries -lt 30 ]; do
  alive=; for pid in $pids; do kill -0 -"$pid" 2>/dev/null && alive=yes; done
  [ -z "$alive" ] && break
  sleep 0.1; tries=$((tries + 1))
done
for pid in $pids; do kill -KILL -"$pid" 2>/dev/null; done
printf '%s' "$folders" | while read -r path; do [ -n "$path" ] && rm -rf -- "$path"; done
`;

/** Starts to watch: whatever is named to it is tidied up when this process ends in any way, SIGKILL included. */
export function watchLeftovers(): Leftovers {
  const folders = new Set<string>();
  const shell = spawn("/bin/sh", ["-c", SHELL], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  // Without a shell (Windows) there is no watch: an orderly close still removes everything.
  shell.on("error", () => {});
  shell.stdin.on("error", () => {});
  shell.unref();
  if ("unref" in shell.stdin && typeof shell.stdin.unref === "function") shell.stdin.unref();
  const tell = (line: string) => shell.stdin.write(`${line}\n`);
  return {
    process: (pid) => void tell(`process ${pid}`),
    ended: (pid) => void tell(`ended ${pid}`),
    folder: (path) => {
      folders.add(path);
      tell(`folder ${path}`);
    },
    close: async () => {
      for (const path of folders) await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      tell("close");
      shell.stdin.end();
    },
  };
}
