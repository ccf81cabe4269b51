import { Temporal } from "temporal-polyfill";
import type { Instant } from "../base/clock.ts";
import { lasting } from "../base/duration.ts";
import type { FoldingRule } from "../config/catalogue.ts";
import { allCleared, type Conditions, isFiring, withTurn } from "./conditions.ts";
import { type Changed, type Incident, moved } from "./incident.ts";
import type { EntryDraft } from "./timeline.ts";

/** Something changes to and fro. While it does its changes are counted and not told, and nothing is resolved by itself. */
export interface Flapping {
  /** Epoch milliseconds of the first change that counts, and of the newest. */
  readonly since: number;
  readonly last: number;
  readonly changes: number;
  /** So long without a change, and it is over. */
  readonly quietMs: number;
}

/**
 * What a change of one condition (firing to cleared, or back) makes of the incident. `before` is what was known; the first
 * firing of something is no change. Null where nothing changed to and fro.
 */
export function turnedBy(
  before: Pick<Incident, "conditions" | "flapping">,
  after: Conditions,
  change: { readonly condition: string; readonly ms: number; readonly rule: FoldingRule["flapping"] },
): { readonly conditions: Conditions; readonly flapping: Flapping | null; readonly began: boolean } | null {
  const { condition, ms, rule } = change;
  const known = before.conditions[condition];
  if (rule === false || known === undefined || isFiring(known) === isFiring(after[condition])) return null;
  const turns = [...(known.turns ?? []), ms].filter((turn) => turn > ms - rule.withinMs).sort((a, b) => a - b);
  const kept = turns.slice(-rule.changes * 2);
  const conditions = withTurn(after, condition, kept);
  if (before.flapping !== null) {
    const { changes, last } = before.flapping;
    return {
      conditions,
      flapping: { ...before.flapping, changes: changes + 1, last: Math.max(last, ms) },
      began: false,
    };
  }
  if (turns.length < rule.changes) return { conditions, flapping: null, began: false };
  const flapping = { since: turns[0] ?? ms, last: ms, changes: turns.length, quietMs: rule.quietMs };
  return { conditions, flapping, began: true };
}

/** `6 changes in 20 min` */
export function flappingWords({ since, last, changes }: Flapping): string {
  return `${changes} changes in ${lasting(Math.max(last - since, 60_000))}`;
}

export const flappingBegan = (flapping: Flapping): string =>
  `Flapping: ${flappingWords(flapping)}. Further changes are counted, not told, until it is quiet for ${lasting(flapping.quietMs)}.`;

export const quietAt = ({ last, quietMs }: Flapping): Instant => Temporal.Instant.fromEpochMilliseconds(last + quietMs);

/** After the quiet time: resolved when nothing fires any more, else an ordinary incident again. */
export function endFlapping(incident: Incident, flapping: Flapping, now: Instant): Changed {
  const over = allCleared(incident.conditions) && incident.status !== "resolved";
  const quiet = lasting(flapping.quietMs);
  const text = over
    ? `Resolved: quiet for ${quiet} after flapping, ${flappingWords(flapping)}`
    : `No longer flapping: ${flappingWords(flapping)}, then ${quiet} without a change. ${incident.status === "resolved" ? "It is resolved." : "It still fires."}`;
  const conditions = Object.fromEntries(
    Object.entries(incident.conditions).map(([key, { turns: _, ...condition }]) => [key, condition]),
  );
  const calm: Incident = { ...incident, conditions, flapping: null };
  const entry: EntryDraft = {
    kind: "status",
    at: now,
    actor: "nightdesk",
    actorKey: "nightdesk",
    actorName: "Nightdesk",
    text,
    data: { flapping: false, changes: flapping.changes, ...(over ? { to: "resolved" } : {}) },
    visible: true,
  };
  return { incident: over ? moved(calm, "resolved", now) : calm, entries: [entry] };
}
