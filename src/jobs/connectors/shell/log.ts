import { open } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Progress } from "../contract.ts";
import type { Words } from "../vendor/words.ts";

const CHUNK_BYTES = 65_536;
const TAIL_BYTES = 8_192;
const LINES_A_LOOK = 200;

const cursorSchema = z.object({ out: z.int().nonnegative(), err: z.int().nonnegative() });
type Cursor = z.output<typeof cursorSchema>;

/** New lines of both streams since the cursor, each stream in its order, secrets masked. `whole`: it writes no more. */
export async function newLines(
  folder: string,
  given: unknown,
  how: { words: Words; redact: (text: string) => string; whole: boolean },
): Promise<{ lines: string[]; cursor: Cursor }> {
  const parsed = cursorSchema.safeParse(given);
  const cursor = parsed.success ? { ...parsed.data } : { out: 0, err: 0 };
  const lines: string[] = [];
  for (const stream of ["out", "err"] as const) {
    const bytes = await readAt(join(folder, `${stream}.log`), cursor[stream], CHUNK_BYTES);
    const taken = complete(bytes, { most: LINES_A_LOOK - lines.length, whole: how.whole });
    cursor[stream] += taken.length;
    // In one piece first: a key that is printed over several lines is a secret only as a whole.
    const text = how.redact(taken.toString("utf8")).replace(/\n$/, "");
    if (taken.length > 0) lines.push(...text.split("\n").map(how.words.line));
  }
  return { lines, cursor };
}

/** The last `progress 3/10 tables` of what it printed. */
export async function progressOf(folder: string): Promise<Progress | null> {
  const found = [
    ...(await tailOf(folder, "out")).matchAll(/\bprogress:? +(\d{1,15}) *\/ *(\d{1,15})(?: +(\w+))?/gi),
  ].at(-1);
  if (found === undefined) return null;
  const unit = found[3] === undefined ? {} : { unit: found[3] };
  return { done: Number(found[1]), total: Number(found[2]), ...unit };
}

/** The last thing that it said of what went wrong. */
export async function lastError(folder: string): Promise<string | null> {
  const lines = (await tailOf(folder, "err")).split("\n").filter((line) => line.trim() !== "");
  return lines.at(-1) ?? null;
}

/** The first whole lines; all of it when there is not one, and too much to wait for its end. */
function complete(bytes: Buffer, how: { most: number; whole: boolean }): Buffer {
  let end = 0;
  for (let line = 0; line < how.most; line += 1) {
    const next = bytes.indexOf(10, end);
    if (next < 0) return how.whole || (end === 0 && bytes.length === CHUNK_BYTES) ? bytes : bytes.subarray(0, end);
    end = next + 1;
  }
  return bytes.subarray(0, end);
}

async function tailOf(folder: string, stream: "out" | "err"): Promise<string> {
  return (await readAt(join(folder, `${stream}.log`), -TAIL_BYTES, TAIL_BYTES)).toString("utf8");
}

/** Bytes from `from` on (from the end when negative), at most so many; none when the file is not there. */
async function readAt(path: string, from: number, most: number): Promise<Buffer> {
  const file = await open(path, "r").catch(() => null);
  if (file === null) return Buffer.alloc(0);
  try {
    const { size } = await file.stat();
    const start = from < 0 ? Math.max(0, size + from) : from;
    const buffer = Buffer.alloc(Math.max(0, Math.min(most, size - start)));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
