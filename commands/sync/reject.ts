import { asks, defineCommand } from "../../src/command/command.ts";
import { runData } from "../../src/command/data.ts";
import { meantRun, type RunReference, runReference } from "../../src/command/references.ts";
import { runDetails, runLine } from "../../src/command/say.ts";
import type { Outcome, RunView } from "../../src/services/contract.ts";

interface No {
  readonly reference: RunReference;
  readonly reason: string;
}

export const reject = defineCommand<No, Outcome<RunView>>({
  family: "sync",
  name: "reject",
  summary: "Say no to a run that waits for approval",
  usage: "reject [run N | JOB ENV] REASON",
  examples: ["sync reject run 7 TCS is deployed at 14:30, wait for it"],
  hint: "One no ends the request. Whoever asked reads why. Without a reason a form opens.",
  needs: "approve",
  also: "the button Reject",
  takes: { options: ["reason"], prose: true },
  parse: ({ words, options }, { asking, catalogue }) => {
    const { reference, rest } = runReference(words, asking, catalogue);
    const typed = asking.confirmation?.values["reason"] ?? options.get("reason") ?? rest.join(" ");
    return { reference, reason: typed.trim() };
  },
  mayAsk: ({ words, options }, place, catalogue) =>
    !options.has("reason") && runReference(words, place, catalogue).rest.length === 0,
  call: async (services, asking, { reference, reason }) =>
    services.runs.reject(asking, await meantRun(services, asking, reference), reason),
  say: (outcome, _, { catalogue, now }) => {
    if (outcome.kind === "ask") return asks(outcome.question);
    return {
      tone: "done",
      text: `Rejected: ${runLine(catalogue, outcome.value, now)}`,
      sections: [{ lines: runDetails(outcome.value) }],
      data: { run: runData(outcome.value) },
    };
  },
});
