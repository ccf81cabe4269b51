import { type Difference, differences, satisfiedByEmptiness } from "./match.ts";

/** One line of an `expect`: what it is about, in words, and what is expected of it. */
export interface Line<Subject> {
  readonly name: string;
  readonly subject: Subject;
  readonly expected: unknown;
}

export interface Settled {
  readonly settled: boolean;
  /** What is still to be done, in words. */
  readonly waiting: readonly string[];
}

export interface Judging<Subject> {
  readonly lines: readonly Line<Subject>[];
  /** Machine time. */
  readonly withinMs: number;
  readonly holdsMs: number;
  /** Reads all subjects as they are now, one value a line. */
  readonly read: (lines: readonly Line<Subject>[]) => Promise<readonly unknown[]>;
  readonly settled: () => Promise<Settled>;
  readonly machineNow: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

export type Verdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly differences: readonly Difference[]; readonly waiting: readonly string[] };

const EVERY_MS = 100;

/**
 * Reads again and again until all lines hold in one reading, for `withinMs` at most, and then for `holdsMs` more.
 * Lines that early emptiness would satisfy count only in a reading that was taken after all was settled.
 */
export async function judge<Subject>(judging: Judging<Subject>): Promise<Verdict> {
  const deadline = judging.machineNow() + judging.withinMs;
  for (;;) {
    const verdict = await once(judging);
    if (verdict.ok) return stays(judging);
    if (judging.machineNow() >= deadline) return verdict;
    await judging.sleep(EVERY_MS);
  }
}

async function stays<Subject>(judging: Judging<Subject>): Promise<Verdict> {
  const until = judging.machineNow() + judging.holdsMs;
  while (judging.machineNow() < until) {
    await judging.sleep(EVERY_MS);
    const found = await compare(judging);
    if (found.length > 0)
      return { ok: false, differences: found, waiting: [`it held, but not for ${judging.holdsMs} ms`] };
  }
  return { ok: true };
}

async function once<Subject>(judging: Judging<Subject>): Promise<Verdict> {
  const needed = judging.lines.some((line) => satisfiedByEmptiness(line.expected));
  // Asked before the reading: what is settled can only become unsettled by something new, never the other way round.
  const { settled, waiting } = needed ? await judging.settled() : { settled: true, waiting: [] };
  const found = await compare(judging);
  return settled && found.length === 0
    ? { ok: true }
    : { ok: false, differences: found, waiting: settled ? [] : waiting };
}

/** What cannot be read now (a process is down, say) does not hold; it may the next time. */
async function compare<Subject>({ lines, read }: Judging<Subject>): Promise<Difference[]> {
  let found: readonly unknown[];
  try {
    found = await read(lines);
  } catch (error) {
    const actual = `not readable: ${error instanceof Error ? error.message : String(error)}`;
    return lines.map(({ name, expected }) => ({ path: name, expected, actual }));
  }
  return lines.flatMap((line, index) => differences(line.expected, found[index], line.name));
}
