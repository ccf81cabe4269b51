import { defineCommand } from "../../src/command/command.ts";
import { isProtected } from "../../src/command/names.ts";
import { meantRun, type RunReference, runReference } from "../../src/command/references.ts";
import { fromOption, runOptions } from "../../src/command/run-options.ts";
import { runAsked } from "../../src/command/say-asked.ts";
import type { DryRunView, Outcome, RunOptions, RunView } from "../../src/services/contract.ts";

interface Again {
  readonly reference: RunReference;
  readonly dry: boolean;
  readonly options: RunOptions;
}

type Result = Outcome<RunView> | { readonly kind: "dry"; readonly dry: DryRunView };

export const rerun = defineCommand<Again, Result>({
  family: "sync",
  name: "rerun",
  summary: "Start a run again with what it was started with",
  usage: "rerun [run N | JOB ENV] [--from=failed] [--dry-run]",
  examples: ["sync rerun run 7", "sync rerun person-sync prod", "sync rerun run 7 --version=previous --pin"],
  hint: "A rerun is a new run with its own number; the checks are those of any start. `--from=failed` goes on where it ended, where its target can; further options are those of `run`.",
  needs: "run",
  also: "the button Rerun",
  takes: { options: ["reason", "version", "override", "from"], flags: ["dry-run", "pin"] },
  parse: ({ words, options, flags }, { asking, catalogue }) => ({
    reference: runReference(words, asking, catalogue).reference,
    dry: flags.has("dry-run"),
    options: { ...runOptions({ options, flags }), ...fromOption(options.get("from")) },
  }),
  mayAsk: ({ words, flags }, place, catalogue) => {
    if (flags.has("dry-run")) return false;
    const { reference } = runReference(words, place, catalogue);
    const environments = "run" in reference ? Object.keys(catalogue.environments) : [reference.environment];
    return environments.some((environment) => isProtected(catalogue, environment));
  },
  call: async (services, asking, { reference, dry, options }) => {
    const number = await meantRun(services, asking, reference);
    if (dry) return { kind: "dry", dry: await services.runs.dryRerun(asking, number, options) };
    return services.runs.rerun(asking, number, options);
  },
  say: (outcome, _, at) => runAsked(outcome, at),
});
