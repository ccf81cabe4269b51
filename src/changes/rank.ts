import type { Instant } from "../base/clock.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { type Deploy, placesOf } from "./deploy.ts";
import { type Reach, upstreamOf } from "./upstream.ts";

/** What of an incident decides which deploys are suspects. */
export interface Troubled {
  readonly services: readonly string[];
  /** Where it is, or may be; none: nobody knows. */
  readonly environments: readonly string[];
  /** Of its first alert. */
  readonly firstSeenAt: Instant;
  /** The number of the incident that this was before others and it became one. */
  readonly of?: number;
}

/** A deploy that may be why an incident began. */
export interface Suspicion {
  readonly deploy: Deploy;
  /** 0: on a service of the incident; 1: on what one of these depends on; and so on. */
  readonly depth: number;
  /** Services of the incident that it can have reached, and the way of the nearest. */
  readonly reached: readonly string[];
  readonly path: readonly string[];
  /** From the deploy to the first alert; negative: it was told for after it. */
  readonly beforeMs: number;
  /** Whose first alert that is, where it is not that of the whole incident. */
  readonly of?: number;
}

/** More than that is a list of everything. */
const MOST = 5;

/**
 * Deploys where the incident is, on its services and on what these depend on, within the catalogue's window. Those on its
 * own services come first, then those on what they depend on, nearer first; within each the nearest in time first. What
 * was told for a moment after the first alert can be a slow telling or the remedy: it comes last.
 */
export function rankSuspects(catalogue: Catalogue, troubled: Troubled, deploys: readonly Deploy[]): Suspicion[] {
  const upstream = troubled.services.map((service) => [service, upstreamOf(catalogue, service)] as const);
  return deploys
    .flatMap((deploy) => suspicion(deploy, { troubled, upstream, catalogue }) ?? [])
    .sort(likelierFirst)
    .slice(0, MOST);
}

/**
 * Suspects of an incident and of all that was merged into it, each deploy once: where it is the nearest. What was a suspect of
 * one is never pushed out by those of another.
 */
export function rankAll(
  catalogue: Catalogue,
  troubles: readonly Troubled[],
  deploys: readonly Deploy[],
): readonly Suspicion[] {
  const best = new Map<number, Suspicion>();
  for (const one of troubles.flatMap((troubled) => rankSuspects(catalogue, troubled, deploys))) {
    const known = best.get(one.deploy.id);
    if (known === undefined || likelierFirst(one, known) < 0) best.set(one.deploy.id, one);
  }
  return [...best.values()].sort(likelierFirst);
}

function suspicion(
  deploy: Deploy,
  about: {
    readonly troubled: Troubled;
    readonly upstream: readonly (readonly [string, ReadonlyMap<string, Reach>])[];
    readonly catalogue: Catalogue;
  },
): Suspicion | null {
  const { environments, firstSeenAt, of } = about.troubled;
  const { windowMs, afterMs } = about.catalogue.suspects;
  const beforeMs = firstSeenAt.epochMilliseconds - deploy.at.epochMilliseconds;
  if (beforeMs > windowMs || beforeMs < -afterMs || !isThere(deploy, environments)) return null;
  const reaches = about.upstream.flatMap(([service, map]) => {
    const reach = deploy.service === null ? undefined : map.get(deploy.service);
    return reach === undefined ? [] : [{ service, ...reach }];
  });
  const [nearest] = [...reaches].sort((a, b) => a.depth - b.depth);
  if (nearest === undefined) return null;
  const { depth, path } = nearest;
  // A deploy on a service of the incident explains that one; what else it reaches from there goes without saying.
  const reached = reaches.filter((reach) => depth > 0 || reach.depth === 0).map(({ service }) => service);
  return { deploy, depth, path, reached, beforeMs, ...(of === undefined ? {} : { of }) };
}

/** A deploy that says nothing of its place is nobody's suspect; an incident of which nobody knows the place takes any. */
function isThere(deploy: Deploy, environments: readonly string[]): boolean {
  const own = placesOf(deploy);
  return own.length > 0 && (environments.length === 0 || own.some((one) => environments.includes(one)));
}

function likelierFirst(a: Suspicion, b: Suspicion): number {
  return (
    Number(a.beforeMs < 0) - Number(b.beforeMs < 0) ||
    a.depth - b.depth ||
    Math.abs(a.beforeMs) - Math.abs(b.beforeMs) ||
    b.deploy.id - a.deploy.id
  );
}
