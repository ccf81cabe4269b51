import { defineCommand } from "../../src/command/command.ts";
import { environmentNamed, isProtected, jobAndEnvironment, usage } from "../../src/command/names.ts";
import { runOptions } from "../../src/command/run-options.ts";
import { runAsked } from "../../src/command/say-asked.ts";
import { dryChainAnswer } from "../../src/command/say-dry-run.ts";
import type { ChainTyped, DryChainView, Outcome, RunView } from "../../src/services/contract.ts";

type Wanted = ChainTyped & { readonly dry: boolean };
type Result = Outcome<RunView> | { readonly kind: "dry"; readonly dry: DryChainView };

export const chain = defineCommand<Wanted, Result>({
  family: "sync",
  name: "chain",
  summary: "Run jobs one after the other",
  usage: "chain JOB JOB… ENV [--reason=…] [--dry-run]",
  examples: ["sync chain person-sync post-sync prod", "sync chain person-sync post-sync prod --dry-run"],
  hint: "Each starts when the one before has succeeded, and is checked again then. The chain stops at the first that does not. `--override=WHY` starts each in spite of a freeze.",
  needs: "run",
  also: "the button Run next of a run that succeeded",
  takes: { options: ["reason", "override"], flags: ["dry-run"] },
  parse: ({ words, options, flags }, { catalogue }) => {
    const last = words.at(-1);
    if (last === undefined || words.length < 3) {
      throw usage("Which jobs, and where?", "Write `sync chain JOB JOB ENV`; one job is `sync run JOB ENV`.");
    }
    const environment = environmentNamed(catalogue, last);
    const jobs = words.slice(0, -1).map((word) => jobAndEnvironment(catalogue, [word, environment]).job);
    const { reason, override } = runOptions({ options, flags });
    return {
      ...{ jobs, environment, dry: flags.has("dry-run") },
      ...(reason === undefined ? {} : { reason }),
      ...(override === undefined ? {} : { override }),
    };
  },
  mayAsk: ({ words, flags }, _, catalogue) =>
    !flags.has("dry-run") && isProtected(catalogue, environmentNamed(catalogue, words.at(-1) ?? "")),
  call: async (services, asking, { dry, ...wanted }) =>
    dry ? { kind: "dry", dry: await services.chains.dryStart(asking, wanted) } : services.chains.start(asking, wanted),
  say: (outcome, { jobs }, at) =>
    outcome.kind === "dry"
      ? dryChainAnswer(at.catalogue, outcome.dry)
      : runAsked(outcome, at, [`Then, each when the one before has succeeded: ${jobs.slice(1).join(", ")}.`]),
});
