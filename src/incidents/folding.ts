import type { Instant } from "../base/clock.ts";
import { lasting } from "../base/duration.ts";
import type { Catalogue, FoldingRule } from "../config/catalogue.ts";
import { isFiring } from "./conditions.ts";
import type { Incident } from "./incident.ts";
import { matches } from "./match.ts";
import { factsOf, type NewSignal, opens } from "./signal.ts";

/** The rule and the key by which a signal looks for its incident. */
export interface Folding {
  readonly rule: FoldingRule;
  /** Exactly the signal's own key. */
  readonly key: string;
  /** Keys of incidents that it may join, its own first: see `environmentsToTry`. */
  readonly keys: readonly string[];
  /** The key without its environment: signals that differ here can never meet. */
  readonly rest: string;
}

/** A rule and a key by which an incident is found. */
export interface IncidentKey {
  readonly rule: string;
  readonly key: string;
}

/** An incident with the keys that it is found by; without them it is found by its first one. */
export type Candidate = Incident & { readonly keys?: readonly IncidentKey[] };

/** Where a signal goes, and why, in words that are kept and shown. */
export type FoldDecision =
  | { readonly kind: "append" | "reopen"; readonly incident: Incident; readonly why: string }
  | { readonly kind: "open"; readonly why: string }
  | { readonly kind: "leave"; readonly why: string };

/** Holds when no rule of the catalogue does. */
export const DEFAULT_RULE: FoldingRule = {
  name: "default",
  match: {},
  key: ["service", "environment", "cause"],
  windowMs: 4 * 3_600_000,
  reopenWithinMs: 30 * 60_000,
  relate: true,
  flapping: { changes: 4, withinMs: 30 * 60_000, quietMs: 15 * 60_000 },
};

/** A stated time counts for folding at most this much before the delivery: a wrong clock must not hide an alert. */
const MOST_LAG_MS = 3_600_000;
const UNKNOWN = "?";
const EITHER = "|";

/** The first rule that holds for the signal, and the keys that follow from it. */
export function foldingOf(signal: NewSignal, catalogue: Catalogue): Folding {
  const facts = factsOf(signal, catalogue);
  const rule = catalogue.folding.find((candidate) => matches(candidate.match, facts)) ?? DEFAULT_RULE;
  const keyWith = (environment: string) =>
    rule.key.map((part) => `${part}=${part === "environment" ? environment : quoted(partOf(signal, part))}`).join("; ");
  const own = keyWith(environmentPart(signal));
  const keys = rule.key.includes("environment") ? environmentsToTry(signal, catalogue).map(keyWith) : [];
  return { rule, key: own, keys: [...new Set([own, ...keys])], rest: `${rule.name}; ${keyWith("*")}` };
}

/** `prod`; `nimdta|prod` when it may be any of these; `?` when nothing is known. */
function environmentPart(signal: Pick<NewSignal, "environment" | "environments">): string {
  if (signal.environment !== null) return quoted(signal.environment);
  return signal.environments.length === 0 ? UNKNOWN : [...signal.environments].sort().map(quoted).join(EITHER);
}

/**
 * Environments of incidents that a signal may join besides its own. Whoever names one may join an incident that knows
 * none yet (and gives it its own), never one of another environment. Who knows none may join any. What opens nothing
 * (an end, a resolution) may also join where the candidates overlap.
 */
function environmentsToTry(signal: NewSignal, catalogue: Catalogue): string[] {
  const sets = catalogue.messages.map((message) => [...message.environments].sort());
  const asPart = (set: readonly string[]) => set.map(quoted).join(EITHER);
  if (signal.environment === null && signal.environments.length === 0) {
    return [...Object.keys(catalogue.environments).map(quoted), ...sets.map(asPart)];
  }
  if (opens(signal)) return [UNKNOWN];
  const own = signal.environment === null ? signal.environments : [signal.environment];
  const overlapping = sets.filter((set) => set.some((environment) => own.includes(environment)));
  return [UNKNOWN, ...own.map(quoted), ...overlapping.map(asPart)];
}

function partOf(signal: NewSignal, part: string): string {
  switch (part) {
    case "service":
      return signal.service ?? "";
    case "job":
      return signal.job ?? "";
    case "cause":
      return signal.cause ?? "";
    case "title":
      return signal.title;
    case "source":
      return signal.source;
    default:
      return signal.tags[part.replace(/^tags\./, "")] ?? "";
  }
}

// Values must not be able to imitate the key's own punctuation.
const quoted = (value: string): string =>
  value.replace(/[%;=|?*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);

/** The instant that counts for windows: what the sender states, but never after the delivery nor long before it. */
export function effectiveAt(signal: Pick<NewSignal, "at" | "receivedAt">): Instant {
  const latest = signal.receivedAt.epochMilliseconds;
  const at = signal.at.epochMilliseconds;
  if (at > latest) return signal.receivedAt;
  return latest - at > MOST_LAG_MS ? signal.receivedAt.subtract({ milliseconds: MOST_LAG_MS }) : signal.at;
}

/**
 * Where the signal goes among `candidates`: incidents with one of its keys, and open ones where its condition fires. An
 * open incident takes it while the last alert is not longer ago than the rule's window; a resolved one takes what
 * happened before it was resolved (late), and is reopened by what happens within `reopenWithin` after. What opens
 * nothing only joins an incident that is not resolved: the one where its condition fires, else one with its key.
 */
export function decide(folding: Folding, signal: NewSignal, candidates: readonly Candidate[]): FoldDecision {
  const at = effectiveAt(signal).epochMilliseconds;
  const { windowMs, reopenWithinMs } = folding.rule;
  const mine = candidates
    .filter((incident) => isKeyOf(incident, folding) && agrees(incident, signal, folding))
    .sort(bestFirst(folding));
  const live = mine.filter((incident) => incident.status !== "resolved");
  if (!opens(signal)) {
    const [fired] = whereItFires(signal, candidates);
    if (fired !== undefined) return { kind: "append", incident: fired, why: "what it speaks of was reported here" };
    const [incident] = live;
    return incident === undefined
      ? { kind: "leave", why: `no open incident for a signal that says "${signal.kind}"` }
      : { kind: "append", incident, why: "joined the open incident with the same key" };
  }

  const within = (incident: Incident) =>
    incident.firstSeenAt.epochMilliseconds - windowMs <= at && at <= incident.lastSeenAt.epochMilliseconds + windowMs;
  const late = mine.find((incident) => resolvedMs(incident) >= at && incident.firstSeenAt.epochMilliseconds <= at);
  const begun = live.find((incident) => within(incident) && incident.firstSeenAt.epochMilliseconds <= at);
  if (begun !== undefined)
    return { kind: "append", incident: begun, why: `within ${lasting(windowMs)} of the last alert` };
  if (late !== undefined)
    return { kind: "append", incident: late, why: "arrived late: it happened before the resolution" };
  const [fitting] = live.filter(within);
  if (fitting !== undefined)
    return { kind: "append", incident: fitting, why: `within ${lasting(windowMs)} of the first alert` };

  const resolved = mine
    .filter((incident) => incident.status === "resolved")
    .sort((a, b) => resolvedMs(b) - resolvedMs(a));
  const early = resolved.find(
    (incident) => resolvedMs(incident) >= at && at >= incident.firstSeenAt.epochMilliseconds - windowMs,
  );
  if (early !== undefined)
    return { kind: "append", incident: early, why: "arrived late: it happened before the resolution" };
  const recent = resolved.find((incident) => resolvedMs(incident) < at && at <= resolvedMs(incident) + reopenWithinMs);
  if (recent !== undefined)
    return { kind: "reopen", incident: recent, why: `within ${lasting(reopenWithinMs)} of its resolution` };
  return {
    kind: "open",
    why: mine.length === 0 ? "nothing with this key before" : "the last incident with this key is too long ago",
  };
}

/** All open incidents that a resolution without an environment ends: who resolves an issue resolves it everywhere. */
export function alsoResolved(signal: NewSignal, candidates: readonly Incident[]): Incident[] {
  const everywhere = signal.kind === "resolved" && signal.environment === null && signal.environments.length === 0;
  return everywhere ? whereItFires(signal, candidates) : [];
}

function whereItFires(signal: NewSignal, candidates: readonly Incident[]): Incident[] {
  const environments = signal.environment === null ? signal.environments : [signal.environment];
  return candidates
    .filter(
      (incident) =>
        incident.status !== "resolved" &&
        incident.conditions[signal.condition] !== undefined &&
        (environments.length === 0 || incident.environment === null || environments.includes(incident.environment)),
    )
    .sort(
      (a, b) =>
        Number(isFiring(b.conditions[signal.condition])) - Number(isFiring(a.conditions[signal.condition])) ||
        b.number - a.number,
    );
}

/** An incident that has learned its environment since its key was made takes no other. */
function agrees(incident: Incident, signal: NewSignal, { rule }: Folding): boolean {
  return (
    !rule.key.includes("environment") ||
    incident.environment === null ||
    signal.environment === null ||
    incident.environment === signal.environment
  );
}

/** Whether a key names candidates instead of one environment. */
export function isOneOfSeveral(key: string | null): boolean {
  return key?.includes(EITHER) ?? false;
}

export function isKeyOf(incident: Candidate, { rule, keys }: Folding): boolean {
  return keysOf(incident).some((one) => one.rule === rule.name && keys.includes(one.key));
}

const keysOf = ({ keys, foldingRule: rule, foldingKey: key }: Candidate): readonly IncidentKey[] =>
  keys ?? (rule === null || key === null ? [] : [{ rule, key }]);

const resolvedMs = (incident: Incident): number => incident.resolvedAt?.epochMilliseconds ?? Number.NEGATIVE_INFINITY;

function bestFirst(folding: Folding): (a: Candidate, b: Candidate) => number {
  const own = (incident: Candidate) => Number(isKeyOf(incident, { ...folding, keys: [folding.key] }));
  return (a, b) =>
    own(b) - own(a) || b.lastSeenAt.epochMilliseconds - a.lastSeenAt.epochMilliseconds || b.number - a.number;
}
