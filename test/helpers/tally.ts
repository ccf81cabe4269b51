import { z } from "zod";

/** What one leg of the run came to. `skipped`: what did not run, and why. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
}

/** One thing that passed or failed as a whole. */
export function wholeLeg(ok: boolean): Tally {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: [] };
}

const vitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

/**
 * Counts of vitest's JSON report. A file that could not even be loaded is one failure, and so is a run that ended
 * badly (`exitCode`) without any failed test to show for it.
 */
export function tallyOfVitest(report: unknown, exitCode: number): Tally {
  const parsed = vitestReport.safeParse(report);
  if (!parsed.success) return { passed: 0, failed: 1, skipped: [] };
  const { numPassedTests, numFailedTests, testResults } = parsed.data;
  const broken = testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((one) => one.status === "failed"),
  ).length;
  const failed = numFailedTests + broken;
  const skipped = testResults.flatMap((file) =>
    file.assertionResults
      .filter((one) => one.status !== "passed" && one.status !== "failed")
      .map((one) => `${file.name.replace(/^.*\/test\//, "test/")}: ${one.fullName}`),
  );
  const ranNothing = numPassedTests === 0 && failed === 0 && skipped.length === 0;
  return { passed: numPassedTests, failed: failed === 0 && (exitCode !== 0 || ranNothing) ? 1 : failed, skipped };
}

const drillEnd = z.object({ drill: z.string(), ok: z.boolean(), steps: z.number() });

/** Counts of `drill --json`: one a drill. A drill that was asked for and never ended is a failure. */
export function tallyOfDrills(output: string, wanted: number): Tally {
  const ends = output.split("\n").flatMap((line) => {
    const end = drillEnd.safeParse(jsonOf(line));
    return end.success ? [end.data] : [];
  });
  const passed = ends.filter((end) => end.ok).length;
  return { passed, failed: Math.max(wanted, ends.length) - passed, skipped: [] };
}

const drillStep = z.object({
  drill: z.string(),
  step: z.number(),
  kind: z.string(),
  ok: z.boolean(),
  message: z.string(),
});

/** What a person should see of `drill --json`: a drill's end, and a step that failed; null for the rest. */
export function sayDrillLine(line: string): string | null {
  const json = jsonOf(line);
  const end = drillEnd.safeParse(json);
  if (end.success) return `${end.data.ok ? "ok  " : "FAIL"} ${end.data.drill} (${end.data.steps} steps)`;
  const step = drillStep.safeParse(json);
  if (!step.success || step.data.ok) return step.success ? null : line;
  return `FAIL ${step.data.drill}, step ${step.data.step} (${step.data.kind}): ${step.data.message}`;
}

/** All legs together. Under CI nothing may be skipped: what a pipeline did not run, it did not prove. */
export function total(tallies: readonly Tally[], ci: boolean): { passed: number; failed: number } {
  const sum = (of: (tally: Tally) => number) => tallies.reduce((all, tally) => all + of(tally), 0);
  return {
    passed: sum((tally) => tally.passed),
    failed: sum((tally) => tally.failed + (ci ? tally.skipped.length : 0)),
  };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
