import { UserError } from "../base/errors.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Asking, RunView, Services } from "../services/contract.ts";
import type { Place } from "./command.ts";
import { incidentNumber, jobAndEnvironment, runNumber, usage } from "./names.ts";

/** What a command is about: named on the line, else implied by the thread it was asked in. */

/** A run by its number, or the newest one of a job in an environment. */
export type RunReference = { readonly run: number } | { readonly job: string; readonly environment: string };

/** `run N`, `JOB ENV`, or nothing inside the thread of a run. `rest` is what was typed after it. */
export function runReference(
  words: readonly string[],
  place: Place,
  catalogue: Catalogue,
): { reference: RunReference; rest: readonly string[] } {
  const numbered = runNumber(words);
  if (numbered !== null) return { reference: { run: numbered.run }, rest: words.slice(numbered.took) };
  const implied = place.run;
  if (words.length === 0) {
    if (implied !== null) return { reference: { run: implied }, rest: [] };
    throw usage("Which run?", "Write `run 7`, or the job and the environment.");
  }
  return { reference: jobAndEnvironment(catalogue, words), rest: [] };
}

/** The run that is meant. Throws `UserError` when that job has no run there. */
export async function meantRun(services: Services, asking: Asking, reference: RunReference): Promise<number> {
  if ("run" in reference) return reference.run;
  const run: RunView | null = await services.runs.newest(asking, reference.job, reference.environment);
  if (run !== null) return run.number;
  throw new UserError("not_found", {
    code: "no_such_run",
    message: `${reference.job} has no run in ${reference.environment}.`,
    wayOut: `\`sync history ${reference.job} ${reference.environment}\` shows what there was.`,
  });
}

/**
 * `INC-3`, or nothing inside the thread of an incident. With `bare`, a number alone will do (not where prose follows).
 * `from` is the index of the first word after it.
 */
export function incidentReference(
  words: readonly string[],
  place: Place,
  options: { bare: boolean },
): { incident: number; from: number } {
  const first = words[0] ?? "";
  const number = options.bare || !/^\d+$/.test(first) ? incidentNumber(first) : null;
  if (number !== null && (place.incident === null || !/^\d+$/.test(first) || options.bare)) {
    return { incident: number, from: 1 };
  }
  if (place.incident !== null) return { incident: place.incident, from: 0 };
  throw usage("Which incident?", "Write INC-3, or say it inside the incident's thread.");
}
