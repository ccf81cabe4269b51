import type { Instant } from "../base/clock.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { JobView, RunState } from "../services/contract.ts";
import type { Answer } from "./answer.ts";
import { capital, count, escaped, list, near } from "./format.ts";
import { pinWords } from "./pin-words.ts";
import { environmentName, isOver, runLine, shortened } from "./say.ts";

/** What runs now, as `/sync status` tells it. */

type Told = Pick<Answer, "text" | "sections">;

const FOR_A_PERSON: readonly RunState[] = ["unknown", "abort_unconfirmed", "restore_failed", "awaiting_approval"];
const MOST = 20;
/** A place that is named takes a line for its record and one for what its target can do. */
const MOST_NAMED = 40;

/** Only what runs, what needs a person and what could not be found out; the rest is one line. */
export function whatMatters(catalogue: Catalogue, jobs: readonly JobView[], now: Instant): Told {
  const active = jobs.filter(({ active: run }) => run !== null && !isOver(run));
  const needed = active.filter(({ active: run }) => run !== null && FOR_A_PERSON.includes(run.state));
  const running = active.filter((job) => !needed.includes(job));
  const others = jobs.filter((job) => !active.includes(job));
  const elsewhere = others.filter(({ targetSays }) => targetSays === "running" || targetSays === "elsewhere");
  const dark = jobs.filter(({ targetSays }) => targetSays === "not_known");
  const idle = others.filter((job) => !elsewhere.includes(job) && !dark.includes(job));
  const headline = [
    running.length === 0 ? "Nightdesk has nothing running." : `Nightdesk runs ${running.length} now.`,
    ...(needed.length === 0 ? [] : [`${needed.length} ${needed.length === 1 ? "needs" : "need"} a person.`]),
    ...(elsewhere.length === 0 ? [] : [`${elsewhere.length} by something else.`]),
  ];
  return {
    text: headline.join(" "),
    sections: [
      ...section("Needs a person", needed.flatMap(withRun(catalogue, now))),
      ...section("Running", running.flatMap(withRun(catalogue, now))),
      ...section(
        "Not started by Nightdesk",
        elsewhere.map((job) => `${placeOf(catalogue, job)}${sinceWords(job, now)}: ${escaped(job.target ?? "")}`),
      ),
      ...section("Could not be asked", unasked(catalogue, dark)),
      ...section(
        "Schedules held at a version",
        jobs.flatMap((job) => (job.pin === null ? [] : [`${placeOf(catalogue, job)}: ${pinWords(job.pin)}`])),
      ),
      ...(idle.length === 0 ? [] : [{ lines: [idleLine(idle)] }]),
    ],
  };
}

/** Each place of what was named: the record and the target's own word. */
export function everyPlace(catalogue: Catalogue, jobs: readonly JobView[], now: Instant): Told {
  const active = jobs.filter(({ active: run }) => run !== null && !isOver(run)).length;
  const lines = jobs.flatMap((job) => {
    const run = job.active ?? job.last;
    const record = run === null ? `${placeOf(catalogue, job)} has no run yet` : runLine(catalogue, run, now);
    const can = job.can.length === 0 ? [] : [`        _${escaped(job.at)}: ${job.can.map(escaped).join("; ")}_`];
    const pinned = job.pin === null ? "" : `. :pushpin: ${capital(pinWords(job.pin))}`;
    const whose = isForeign(job) ? ` (not started by Nightdesk${sinceWords(job, now)})` : "";
    return [`${record}.${job.target === undefined ? "" : ` Target: ${escaped(job.target)}${whose}`}${pinned}`, ...can];
  });
  const ours = active === 0 ? "Nightdesk has nothing running there." : `Nightdesk runs ${active} there now.`;
  return {
    text: [...foreignWords(jobs.filter(isForeign), now), ours].join(" "),
    sections: [{ lines: shortened(lines, MOST_NAMED, "Name an environment too.") }],
  };
}

/** The target runs it, or was heard to begin it, and no run of ours is there. */
const isForeign = ({ active, targetSays }: JobView): boolean =>
  (active === null || isOver(active)) && (targetSays === "running" || targetSays === "elsewhere");

/** What Nightdesk did not start comes first: whoever asks whether something runs must not read that nothing does. */
function foreignWords(foreign: readonly JobView[], now: Instant): string[] {
  const [only] = foreign;
  if (only === undefined) return [];
  if (foreign.length > 1) return [`${foreign.length} targets run something that Nightdesk did not start.`];
  const since = sinceWords(only, now);
  return only.targetSays === "running"
    ? [`${escaped(only.at)} runs something that Nightdesk did not start${since}.`]
    : [`Something that Nightdesk did not start was heard to begin${since}, and not to end.`];
}

const sinceWords = ({ heardSince }: JobView, now: Instant): string =>
  heardSince === undefined ? "" : `, since ${near(heardSince, now)}`;

function withRun(catalogue: Catalogue, now: Instant): (job: JobView) => string[] {
  return ({ active: run, targetSays, target }) => {
    if (run === null) return [];
    // Both agree as a rule; what is worth a word is when they don't.
    const differs = run.state === "running" && targetSays === "not_running";
    const doubt = differs || targetSays === "elsewhere" ? `. But ${escaped(target ?? "")}` : "";
    const way = FOR_A_PERSON.includes(run.state) ? wayOut(run.number, run.state) : "";
    return [`${runLine(catalogue, run, now)}${doubt}${way}`];
  };
}

function wayOut(number: number, state: RunState): string {
  if (state === "unknown" || state === "abort_unconfirmed") return `. Say how it ended: \`/sync settle run ${number}\``;
  return `. See \`/sync status run ${number}\``;
}

/** Targets that did not answer, each once, with how much of the list that leaves open. */
function unasked(catalogue: Catalogue, jobs: readonly JobView[]): string[] {
  const same = Map.groupBy(jobs, ({ environment, target = "" }) => `${environment}\n${target}`);
  return [...same.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const names = group.length <= 3 ? list(group.map(({ job }) => escaped(job))) : `${group.length} jobs`;
    return [`${names} in ${environmentName(catalogue, first.environment)}: ${escaped(first.target ?? "")}`];
  });
}

function idleLine(idle: readonly JobView[]): string {
  const environments = [...new Set(idle.map(({ environment }) => environment))];
  const jobs = new Set(idle.map(({ job }) => job)).size;
  const asked = idle.every(({ target }) => target !== undefined) ? ", by their targets' word too" : "";
  const what = `${count(jobs, "job")} in ${list(environments.map(escaped))}`;
  return `_Everything else is idle${asked} (${what}). \`/sync status JOB\` shows one._`;
}

const placeOf = (catalogue: Catalogue, { job, environment }: JobView): string =>
  `*${escaped(job)}* in ${environmentName(catalogue, environment)}`;

const section = (title: string, lines: readonly string[]) =>
  lines.length === 0 ? [] : [{ title, lines: shortened(lines, MOST, "Name a job or an environment.") }];
