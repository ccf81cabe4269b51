import { defineCommand } from "../../src/command/command.ts";
import { isProtected, jobAndEnvironment } from "../../src/command/names.ts";
import { runOptions } from "../../src/command/run-options.ts";
import { runAsked } from "../../src/command/say-asked.ts";
import type { DryRunView, Outcome, RunView, WantedOfJob } from "../../src/services/contract.ts";

type Wanted = WantedOfJob & { readonly dry: boolean };
type Result = Outcome<RunView> | { readonly kind: "dry"; readonly dry: DryRunView };

export const run = defineCommand<Wanted, Result>({
  family: "sync",
  name: "run",
  summary: "Start a job",
  usage: "run JOB ENV [name=value …] [--reason=…] [--dry-run]",
  examples: [
    "sync run person-sync prod",
    "sync run person-sync preprod dateOverride=ANY",
    "sync run person-sync prod --dry-run",
  ],
  hint: "A protected environment asks you to type its name and the job's before anything starts. A dry run shows every check and starts nothing. Also: `--version=previous` or a version, `--pin` to hold the target's own schedule at it, `--override=WHY` in spite of a freeze.",
  needs: "run",
  also: "the button Rerun of a run that is over",
  takes: { options: ["reason", "version", "override"], flags: ["dry-run", "pin"], parameters: true },
  parse: ({ words, options, flags, parameters }, { catalogue }) => ({
    ...jobAndEnvironment(catalogue, words),
    parameters,
    dry: flags.has("dry-run"),
    ...runOptions({ options, flags }),
  }),
  mayAsk: ({ words, flags }, _, catalogue) =>
    !flags.has("dry-run") && isProtected(catalogue, jobAndEnvironment(catalogue, words).environment),
  call: async (services, asking, { dry, ...wanted }) =>
    dry ? { kind: "dry", dry: await services.runs.dryRun(asking, wanted) } : services.runs.request(asking, wanted),
  say: (outcome, _, at) => runAsked(outcome, at, ["What comes of it is told in its thread."]),
});
