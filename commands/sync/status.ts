import type { AnswerSection } from "../../src/command/answer.ts";
import { defineCommand } from "../../src/command/command.ts";
import { jobData, runData } from "../../src/command/data.ts";
import { escaped } from "../../src/command/format.ts";
import { jobOrEnvironment, runNumber } from "../../src/command/names.ts";
import { environmentName, isOver, runButtons, runDetails, runLine, shortened } from "../../src/command/say.ts";
import type { Catalogue } from "../../src/config/catalogue.ts";
import type { JobView, RunView } from "../../src/services/contract.ts";

type About = { readonly run: number } | { readonly job?: string; readonly environment?: string };
type Found = { readonly run: RunView } | { readonly jobs: readonly JobView[] };

export const status = defineCommand<About, Found>({
  family: "sync",
  name: "status",
  summary: "Show what runs now, by Nightdesk's record and the target's own word",
  usage: "status [run N | JOB] [ENV]",
  examples: ["sync status", "sync status person-sync prod", "sync status run 7"],
  needs: "view",
  parse: ({ words }, { catalogue, asking }) => {
    const numbered = runNumber(words);
    if (numbered !== null) return { run: numbered.run };
    if (words.length === 0 && asking.run !== null) return { run: asking.run };
    return jobOrEnvironment(catalogue, words);
  },
  call: async (services, asking, about) =>
    "run" in about
      ? { run: await services.runs.get(asking, about.run) }
      : { jobs: await services.jobs.status(asking, about) },
  say: (found, _, { catalogue }) => {
    if ("run" in found) {
      return {
        tone: "info",
        text: runLine(catalogue, found.run),
        sections: [{ lines: runDetails(found.run) }],
        buttons: runButtons(found.run),
        data: { run: runData(found.run) },
      };
    }
    const active = found.jobs.filter(({ active: run }) => run !== null && !isOver(run)).length;
    return {
      tone: "info",
      text: active === 0 ? "Nightdesk has nothing running there." : `${active} running there by Nightdesk's record:`,
      sections: [lines(catalogue, found.jobs)],
      data: { jobs: found.jobs.map(jobData) },
    };
  },
});

function lines(catalogue: Catalogue, jobs: readonly JobView[]): AnswerSection {
  const told = jobs.map((job) => {
    const run = job.active ?? job.last;
    const record =
      run === null
        ? `${escaped(job.job)} in ${environmentName(catalogue, job.environment)} has no run yet`
        : runLine(catalogue, run);
    const target = job.target === undefined ? "" : `. Target: ${escaped(job.target)}`;
    return `${record}${target}`;
  });
  return { lines: shortened(told, 20, "Name a job or an environment.") };
}
