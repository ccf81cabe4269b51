import { defineCommand } from "../../src/command/command.ts";
import { runData } from "../../src/command/data.ts";
import { escaped } from "../../src/command/format.ts";
import { jobOrEnvironment, usage } from "../../src/command/names.ts";
import { runLine } from "../../src/command/say.ts";
import type { RunState, RunView } from "../../src/services/contract.ts";

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
  say: (runs, _, { catalogue, now }) => ({
    tone: "info",
    text:
      runs.length === 0
        ? "Nightdesk has run nothing there yet. `/sync jobs` shows what it can run."
        : "Runs of Nightdesk, newest first:",
    sections: [{ lines: runs.flatMap((run) => [runLine(catalogue, run, now), ...whyLine(run)]) }],
    data: { runs: runs.map(runData) },
  }),
});

const EXPLAINED: readonly RunState[] = ["failed", "refused", "unknown", "abort_unconfirmed", "restore_failed"];
const MOST_CHARACTERS = 160;

/** Why, for what did not go well. */
function whyLine(run: RunView): string[] {
  if (!EXPLAINED.includes(run.state) || run.because === "") return [];
  const why = run.because.replace(/\s+/g, " ");
  const short = why.length > MOST_CHARACTERS ? `${why.slice(0, MOST_CHARACTERS - 1)}…` : why;
  return [`        ${escaped(short)}`];
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return USUAL;
  const limit = /^\d+$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MOST) throw usage(`"${text}" is no limit.`, `Write a number from 1 to ${MOST}.`);
  return limit;
}
