import type { DryRunView, Outcome, RunView } from "../services/contract.ts";
import type { Answer } from "./answer.ts";
import { asks, type Surroundings } from "./command.ts";
import { runData } from "./data.ts";
import { runButtons, runDetails, runLine } from "./say.ts";
import { dryRunAnswer } from "./say-dry-run.ts";

/**
 * The answer to whoever asked for a run: a form, what would happen, or the run as it stands. Asked for is not done: the mark
 * of its line says how far it is. `more` stands below its details.
 */
export function runAsked(
  outcome: Outcome<RunView> | { readonly kind: "dry"; readonly dry: DryRunView },
  { catalogue, now }: Pick<Surroundings, "catalogue" | "now">,
  more: readonly string[] = [],
): Answer {
  if (outcome.kind === "dry") return dryRunAnswer(catalogue, outcome.dry);
  if (outcome.kind === "ask") return asks(outcome.question);
  return {
    tone: "info",
    text: runLine(catalogue, outcome.value, now),
    sections: [{ lines: [...runDetails(outcome.value), ...more] }],
    buttons: runButtons(catalogue, outcome.value),
    data: { run: runData(outcome.value) },
  };
}
