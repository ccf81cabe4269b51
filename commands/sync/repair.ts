import { defineCommand } from "../../src/command/command.ts";
import { runNumber, usage } from "../../src/command/names.ts";
import { runAsked } from "../../src/command/say-asked.ts";
import type { Outcome, RunView } from "../../src/services/contract.ts";

interface Wanted {
  readonly run: number;
  readonly by: "delete" | "resync";
}

export const repair = defineCommand<Wanted, Outcome<RunView>>({
  family: "sync",
  name: "repair",
  summary: "Mend what a comparison found",
  usage: "repair [run N] --delete | --resync",
  examples: ["sync repair run 14 --delete", "sync repair run 14 --resync"],
  hint: "--delete removes from the target what the source no longer has; --resync brings what only the source has. Each id is looked at again at its turn.",
  needs: "resync",
  takes: { flags: ["delete", "resync"] },
  parse: ({ words, flags }, { asking }) => {
    const run = runNumber(words)?.run ?? (words.length === 0 ? asking.run : null);
    if (run === null) throw usage("Which run?", "Write the run that compared: `run 14`.");
    if (flags.size !== 1) throw usage("How should it be mended?", "Add --delete or --resync.");
    return { run, by: flags.has("delete") ? "delete" : "resync" };
  },
  mayAsk: () => true,
  call: (services, asking, wanted) => services.fanouts.repair(asking, wanted),
  say: (outcome, _, at) => runAsked(outcome, at),
});
