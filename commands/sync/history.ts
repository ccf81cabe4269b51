import { defineCommand } from "../../src/command/command.ts";
import { runData } from "../../src/command/data.ts";
import { jobOrEnvironment, usage } from "../../src/command/names.ts";
import { runLine } from "../../src/command/say.ts";
import type { RunView } from "../../src/services/contract.ts";

interface Filter {
  readonly job?: string;
  readonly environment?: string;
  readonly limit: number;
}

const USUAL = 10;
const MOST = 30;

export const history = defineCommand<Filter, readonly RunView[]>({
  family: "sync",
  name: "history",
  summary: "Show past runs, newest first",
  usage: "history [JOB] [ENV] [limit=N]",
  examples: ["sync history", "sync history person-sync prod limit=5"],
  needs: "view",
  takes: { options: ["limit"] },
  parse: ({ words, options }, { catalogue }) => ({
    ...jobOrEnvironment(catalogue, words),
    limit: limitOf(options.get("limit")),
  }),
  call: (services, asking, filter) => services.jobs.history(asking, filter),
  say: (runs, _, { catalogue }) => ({
    tone: "info",
    text: runs.length === 0 ? "Nightdesk has run nothing there yet." : "Newest first:",
    sections: [{ lines: runs.map((run) => runLine(catalogue, run)) }],
    data: { runs: runs.map(runData) },
  }),
});

function limitOf(text: string | undefined): number {
  if (text === undefined) return USUAL;
  const limit = /^\d+$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MOST) throw usage(`"${text}" is no limit.`, `Write a number from 1 to ${MOST}.`);
  return limit;
}
