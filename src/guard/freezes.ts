import type { Instant } from "../base/clock.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { matchesAny } from "./globs.ts";
import { before, instantIn, isWithin, lookAt, type Window } from "./windows.ts";

/** When jobs must not be started: the catalogue's own, or one that a person made. */
export interface Freeze {
  readonly name: string;
  /** `deny`: nothing starts inside of the window. `allow`: nothing starts outside of it. */
  readonly mode: "deny" | "allow";
  readonly jobs: readonly string[];
  readonly environments: readonly string[];
  /** What is left free although the globs above match it. */
  readonly except: { readonly jobs: readonly string[]; readonly environments: readonly string[] } | null;
  readonly window: Window;
  /** What becomes of a start meanwhile. */
  readonly held: "refuse" | "defer";
  readonly because: string;
  /** Null: it stands in the catalogue. */
  readonly byName: string | null;
}

/** What holds a start back. */
export interface Frozen {
  /** The one to name: the first that refuses, else the first. */
  readonly freeze: Freeze;
  /** The first instant at which no freeze holds it any more; null: none within reach. */
  readonly until: Instant | null;
}

/** A word that lifts a freeze holds for this long (domain time); a run that starts later is held again. */
export const OVERRIDE_MS = 30 * 60_000;

/** How far, and over how many windows in a row, the end of what holds is looked for. */
const HORIZON_MS = 100 * 86_400_000;
const MOST_WINDOWS = 200;

/** The freezes of the catalogue. A window that cannot be read holds: a freeze errs on the side of holding. */
export function freezesOf(catalogue: Catalogue): Freeze[] {
  return catalogue.freezes.map((freeze) => {
    const allow = freeze.deny === undefined && freeze.allow !== undefined;
    const scope = (allow ? freeze.allow : freeze.deny) ?? { jobs: ["*"], environments: ["*"] };
    return {
      name: freeze.name,
      mode: allow ? "allow" : "deny",
      jobs: scope.jobs,
      environments: scope.environments,
      except: allow ? null : (freeze.allow ?? null),
      window: windowOf(freeze, { zone: freeze.zone ?? catalogue.zone, allow }),
      held: freeze.then,
      because: freeze.because,
      byName: null,
    };
  });
}

function windowOf(written: Catalogue["freezes"][number], how: { zone: string; allow: boolean }): Window {
  const { zone, allow } = how;
  try {
    // Where the clock shows a moment twice, a freeze begins at the first and ends at the second.
    const from = written.from === undefined ? null : instantIn(zone, written.from, allow ? "later" : "earlier");
    const to = written.to === undefined ? null : instantIn(zone, written.to, allow ? "earlier" : "later");
    if (written.cron !== undefined) {
      return { kind: "recurring", cron: written.cron, forMs: written.for ?? 0, zone, from, to };
    }
    const lasting = written.for !== undefined && from !== null && to === null;
    return { kind: "between", from, to: lasting ? from.add({ milliseconds: written.for }) : to };
  } catch {
    return { kind: "unreadable" };
  }
}

/** What holds this job here at `now`, and until when, all windows in a row together; null when nothing does. */
export function frozenBy(
  freezes: readonly Freeze[],
  what: { readonly job: string; readonly environment: string; readonly now: Instant },
): Frozen | null {
  const meant = freezes.filter((freeze) => covers(freeze, what));
  const holding = meant.filter((freeze) => holdsUntil(freeze, what.now) !== null);
  const freeze = holding.find((one) => one.held === "refuse") ?? holding[0];
  return freeze === undefined ? null : { freeze, until: endOfAll(meant, what.now) };
}

export function covers(freeze: Freeze, what: { readonly job: string; readonly environment: string }): boolean {
  const within = (scope: { jobs: readonly string[]; environments: readonly string[] }) =>
    matchesAny(scope.jobs, what.job) && matchesAny(scope.environments, what.environment);
  return within(freeze) && !(freeze.except !== null && within(freeze.except));
}

/** Until when this freeze holds, if it does at `at`; null when it does not. */
export function holdsUntil(freeze: Freeze, at: Instant): { readonly until: Instant | null } | null {
  const { window } = freeze;
  if (window.kind === "unreadable") return { until: null };
  const deny = freeze.mode === "deny";
  try {
    if (window.kind === "recurring" && !isWithin(window, at)) return null;
    const { open, until } = lookAt(window, at, deny ? "later" : "earlier");
    if (open !== deny) return null;
    return { until: window.kind === "recurring" ? earlierOf(until, window.to) : until };
  } catch {
    return { until: null };
  }
}

/** From window to window until none holds. Each holds without a gap up to its own end, so its end may be jumped to. */
function endOfAll(freezes: readonly Freeze[], now: Instant): Instant | null {
  let at = now;
  for (let windows = 0; windows < MOST_WINDOWS; windows += 1) {
    const holding = freezes.map((freeze) => holdsUntil(freeze, at)).filter((one) => one !== null);
    if (holding.length === 0) return at;
    let furthest = at;
    for (const { until } of holding) {
      if (until === null) return null;
      if (before(furthest, until)) furthest = until;
    }
    if (furthest.epochMilliseconds - now.epochMilliseconds > HORIZON_MS) return null;
    at = furthest;
  }
  return null;
}

/** `night holds it back until 2021-03-17 05:00 (Europe/London): a start before 05:00 runs every job` */
export function freezeWords(
  { name, until, because }: { name: string; until: Instant | null; because: string },
  zone: string,
): string {
  return `${name} holds it back ${untilWords(until, zone)}: ${because}`;
}

/** In words that need no drawing: they stand in the record. */
export function untilWords(until: Instant | null, zone: string): string {
  if (until === null) return "until somebody ends it";
  const local = until.toZonedDateTimeISO(zone).toPlainDateTime().toString({ smallestUnit: "minute" });
  return `until ${local.replace("T", " ")} (${zone})`;
}

const earlierOf = (one: Instant | null, other: Instant | null): Instant | null => {
  if (one === null || other === null) return one ?? other;
  return before(one, other) ? one : other;
};
