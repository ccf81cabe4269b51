import { defineCommand } from "../../src/command/command.ts";
import { runData } from "../../src/command/data.ts";
import { escaped, safe } from "../../src/command/format.ts";
import { meantRun, type RunReference, runReference } from "../../src/command/references.ts";
import { isOver, runButtons, runLine } from "../../src/command/say.ts";
import type { RunView, Unstoppable } from "../../src/services/contract.ts";

interface Wanted {
  readonly reference: RunReference;
  readonly reason: string | null;
}

export const abort = defineCommand<Wanted, { run: RunView; said: string; cannot?: Unstoppable }>({
  family: "sync",
  name: "abort",
  summary: "Stop a run",
  usage: "abort [run N | JOB ENV] [--reason=…]",
  examples: ["sync abort run 7", 'sync abort person-sync prod --reason="wrong environment"'],
  hint: "Nothing delays an abort: no approval, no freeze window. A target that cannot be stopped says so.",
  needs: "abort",
  also: "the button Abort",
  takes: { options: ["reason"] },
  parse: ({ words, options }, { asking, catalogue }) => {
    const { reference, rest } = runReference(words, asking, catalogue);
    const reason = options.get("reason") ?? rest.join(" ");
    return { reference, reason: reason === "" ? null : reason };
  },
  call: async (services, asking, { reference, reason }) =>
    services.runs.abort(asking, await meantRun(services, asking, reference), reason),
  say: ({ run, said, cannot }, _, { catalogue, now }) => ({
    // Asked is not stopped: only what the record shows as under way or over is told as done.
    tone: cannot !== undefined ? "problem" : isOver(run) ? "done" : "info",
    text: safe(said),
    sections: [
      { lines: [runLine(catalogue, run, now)] },
      ...(cannot === undefined ? [] : [{ title: "For its users, to copy:", lines: [escaped(cannot.notice)] }]),
    ],
    // What cannot be stopped is not offered to be stopped again.
    buttons: runButtons(catalogue, run).filter(({ label }) => cannot === undefined || label !== "Abort"),
    data: { run: runData(run) },
  }),
});
