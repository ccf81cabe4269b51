import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** A process that cannot be mistaken for a later one with its number. `ticks` is null where there is no /proc. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly ticks: string | null;
}

/** The machine, and since when: numbers of processes mean something there and then only. */
export interface Here {
  readonly host: string;
  readonly boot: string;
}

export function whereWeAre(): Here {
  return { host: hostname(), boot: bootId() };
}

export const identityOf = (pid: number): ProcessIdentity => ({ pid, ticks: statOf(pid)?.ticks ?? null });

export function processLives({ pid, ticks }: ProcessIdentity): boolean {
  if (!answers(pid)) return false;
  const stat = statOf(pid);
  return !PROC || (stat !== null && stat.ticks === ticks && !DEAD.includes(stat.state));
}

/** Whether anybody is left in the group that this process led. One who is only waiting to be buried is not. */
export function groupLives({ pid, ticks }: ProcessIdentity): boolean {
  if (!answers(-pid)) return false;
  if (!PROC) return true;
  const leader = statOf(pid);
  // The number was given to another: the kernel does that only when nobody of the old group is left.
  if (leader !== null && leader.ticks !== ticks) return false;
  return readdirSync("/proc").some((entry) => {
    const stat = /^\d+$/.test(entry) ? statOf(Number(entry)) : null;
    return stat !== null && stat.group === pid && !DEAD.includes(stat.state);
  });
}

const PROC = existsSync("/proc/self/stat");
const DEAD = ["Z", "X", "x"];

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Fields 3, 5 and 22 of /proc/PID/stat; the name before them may hold anything, so they are counted from its end. */
function statOf(pid: number): { state: string; group: number; ticks: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", group: Number(fields[2]), ticks: fields[19] ?? "" };
  } catch {
    return null;
  }
}

/** A restart of the machine, or of the container, makes another. */
function bootId(): string {
  try {
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    try {
      return execFileSync("sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "utf8", timeout: 1_000 }).trim();
    } catch {
      return "not known";
    }
  }
}
