import { defineCommand } from "../../src/command/command.ts";
import { runData } from "../../src/command/data.ts";
import { safe } from "../../src/command/format.ts";
import { meantRun, type RunReference, runReference } from "../../src/command/references.ts";
import { runButtons, runLine } from "../../src/command/say.ts";
import type { RunView } from "../../src/services/contract.ts";

export const resume = defineCommand<{ reference: RunReference }, { run: RunView; said: string }>({
  family: "sync",
  name: "resume",
  summary: "Let a paused run go on",
  usage: "resume [run N | JOB ENV]",
  examples: ["sync resume run 7", "sync resume person-sync prod"],
  hint: "It runs again when its target says so. A run that has ended is not resumed: `sync rerun` starts it again.",
  needs: "run",
  also: "the button Resume",
  parse: ({ words }, { asking, catalogue }) => ({ reference: runReference(words, asking, catalogue).reference }),
  call: async (services, asking, { reference }) =>
    services.runs.resume(asking, await meantRun(services, asking, reference)),
  say: ({ run, said }, _, { catalogue, now }) => ({
    // Asked is not running.
    tone: "info",
    text: safe(said),
    sections: [{ lines: [runLine(catalogue, run, now)] }],
    buttons: runButtons(catalogue, run),
    data: { run: runData(run) },
  }),
});
