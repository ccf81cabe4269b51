import { defineCommand } from "../../src/command/command.ts";
import { runData } from "../../src/command/data.ts";
import { meantRun, type RunReference, runReference } from "../../src/command/references.ts";
import { runButtons, runDetails, runLine } from "../../src/command/say.ts";
import type { RunView } from "../../src/services/contract.ts";

export const approve = defineCommand<{ reference: RunReference }, RunView>({
  family: "sync",
  name: "approve",
  summary: "Say yes to a run that waits for approval",
  usage: "approve [run N | JOB ENV]",
  examples: ["sync approve run 7"],
  hint: "Never by whoever asked for it. It is a yes to exactly that job, place, target, version and parameters.",
  needs: "approve",
  also: "the button Approve",
  parse: ({ words }, { asking, catalogue }) => ({ reference: runReference(words, asking, catalogue).reference }),
  call: async (services, asking, { reference }) =>
    services.runs.approve(asking, await meantRun(services, asking, reference)),
  say: (run, _, { catalogue, now }) => ({
    tone: "done",
    text: `Approved: ${runLine(catalogue, run, now)}`,
    sections: [{ lines: runDetails(run) }],
    buttons: runButtons(catalogue, run).filter(({ label }) => label !== "Approve"),
    data: { run: runData(run) },
  }),
});
