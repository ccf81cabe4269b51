import { defineCommand } from "../../src/command/command.ts";
import { jobData, runData } from "../../src/command/data.ts";
import { jobOrEnvironment, runNumber } from "../../src/command/names.ts";
import { runButtons, runDetails, runLine } from "../../src/command/say.ts";
import { everyPlace, whatMatters } from "../../src/command/say-status.ts";
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
  say: (found, about, { catalogue, now }) => {
    if ("run" in found) {
      return {
        tone: "info",
        text: runLine(catalogue, found.run, now),
        sections: [{ lines: runDetails(found.run) }],
        buttons: runButtons(catalogue, found.run),
        data: { run: runData(found.run) },
      };
    }
    const named = "job" in about && about.job !== undefined;
    const told = named ? everyPlace(catalogue, found.jobs, now) : whatMatters(catalogue, found.jobs, now);
    return { tone: "info", ...told, data: { jobs: found.jobs.map(jobData) } };
  },
});
