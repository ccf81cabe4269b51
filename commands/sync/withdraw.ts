import { defineCommand } from "../../src/command/command.ts";
import { runData } from "../../src/command/data.ts";
import { meantRun, type RunReference, runReference } from "../../src/command/references.ts";
import { runButtons, runLine } from "../../src/command/say.ts";
import type { RunView } from "../../src/services/contract.ts";

interface Back {
  readonly reference: RunReference;
  readonly reason: string | null;
}

export const withdraw = defineCommand<Back, RunView>({
  family: "sync",
  name: "withdraw",
  summary: "Take back a run that waits",
  usage: "withdraw [run N | JOB ENV] [REASON]",
  examples: ["sync withdraw run 7"],
  hint: "For whoever asked for it, and for whoever may abort it. What has begun is aborted instead.",
  needs: "run",
  also: "the button Withdraw",
  takes: { options: ["reason"], prose: true },
  parse: ({ words, options }, { asking, catalogue }) => {
    const { reference, rest } = runReference(words, asking, catalogue);
    const reason = (options.get("reason") ?? rest.join(" ")).trim();
    return { reference, reason: reason === "" ? null : reason };
  },
  call: async (services, asking, { reference, reason }) =>
    services.runs.withdraw(asking, await meantRun(services, asking, reference), reason),
  say: (run, _, { catalogue, now }) => ({
    tone: "done",
    text: `Nothing was started: ${runLine(catalogue, run, now)}`,
    buttons: runButtons(catalogue, run),
    data: { run: runData(run) },
  }),
});
