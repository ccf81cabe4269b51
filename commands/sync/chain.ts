import { defineCommand } from "../../src/command/command.ts";
import { environmentNamed, isProtected, jobAndEnvironment, usage } from "../../src/command/names.ts";
import { runOptions } from "../../src/command/run-options.ts";
import { runAsked } from "../../src/command/say-asked.ts";
import type { Outcome, RunView } from "../../src/services/contract.ts";

interface Wanted {
  readonly jobs: readonly string[];
  readonly environment: string;
  readonly reason?: string;
  readonly override?: string;
}

export const chain = defineCommand<Wanted, Outcome<RunView>>({
  family: "sync",
  name: "chain",
  summary: "Run jobs one after the other",
  usage: "chain JOB JOB… ENV [--reason=…]",
  examples: ["sync chain person-sync post-sync prod"],
  hint: "Each starts when the one before has succeeded, and is checked again then. The chain stops at the first that does not. `--override=WHY` starts each in spite of a freeze.",
  needs: "run",
  also: "the button Run next of a run that succeeded",
  takes: { options: ["reason", "override"] },
  parse: ({ words, options, flags }, { catalogue }) => {
    const last = words.at(-1);
    if (last === undefined || words.length < 3) {
      throw usage("Which jobs, and where?", "Write `sync chain JOB JOB ENV`; one job is `sync run JOB ENV`.");
    }
    const environment = environmentNamed(catalogue, last);
    const jobs = words.slice(0, -1).map((word) => jobAndEnvironment(catalogue, [word, environment]).job);
    const { reason, override } = runOptions({ options, flags });
    return {
      ...{ jobs, environment },
      ...(reason === undefined ? {} : { reason }),
      ...(override === undefined ? {} : { override }),
    };
  },
  mayAsk: ({ words }, _, catalogue) => isProtected(catalogue, environmentNamed(catalogue, words.at(-1) ?? "")),
  call: (services, asking, wanted) => services.chains.start(asking, wanted),
  say: (outcome, { jobs }, at) =>
    runAsked(outcome, at, [`Then, each when the one before has succeeded: ${jobs.slice(1).join(", ")}.`]),
});
