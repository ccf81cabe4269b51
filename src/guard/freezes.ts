import { Cron } from "croner";
import { Temporal } from "temporal-polyfill";
import type { Instant } from "../base/clock.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { matchesAny } from "./globs.ts";

type Freeze = Catalogue["freezes"][number];

/** The first freeze that holds this job here at `now`; null when none does. */
export function freezeOver(
  catalogue: Catalogue,
  what: { job: string; environment: string; now: Instant },
): Freeze | null {
  return catalogue.freezes.find((freeze) => covers(freeze, what) && isOn(freeze, what.now, catalogue.zone)) ?? null;
}

function covers(freeze: Freeze, what: { job: string; environment: string }): boolean {
  const within = (scope: Freeze["deny"]) =>
    scope !== undefined && matchesAny(scope.jobs, what.job) && matchesAny(scope.environments, what.environment);
  return (freeze.deny === undefined || within(freeze.deny)) && !within(freeze.allow);
}

/** A window that cannot be read counts as on: a freeze errs on the side of holding. */
function isOn(freeze: Freeze, now: Instant, catalogueZone: string): boolean {
  const zone = freeze.zone ?? catalogueZone;
  try {
    if (freeze.cron !== undefined) {
      const forMs = freeze.for ?? 0;
      const began = new Cron(freeze.cron, { timezone: zone, paused: true }).nextRun(
        new Date(now.epochMilliseconds - forMs),
      );
      return began !== null && began.getTime() <= now.epochMilliseconds;
    }
    const from = freeze.from === undefined ? null : instantOf(freeze.from, zone);
    const to = freeze.to === undefined ? null : instantOf(freeze.to, zone);
    return (
      (from === null || Temporal.Instant.compare(from, now) <= 0) &&
      (to === null || Temporal.Instant.compare(now, to) < 0)
    );
  } catch {
    return true;
  }
}

function instantOf(text: string, zone: string): Instant {
  if (/(Z|[+-]\d\d:?\d\d)$/i.test(text)) return Temporal.Instant.from(text);
  return Temporal.PlainDateTime.from(text).toZonedDateTime(zone).toInstant();
}
