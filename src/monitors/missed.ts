import type { Instant } from "../base/clock.ts";
import type { Problem } from "./judge.ts";

/**
 * Slots of which the same is missing: they are told in one line, and are over with one start or one success. Null: of its own,
 * because something of that slot began in time and goes on.
 */
export type Together = "start" | "finish" | null;

export function togetherOf({ what, slot, execution }: Pick<Problem, "what" | "slot" | "execution">): Together {
  if (what === "not_started") return "start";
  if (what !== "not_finished") return null;
  const due = slot?.finishByAt ?? null;
  const begun = execution?.outcome === "running" ? execution.startedAt : null;
  const inTime = begun !== null && due !== null && begun.epochMilliseconds < due.epochMilliseconds;
  return inTime ? null : "finish";
}

/** How many slots are missing since the first of them. */
export interface Missed {
  readonly times: number;
  readonly since: Instant;
}

/** One problem of those that are wrong, with what is told of it: of several slots that are missing the newest speaks for all. */
export interface Told {
  readonly problem: Problem;
  readonly together: Together;
  readonly speaks: Problem;
  readonly missed: Missed | null;
  /** That it has not run says that it has not started. */
  readonly covered: boolean;
}

export function tellTogether(problems: readonly Problem[]): Told[] {
  const grouped = problems.map((problem) => ({ problem, together: togetherOf(problem) }));
  const of = (which: Together) => grouped.flatMap((one) => (one.together === which ? [one.problem] : []));
  const [starts, finishes] = [of("start"), of("finish")];
  const neverRan = finishes.filter(({ execution }) => execution === null);
  return grouped.map(({ problem, together }) => {
    if (together === null) return { problem, together, speaks: problem, missed: null, covered: false };
    const group = together === "start" ? starts : finishes;
    // Whose start is missing, too, is missed, even though its end is not due yet.
    const missing = together === "start" || neverRan.length < group.length ? group : [...group, ...starts];
    return {
      ...{ problem, together, speaks: group.at(-1) ?? problem, missed: missedOf(missing) },
      covered: together === "start" && neverRan.some(({ slot }) => slot === starts[0]?.slot),
    };
  });
}

function missedOf(problems: readonly Problem[]): Missed | null {
  const instants = [...new Set(problems.flatMap(({ slot }) => (slot === null ? [] : [slot.at.epochMilliseconds])))];
  const first = Math.min(...instants);
  const since = problems.find(({ slot }) => slot?.at.epochMilliseconds === first)?.slot?.at;
  return since === undefined || instants.length < 2 ? null : { times: instants.length, since };
}
