import { defineCommand } from "../../src/command/command.ts";
import { runData } from "../../src/command/data.ts";
import { usage } from "../../src/command/names.ts";
import { meantRun, type RunReference, runReference } from "../../src/command/references.ts";
import { runButtons, runDetails, runLine } from "../../src/command/say.ts";
import type { RunView } from "../../src/services/contract.ts";

interface Lifted {
  readonly reference: RunReference;
  readonly reason: string;
}

export const override = defineCommand<Lifted, RunView>({
  family: "sync",
  name: "override",
  summary: "Let one run start in spite of a freeze",
  usage: "override [run N | JOB ENV] REASON",
  examples: ["sync override run 7 the fix has to be in before 08:00"],
  hint: "For that run alone and for 30 minutes; the freeze stays for everything else. Approvals are still asked for.",
  needs: "freeze",
  takes: { options: ["reason"], prose: true },
  parse: ({ words, options }, { asking, catalogue }) => {
    const { reference, rest } = runReference(words, asking, catalogue);
    const reason = (options.get("reason") ?? rest.join(" ")).trim();
    if (reason === "") throw usage("Why must it start in spite of the freeze?", "Write the reason after the run.");
    return { reference, reason };
  },
  call: async (services, asking, { reference, reason }) =>
    services.freezes.override(asking, await meantRun(services, asking, reference), reason),
  say: (run, _, { catalogue, now }) => ({
    tone: "done",
    text: `The freeze is overridden for this run: ${runLine(catalogue, run, now)}`,
    sections: [{ lines: runDetails(run) }],
    buttons: runButtons(catalogue, run),
    data: { run: runData(run) },
  }),
});
