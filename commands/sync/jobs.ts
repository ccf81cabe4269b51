import { defineCommand } from "../../src/command/command.ts";
import { jobData } from "../../src/command/data.ts";
import { count, escaped } from "../../src/command/format.ts";
import { environmentNamed } from "../../src/command/names.ts";
import { environmentName, shortened, stateWords } from "../../src/command/say.ts";
import type { Catalogue } from "../../src/config/catalogue.ts";
import type { JobView } from "../../src/services/contract.ts";

interface Which {
  readonly environment?: string;
  readonly all: boolean;
}

const MOST = 30;
const ALL_ACTIONS = ["view", "run", "abort", "settle"];

export const jobs = defineCommand<Which, readonly JobView[]>({
  family: "sync",
  name: "jobs",
  summary: "List the jobs, and what you may do with them",
  usage: "jobs [ENV] [--all]",
  examples: ["sync jobs", "sync jobs prod"],
  hint: "A long list is shortened; `--all` shows the rest.",
  needs: null,
  takes: { flags: ["all"] },
  parse: ({ words, flags }, { catalogue }) => ({
    all: flags.has("all"),
    ...(words[0] === undefined ? {} : { environment: environmentNamed(catalogue, words[0]) }),
  }),
  call: (services, asking, { all: _, ...filter }) => services.jobs.list(asking, filter),
  say: (found, { environment, all }, { catalogue }) => {
    const byJob = [...Map.groupBy(found, ({ job }) => job).values()];
    const may = found.some((place) => place.may.some((action) => action !== "view"));
    const rest = `\`/sync jobs ${environment === undefined ? "" : `${environment} `}--all\` shows them.`;
    return {
      tone: "info",
      text:
        found.length === 0
          ? "There is no job that you can see here. `/sync permissions` shows what you may do, and who may more."
          : may
            ? `${count(byJob.length, "job")}. You may run, abort and settle them, except where it says otherwise:`
            : `${count(byJob.length, "job")}. You may only look at them; \`/sync permissions\` says who may more:`,
      sections: [
        {
          lines: shortened(
            byJob.map((places) => jobLine(catalogue, places, may)),
            all ? Number.POSITIVE_INFINITY : MOST,
            rest,
          ),
        },
        ...targets(found, all),
        ...(!may ? [] : [{ lines: ["Start one: `/sync run JOB ENV`"] }]),
      ],
      data: { jobs: found.map(jobData) },
    };
  },
});

const MOST_TARGETS = 10;

/** What each target can and cannot do, once. */
function targets(found: readonly JobView[], all: boolean): { title: string; lines: string[] }[] {
  const able = new Map(found.filter(({ can }) => can.length > 0).map(({ at, can }) => [at, can]));
  const lines = [...able].map(([at, can]) => `*${escaped(at)}*: ${can.map(escaped).join("; ")}`);
  const shown = shortened(lines, all ? Number.POSITIVE_INFINITY : MOST_TARGETS, "`/sync jobs --all` shows them.");
  return lines.length === 0 ? [] : [{ title: "What the targets can do", lines: shown }];
}

/** One job on one line: its places with what is special about each. `places` has at least one. */
function jobLine(catalogue: Catalogue, places: readonly JobView[], marked: boolean): string {
  const [first] = places;
  if (first === undefined) return "";
  const title = first.title === first.job ? "" : ` ${escaped(first.title)}`;
  const where = places.map((place) => {
    const remarks = [...(marked ? mayNot(place.may) : []), ...nowAt(place)];
    return `${environmentName(catalogue, place.environment)}${remarks.length === 0 ? "" : ` (${remarks.join("; ")})`}`;
  });
  const after = [...new Set(places.flatMap(({ then }) => then))];
  const next = after.length === 0 ? "" : `. Then ${after.map(escaped).join(", then ")}`;
  return `*${escaped(first.job)}*${title}: ${where.join(", ")}${next}`;
}

function mayNot(may: readonly string[]): string[] {
  if (ALL_ACTIONS.every((action) => may.includes(action))) return [];
  return [may.length === 1 && may[0] === "view" ? "only look" : `you may only ${may.join(", ")}`];
}

const nowAt = ({ active, pin }: JobView): string[] => [
  ...(active === null ? [] : [`run ${active.number} ${stateWords(active)}`]),
  ...(pin === null ? [] : [`schedule ${pin.state === "set" ? "" : "being "}pinned to ${escaped(pin.version)}`]),
];
