import { defineCommand } from "../../src/command/command.ts";
import { jobData } from "../../src/command/data.ts";
import { escaped } from "../../src/command/format.ts";
import { environmentNamed } from "../../src/command/names.ts";
import { environmentName, shortened, stateWords } from "../../src/command/say.ts";
import type { JobView } from "../../src/services/contract.ts";

export const jobs = defineCommand<{ environment?: string }, readonly JobView[]>({
  family: "sync",
  name: "jobs",
  summary: "List the jobs, and what you may do with them",
  usage: "jobs [ENV]",
  examples: ["sync jobs", "sync jobs prod"],
  needs: null,
  parse: ({ words }, { catalogue }) =>
    words[0] === undefined ? {} : { environment: environmentNamed(catalogue, words[0]) },
  call: (services, asking, filter) => services.jobs.list(asking, filter),
  say: (found, { environment }, { catalogue }) => ({
    tone: "info",
    text: found.length === 0 ? "There is no job that you can see here." : "The jobs:",
    sections: [
      {
        lines: shortened(
          found.map((job) => {
            const may = job.may.length === 0 ? "you may only look" : `you may ${job.may.join(", ")}`;
            const now = job.active === null ? "" : `; run ${job.active.number} ${stateWords(job.active)}`;
            const title = job.title === job.job ? "" : ` ${escaped(job.title)}`;
            return `*${escaped(job.job)}*${title} in ${environmentName(catalogue, job.environment)}: ${may}${now}`;
          }),
          MOST,
          environment === undefined ? "Name an environment: `/sync jobs prod`." : "`/sync status JOB` shows one.",
        ),
      },
    ],
    data: { jobs: found.map(jobData) },
  }),
});

const MOST = 30;
