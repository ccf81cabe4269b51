import { UserError } from "../base/errors.ts";
import type { Catalogue, CatalogueJob, Environment, JobEnvironment } from "../config/catalogue.ts";
import { namesOf } from "../config/names.ts";
import { hintFor } from "../config/nearest.ts";

/** What `typed` is called in the catalogue, by name or alias; throws `not_found` with the nearest name. */
export function needEnvironment(catalogue: Catalogue, typed: string): { name: string; environment: Environment } {
  const name = namesOf(catalogue).keyOf("environment", typed);
  const environment = name === null ? undefined : catalogue.environments[name];
  if (name === null || environment === undefined) {
    throw notFound("environment", typed, Object.keys(catalogue.environments));
  }
  return { name, environment };
}

/** The same for a job; its title and its names in targets count too. */
export function needJob(catalogue: Catalogue, typed: string): { name: string; job: CatalogueJob } {
  const name = namesOf(catalogue).keyOf("job", typed);
  const job = name === null ? undefined : catalogue.jobs[name];
  if (name === null || job === undefined) throw notFound("job", typed, Object.keys(catalogue.jobs));
  return { name, job };
}

/** A job in one environment, everything resolved. */
export interface Placed {
  readonly job: string;
  readonly environment: string;
  readonly definition: CatalogueJob;
  readonly place: JobEnvironment;
  readonly setting: Environment;
  /** The job's own name in its target (`${target.name}`). */
  readonly name: string;
}

/** Resolves what a person typed. Throws `not_found` with the nearest name, or with the environments there are. */
export function needPlaced(catalogue: Catalogue, typed: { job: string; environment: string }): Placed {
  const { name: job, job: definition } = needJob(catalogue, typed.job);
  const { name: environment, environment: setting } = needEnvironment(catalogue, typed.environment);
  const place = definition.environments[environment];
  if (place === undefined) {
    throw new UserError("not_found", {
      code: "job_not_there",
      message: `${job} does not run in ${environment}.`,
      wayOut: `It runs in ${Object.keys(definition.environments).join(", ")}.`,
    });
  }
  return { job, environment, definition, place, setting, name: place.name ?? job };
}

/** Every job in every environment that it has. */
export function allPlaced(catalogue: Catalogue): Placed[] {
  return Object.entries(catalogue.jobs).flatMap(([job, definition]) =>
    Object.entries(definition.environments).flatMap(([environment, place]) => {
      const setting = catalogue.environments[environment];
      return setting === undefined ? [] : [{ job, environment, definition, place, setting, name: place.name ?? job }];
    }),
  );
}

function notFound(what: string, typed: string, known: string[]): UserError {
  const hint = hintFor(typed, known);
  return new UserError("not_found", {
    code: `${what}_not_found`,
    message: `There is no ${what} ${typed}.`,
    ...(hint === "" ? {} : { wayOut: hint.charAt(0).toUpperCase() + hint.slice(1) }),
  });
}
