const BARS = "▁▂▃▄▅▆▇█";
const COLUMNS = 24;

/**
 * How often something was heard, from its first minute to its last, in at most 24 columns. `rate` maps epoch minutes to
 * counts. Empty when all fell into one minute: one bar tells nothing.
 */
export function sparkline(rate: Readonly<Record<string, number>>): string {
  const minutes = Object.entries(rate)
    .map(([minute, count]) => ({ minute: Number(minute), count }))
    .filter((entry) => Number.isFinite(entry.minute) && entry.count > 0);
  if (minutes.length < 2) return "";
  const first = minutes.reduce((least, entry) => Math.min(least, entry.minute), Number.POSITIVE_INFINITY);
  const last = minutes.reduce((most, entry) => Math.max(most, entry.minute), Number.NEGATIVE_INFINITY);
  const width = Math.max(1, Math.ceil((last - first + 1) / COLUMNS));
  const columns = new Array<number>(Math.ceil((last - first + 1) / width)).fill(0);
  for (const { minute, count } of minutes) {
    const column = Math.floor((minute - first) / width);
    columns[column] = (columns[column] ?? 0) + count;
  }
  const highest = Math.max(...columns);
  // A column with anything in it is never drawn as an empty one.
  return columns
    .map((count) => (count === 0 ? " " : BARS[Math.max(0, Math.ceil((count / highest) * BARS.length) - 1)]))
    .join("");
}
