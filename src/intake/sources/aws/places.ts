import type { Catalogue } from "../../../config/catalogue.ts";
import { namesOf } from "../../../config/names.ts";
import { globMatches } from "../../../incidents/match.ts";
import type { AwsSettings } from "./settings.ts";

/** What an event is read with. `topic`: the ARN that it came by, null where it came directly. */
export interface About {
  readonly settings: AwsSettings;
  readonly catalogue: Catalogue;
  readonly topic: string | null;
}

interface Place {
  readonly environment?: string;
  readonly environments?: readonly string[];
}

/**
 * The environment that these names speak of: by the source's `environments`, else its `environment`, else the one that a
 * cluster or an account is called like. Where nothing says it, the candidates of the job.
 */
export function placeOf(about: About, names: readonly (string | undefined)[], job: string | undefined): Place {
  const { settings, catalogue } = about;
  const said = [...names, about.topic ?? undefined, about.topic?.split(":").at(-1)].filter((one) => one !== undefined);
  const rule = Object.entries(settings.environments).find(([glob]) => said.some((name) => globMatches(glob, name)));
  const environment = rule?.[1] ?? settings.environment;
  if (environment !== undefined) return { environment };
  const known = said.find((name) => namesOf(catalogue).keyOf("environment", name) !== null);
  if (known !== undefined) return { environment: known };
  const placed = job !== undefined && Object.hasOwn(catalogue.jobs, job) ? catalogue.jobs[job] : undefined;
  return placed === undefined ? {} : { environments: Object.keys(placed.environments) };
}

/** Region and account of an ARN. */
export function partsOf(arn: string | undefined): { region: string | undefined; account: string | undefined } {
  const [, , , region, account] = arn?.split(":") ?? [];
  return { region: region === "" ? undefined : region, account: account === "" ? undefined : account };
}

/** A page of the console; undefined unless the region can be one. */
export function consoleUrl(region: string | undefined, path: string): string | undefined {
  if (region === undefined || !/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) return undefined;
  return `https://${region}.console.aws.amazon.com/${path}`;
}
