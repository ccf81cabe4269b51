import type { Mended, RunView } from "../services/contract.ts";
import { list } from "./format.ts";

/** Which runs set right what a run left or found, a line each. */
export function mendedLines({ restored, deleted, resynced, failed, skipped }: Mended): string[] {
  return [
    ...(restored === null ? [] : [`What was there before was brought back by run ${restored}.`]),
    ...(deleted === null ? [] : [`What only the target had was deleted by run ${deleted}.`]),
    ...(resynced === null ? [] : [`What only the source had was resynced by run ${resynced}.`]),
    ...(failed.length === 0 ? [] : [`What failed was done by ${runs(failed)}.`]),
    ...(skipped.length === 0 ? [] : [`What was skipped was done by ${runs(skipped)}.`]),
  ];
}

const runs = (numbers: readonly number[]): string =>
  `${numbers.length === 1 ? "run" : "runs"} ${list(numbers.map(String))}`;

/** What was mended is not asked for again. */
export function withoutMended(because: string, { mended }: Pick<RunView, "mended">): string {
  const { deleted, resynced, failed, skipped } = mended;
  const found = deleted === null && resynced === null ? because : because.replace(MEND, "");
  return found.replace(AGAIN, (_, ways: string) => {
    const open = ways.split(" and ").filter((way) => (way.includes("=failed`") ? failed : skipped).length === 0);
    return open.length === 0 ? "" : `: again with ${open.join(" and ")}`;
  });
}

const MEND = /\. Mend it with `[^`]*`(?: and `[^`]*`)?/;
const AGAIN = /: again with (`[^`]*`(?: and `[^`]*`)?)/;
