/**
 * What of an incident fires and what is cleared: hash of the condition -> epoch milliseconds of its last firing, of its
 * last clearing, and of when its failure was last shown in the thread.
 */
export type Conditions = Readonly<Record<string, Condition>>;

export interface Condition {
  readonly fired?: number;
  readonly cleared?: number;
  readonly shown?: number;
  /** When it lately changed from firing to cleared or back, oldest first. */
  readonly turns?: readonly number[];
}

/** More than this many are not told apart: such an incident is resolved by a person. */
const MOST_CONDITIONS = 500;
const OVERFLOW = "overflow";

/** Notes a firing, a clearing or a showing; the newest of each counts, whatever the order they come in. */
export function note(conditions: Conditions, key: string, what: Condition): Conditions {
  const known = conditions[key];
  if (known === undefined && Object.keys(conditions).length >= MOST_CONDITIONS) {
    return { ...conditions, [OVERFLOW]: { fired: Number.MAX_SAFE_INTEGER } };
  }
  const next: Condition = {
    ...newest("fired", known, what),
    ...newest("cleared", known, what),
    ...newest("shown", known, what),
    ...(known?.turns === undefined ? {} : { turns: known.turns }),
  };
  return { ...conditions, [key]: next };
}

/** The same, with the instants at which `key` lately changed. */
export function withTurn(conditions: Conditions, key: string, turns: readonly number[]): Conditions {
  const known = conditions[key];
  return known === undefined ? conditions : { ...conditions, [key]: { ...known, turns } };
}

/** Whether it fired and was not cleared since. Fired and cleared at the same instant is cleared. */
export function isFiring(condition: Condition | undefined): boolean {
  return condition?.fired !== undefined && (condition.cleared === undefined || condition.cleared < condition.fired);
}

/** Everything is over by a person's word: what fires again after `ms` (epoch) fires anew. */
export function clearAll(conditions: Conditions, ms: number): Conditions {
  const told = Object.entries(conditions).filter(([key]) => key !== OVERFLOW);
  return Object.fromEntries(
    told.map(([key, { turns: _, ...condition }]) => [
      key,
      { ...condition, cleared: Math.max(ms, condition.cleared ?? ms) },
    ]),
  );
}

/** What fires or fired in either: the newest word on each counts. */
export function together(a: Conditions, b: Conditions): Conditions {
  return Object.entries(b).reduce<Conditions>((all, [key, { turns, ...condition }]) => {
    const merged = note(all, key, condition);
    return turns === undefined
      ? merged
      : withTurn(
          merged,
          key,
          [...(all[key]?.turns ?? []), ...turns].sort((x, y) => x - y),
        );
  }, a);
}

/** How many fire still. */
export function firingCount(conditions: Conditions): number {
  return Object.values(conditions).filter(isFiring).length;
}

/** Something fired, and nothing fires any more. */
export function allCleared(conditions: Conditions): boolean {
  const all = Object.values(conditions);
  return all.some((condition) => condition.fired !== undefined) && !all.some(isFiring);
}

function newest(key: "fired" | "cleared" | "shown", a: Condition | undefined, b: Condition): Condition {
  const values = [a?.[key], b[key]].filter((value) => value !== undefined);
  return values.length === 0 ? {} : { [key]: Math.max(...values) };
}
