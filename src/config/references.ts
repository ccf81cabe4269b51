import type { Catalogue } from "./catalogue.ts";
import type { Path } from "./document.ts";
import type { Finding } from "./issues.ts";
import { checkJobs } from "./references/jobs.ts";
import { checkPeople, checkUniqueNames } from "./references/people.ts";
import { checkGates, checkMatches, checkRouting } from "./references/routing.ts";
import { checkCrons, checkMessages, checkSources } from "./references/sources.ts";
import { checkWatched } from "./references/watched.ts";

/**
 * What no schema can see: that every name that is used is defined, that no two things share a name, that every
 * declaration can have an effect. `errors` keep Nightdesk from starting, `warnings` are said at start.
 */
export function checkReferences(catalogue: Catalogue): { errors: Finding[]; warnings: Finding[] } {
  const errors: Finding[] = [];
  const warnings: Finding[] = [];
  const say = (into: Finding[]) => (path: Path, message: string, hint: string) =>
    void into.push({ path, message, hint });
  const checks = { catalogue, error: say(errors), warn: say(warnings) };
  checkPeople(checks);
  checkUniqueNames(checks);
  checkJobs(checks);
  checkMessages(checks);
  checkWatched(checks);
  checkCrons(checks);
  checkSources(checks);
  checkRouting(checks);
  checkMatches(checks);
  checkGates(checks);
  return { errors, warnings };
}
