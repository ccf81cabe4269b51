import { defineCommand } from "../../src/command/command.ts";
import { runNumber, usage } from "../../src/command/names.ts";
import { runAsked } from "../../src/command/say-asked.ts";
import type { DryRunView, Outcome, RunView } from "../../src/services/contract.ts";
import type { WantedRepair } from "../../src/services/fanouts-contract.ts";

type Wanted = WantedRepair & { readonly dry: boolean };
type Result = Outcome<RunView> | { readonly kind: "dry"; readonly dry: DryRunView };

export const repair = defineCommand<Wanted, Result>({
  family: "sync",
  name: "repair",
  summary: "Mend what a comparison found",
  usage: "repair [run N] --delete | --resync [--dry-run]",
  examples: ["sync repair run 14 --delete", "sync repair run 14 --resync", "sync repair run 14 --delete --dry-run"],
  hint: "--delete removes from the target what the source no longer has; --resync brings what only the source has. Each id is looked at again at its turn.",
  needs: "resync",
  takes: { flags: ["delete", "resync", "dry-run"] },
  parse: ({ words, flags }, { asking }) => {
    const run = runNumber(words)?.run ?? (words.length === 0 ? asking.run : null);
    if (run === null) throw usage("Which run?", "Write the run that compared: `run 14`.");
    if (flags.has("delete") === flags.has("resync"))
      throw usage("How should it be mended?", "Add --delete or --resync.");
    return { run, by: flags.has("delete") ? "delete" : "resync", dry: flags.has("dry-run") };
  },
  mayAsk: ({ flags }) => !flags.has("dry-run"),
  call: async (services, asking, { dry, ...wanted }) =>
    dry
      ? { kind: "dry", dry: await services.fanouts.dryRepair(asking, wanted) }
      : services.fanouts.repair(asking, wanted),
  say: (outcome, _, at) => runAsked(outcome, at),
});
