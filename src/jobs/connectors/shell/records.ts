import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { ConnectorError } from "../contract.ts";
import { jsonOf } from "../http/fields.ts";
import { digestOf } from "../vendor/digest.ts";
import type { State } from "./state.ts";

const identity = z.object({ pid: z.int().positive(), ticks: z.string().nullable() });
const stateSchema: z.ZodType<State> = z.object({
  key: z.string(),
  name: z.string(),
  host: z.string(),
  boot: z.string(),
  phase: z.enum(["claimed", "running", "leaving", "ended"]),
  runner: identity,
  leader: identity.optional(),
  code: z.number().nullable().optional(),
  signal: z.string().nullable().optional(),
  failure: z.string().optional(),
});

/** A start that left no state for so long never came, by the file system's time: longer than a runner may take. */
const NEVER_CAME_MS = 15_000;

/** A target's folder, for us alone. */
export function stateFolder(given: string | undefined, target: string): string {
  return given ?? join(tmpdir(), "nightdesk-shell", encodeURIComponent(target));
}

export function makeStateFolder(folder: string, given: boolean): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // In a folder that everybody may write to, somebody else could have been here first.
  for (const path of given ? [folder] : [folder, join(folder, "..")]) {
    const found = lstatSync(path);
    if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) {
      throw new ConnectorError("invalid", `${path} is not a folder that only Nightdesk may write to`);
    }
  }
}

export const folderOf = (base: string, key: string): string => join(base, digestOf(key).slice(0, 32));

export function readState(folder: string): State | null {
  const parsed = stateSchema.safeParse(jsonOf(textOf(join(folder, "state.json"))));
  return parsed.success ? parsed.data : null;
}

/** What this folder's runners have kept, for every key. */
export function readStates(base: string): State[] {
  if (!existsSync(base)) return [];
  return readdirSync(base).flatMap((entry) => readState(join(base, entry)) ?? []);
}

/** Notes that a start is about to be asked for. */
export function noteAsked(folder: string, key: string): void {
  mkdirSync(folder, { mode: 0o700, recursive: true });
  writeFileSync(join(folder, "asked"), key, { mode: 0o600 });
}

/** The keys that something is kept of, each with its state, if it came to one. What else lies here is nobody's. */
export function keptKeys(base: string): Map<string, State | null> {
  if (!existsSync(base)) return new Map();
  const kept = readdirSync(base).flatMap((entry): [string, State | null][] => {
    const folder = join(base, entry);
    const state = readState(folder);
    const key = state?.key ?? textOf(join(folder, "asked"));
    return key !== "" && folderOf(base, key) === folder ? [[key, state]] : [];
  });
  return new Map(kept);
}

export const forgetKept = (base: string, key: string): void =>
  rmSync(folderOf(base, key), { recursive: true, force: true });

/** What is known of a start that has left no state. */
export function askedBefore(folder: string): "never" | "just now" | "long ago" {
  if (!existsSync(join(folder, "asked"))) return "never";
  writeFileSync(join(folder, "looked"), "", { mode: 0o600 });
  const agoMs = statSync(join(folder, "looked")).mtimeMs - statSync(join(folder, "asked")).mtimeMs;
  return agoMs > NEVER_CAME_MS ? "long ago" : "just now";
}

/** That Nightdesk told it to stop; kept before the signal is sent. */
export const noteStop = (folder: string, mode: "soft" | "hard"): void =>
  writeFileSync(join(folder, "stop"), mode, { mode: 0o600 });
export const forgetStop = (folder: string): void => rmSync(join(folder, "stop"), { force: true });
export const wasStopped = (folder: string): boolean => existsSync(join(folder, "stop"));

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
