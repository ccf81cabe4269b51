import { defineCommand } from "../../src/command/command.ts";
import { runData } from "../../src/command/data.ts";
import { safe } from "../../src/command/format.ts";
import { meantRun, type RunReference, runReference } from "../../src/command/references.ts";
import { runButtons, runLine } from "../../src/command/say.ts";
import type { RunView } from "../../src/services/contract.ts";

export const pause = defineCommand<{ reference: RunReference }, { run: RunView; said: string }>({
  family: "sync",
  name: "pause",
  summary: "Hold a run where it is",
  usage: "pause [run N | JOB ENV]",
  examples: ["sync pause run 7", "sync pause person-sync prod"],
  hint: "It is paused when its target says so. Nothing else of that job starts meanwhile. Not every target can.",
  needs: "abort",
  also: "the button Pause",
  parse: ({ words }, { asking, catalogue }) => ({ reference: runReference(words, asking, catalogue).reference }),
  call: async (services, asking, { reference }) =>
    services.runs.pause(asking, await meantRun(services, asking, reference)),
  say: ({ run, said }, _, { catalogue, now }) => ({
    // Asked is not paused.
    tone: "info",
    text: safe(said),
    sections: [{ lines: [runLine(catalogue, run, now)] }],
    buttons: runButtons(catalogue, run),
    data: { run: runData(run) },
  }),
});
