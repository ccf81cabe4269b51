import { type Catalogue, SEVERITIES, type Severity } from "../config/catalogue.ts";
import { type Facts, matches } from "./match.ts";

/** Where an incident's thread goes and who is mentioned there (a group's name). */
export interface Routed {
  readonly channel: string;
  readonly mention: string | null;
}

/** The first route that holds; else the fallback, else the first route: an alert is never without a place. */
export function routeFor(catalogue: Catalogue, facts: Facts): Routed {
  const route = catalogue.routes.find((candidate) => matches(candidate.match, facts));
  if (route !== undefined) return { channel: route.channel, mention: route.mention ?? null };
  return { channel: catalogue.fallback ?? catalogue.routes[0]?.channel ?? "general", mention: null };
}

/** The first severity rule that holds; else the sender's own word, else sev3. */
export function severityFor(catalogue: Catalogue, facts: Facts): Severity {
  const rule = catalogue.severity.find((candidate) => matches(candidate.match, facts));
  return rule?.severity ?? SEVERITIES.find((severity) => severity === facts.severity) ?? "sev3";
}

/** sev1 is worse than sev2. */
export function isWorse(severity: Severity, than: Severity): boolean {
  return SEVERITIES.indexOf(severity) < SEVERITIES.indexOf(than);
}
