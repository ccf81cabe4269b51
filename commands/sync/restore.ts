import { defineCommand } from "../../src/command/command.ts";
import { isProtected } from "../../src/command/names.ts";
import { meantRun, type RunReference, runReference } from "../../src/command/references.ts";
import { runOptions } from "../../src/command/run-options.ts";
import { runAsked } from "../../src/command/say-asked.ts";
import type { DryRunView, Outcome, RunOptions, RunView } from "../../src/services/contract.ts";

interface Wanted {
  readonly reference: RunReference;
  readonly reason: string | null;
  readonly dry: boolean;
  readonly options: Pick<RunOptions, "override">;
}

type Result = Outcome<RunView> | { readonly kind: "dry"; readonly dry: DryRunView };

export const restore = defineCommand<Wanted, Result>({
  family: "sync",
  name: "restore",
  summary: "Bring back the snapshot that was taken before a run",
  usage: "restore [run N | JOB ENV] [--reason=…] [--dry-run]",
  examples: ["sync restore run 7", 'sync restore run 7 --reason="the list is empty"'],
  hint: "A restore is a run of its own with the checks of any start; an abort with a snapshot restores by itself. It is not interrupted. `--override=WHY` starts it in spite of a freeze.",
  needs: "run",
  also: "the button Restore",
  takes: { options: ["reason", "override"], flags: ["dry-run"] },
  mayAsk: ({ words, flags }, place, catalogue) => {
    if (flags.has("dry-run")) return false;
    const { reference } = runReference(words, place, catalogue);
    const environments = "run" in reference ? Object.keys(catalogue.environments) : [reference.environment];
    return environments.some((environment) => isProtected(catalogue, environment));
  },
  parse: ({ words, options, flags }, { asking, catalogue }) => {
    const { reference, rest } = runReference(words, asking, catalogue);
    const reason = options.get("reason") ?? rest.join(" ");
    const { override } = runOptions({ options, flags });
    return {
      reference,
      reason: reason === "" ? null : reason,
      dry: flags.has("dry-run"),
      options: override === undefined ? {} : { override },
    };
  },
  call: async (services, asking, { reference, reason, dry, options }) => {
    const number = await meantRun(services, asking, reference);
    if (dry) return { kind: "dry", dry: await services.runs.dryRestore(asking, number, options) };
    return services.runs.restore(asking, number, reason, options);
  },
  say: (outcome, _, at) => runAsked(outcome, at),
});
