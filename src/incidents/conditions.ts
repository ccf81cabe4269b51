/**
 * What of an incident fires and what is cleared: hash of the condition -> epoch milliseconds of its last firing, of its
 * last clearing, and of when its failure was last shown in the thread.
 */
export type Conditions = Readonly<Record<string, Condition>>;

export interface Condition {
  readonly fired?: number;
  readonly cleared?: number;
  readonly shown?: number;
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
  };
  return { ...conditions, [key]: next };
}

/** Whether it fired and was not cleared since. Fired and cleared at the same instant is cleared. */
export function isFiring(condition: Condition | undefined): boolean {
  return condition?.fired !== undefined && (condition.cleared === undefined || condition.cleared < condition.fired);
}

/** Everything is over by a person's word: what fires again after `ms` (epoch) fires anew. */
export function clearAll(conditions: Conditions, ms: number): Conditions {
  const told = Object.entries(conditions).filter(([key]) => key !== OVERFLOW);
  return Object.fromEntries(
    told.map(([key, condition]) => [key, { ...condition, cleared: Math.max(ms, condition.cleared ?? ms) }]),
  );
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

function newest(key: keyof Condition, a: Condition | undefined, b: Condition): Condition {
  const values = [a?.[key], b[key]].filter((value) => value !== undefined);
  return values.length === 0 ? {} : { [key]: Math.max(...values) };
}
