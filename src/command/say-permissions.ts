import type { Catalogue } from "../config/catalogue.ts";
import type { PermissionView } from "../services/contract.ts";
import { escaped, list } from "./format.ts";
import { environmentName } from "./say.ts";

/** Grants as few lines: what is equal for several jobs and environments is said once. */

const NAMED = 4;
const EVERY = "all jobs";

/** `:red_circle: *prod* and :large_green_circle: *preprod*: run, abort, settle for all jobs, by role operator` */
export function grantLines(catalogue: Catalogue, views: readonly PermissionView[]): string[] {
  const byPlace = Map.groupBy(views, ({ job, environment, because }) => JSON.stringify([job, environment, because]));
  const grants = [...byPlace.values()].flatMap((same): Said[] => {
    const [first] = same;
    if (first === undefined) return [];
    return [{ ...first, what: `${same.map(({ action }) => action).join(", ")}\n${reasonOf(first)}` }];
  });
  return together(catalogue, grants, ({ where, jobs, what }) => {
    const [actions = "", reason = ""] = what.split("\n");
    return `${where}: ${escaped(actions)} for ${jobs}${reason.startsWith("role ") ? ", by " : ". "}${escaped(reason)}`;
  });
}

/** The targets' own answers, where they were asked. */
export function targetLines(catalogue: Catalogue, name: string, views: readonly PermissionView[]): string[] {
  const said = (whom: string, of: (view: PermissionView) => string | null) =>
    together(
      catalogue,
      views.flatMap((view): Said[] => {
        const what = of(view);
        return what === null ? [] : [{ job: view.job, environment: view.environment, what }];
      }),
      ({ where, jobs, what }) => `${whom}, ${jobs} in ${where}: ${escaped(what)}`,
    );
  return [...said("Nightdesk", ({ own }) => own), ...said(escaped(name), ({ person }) => person)];
}

/** One gap and how it is closed. The service repeats the jobs in its reason; here they are said once. */
export function gapLine(
  catalogue: Catalogue,
  who: string,
  gap: { readonly job: string; readonly environment: string; readonly why: string; readonly wayOut: string },
): string {
  const jobs = jobsOf(catalogue, gap.job.split(", "), gap.environment);
  const where = environmentName(catalogue, gap.environment);
  const noGrant = gap.why === `${who} may not run ${gap.job} in ${gap.environment}`;
  const way = gap.wayOut === "" ? "" : ` ${escaped(gap.wayOut)}`;
  if (!noGrant) return `*${escaped(who)}* for ${jobs} in ${where}: ${sentence(escaped(gap.why))}${way}`;
  const which = jobs === EVERY ? "any job" : jobs;
  return `*${escaped(who)}* may not run ${which} in ${where}.${way} To close the gap, let a role of the catalogue grant it.`;
}

interface Said {
  readonly job: string;
  readonly environment: string;
  readonly what: string;
}

/** Joins jobs of which the same is said in one environment, then environments in which all is the same. */
function together(
  catalogue: Catalogue,
  said: readonly Said[],
  line: (of: { where: string; jobs: string; what: string }) => string,
): string[] {
  const inOne = [...Map.groupBy(said, ({ environment, what }) => JSON.stringify([environment, what])).values()];
  const joined = inOne.flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const jobs = jobsOf(catalogue, [...new Set(same.map(({ job }) => job))], first.environment);
    return [{ ...first, jobs }];
  });
  const alike = Map.groupBy(joined, ({ jobs, what }) => JSON.stringify([jobs, what]));
  return [...alike.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    return [line({ ...first, where: list(same.map(({ environment }) => environmentName(catalogue, environment))) })];
  });
}

/** `all jobs`, or their names while they are few. */
function jobsOf(catalogue: Catalogue, jobs: readonly string[], environment: string): string {
  const there = Object.values(catalogue.jobs).filter((job) => Object.hasOwn(job.environments, environment)).length;
  if (jobs.length > 1 && jobs.length === there) return EVERY;
  if (jobs.length <= NAMED) return list(jobs.map(escaped));
  return `${jobs.slice(0, NAMED).map(escaped).join(", ")} and ${jobs.length - NAMED} more`;
}

/** A grant by its role; what it covers is said by the line. Who may instead, as it is. */
const reasonOf = ({ allowed, because }: PermissionView): string =>
  allowed ? (because.split(": ", 1)[0] ?? because) : because;

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
