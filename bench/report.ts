/** One line of a bench: what was measured, and a rate or a time measured in the same run that bounds it. */
export interface Metric {
  readonly bench: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: "1/s" | "ms" | "MB" | "count" | "share";
  readonly limit?: { readonly name: string; readonly value: number };
}

/** JSON lines are all that stdout gets; everything a person reads on the way goes to stderr. */
export function report(metric: Metric): void {
  process.stdout.write(`${JSON.stringify({ ...metric, value: round(metric, metric.value), ...limitOf(metric) })}\n`);
}

/** A metric that could not be taken: an error line, and the run ends with 1. */
export function reportFailure(bench: string, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  process.stdout.write(`${JSON.stringify({ bench, error: message })}\n`);
  process.exitCode = 1;
}

export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  const lower = sorted.length % 2 === 0 ? sorted[middle - 1] : upper;
  if (upper === undefined || lower === undefined) throw new Error("no values to take a median of");
  return (upper + lower) / 2;
}

/** The smallest value that at least `share` (0 to 1) of the values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new Error("no values to take a percentile of");
  return value;
}

const limitOf = (metric: Metric) =>
  metric.limit === undefined ? {} : { limit: { name: metric.limit.name, value: round(metric, metric.limit.value) } };

/** A share is close to 1 where it matters: it keeps four digits. */
function round({ unit }: Metric, value: number): number {
  const digits = unit === "share" ? 10_000 : 10;
  return Math.round(value * digits) / digits;
}
