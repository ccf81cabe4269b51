import { defineCommand } from "../../src/command/command.ts";
import { incidentNumber, jobAndEnvironment, runNumber, usage } from "../../src/command/names.ts";
import { runOptions } from "../../src/command/run-options.ts";
import { runAsked } from "../../src/command/say-asked.ts";
import { nearest } from "../../src/config/nearest.ts";
import type { DryRunView, Outcome, RunView } from "../../src/services/contract.ts";
import { ONLY, type Only, type WantedResync } from "../../src/services/fanouts-contract.ts";

type Wanted = WantedResync & { readonly dry: boolean };
type Result = Outcome<RunView> | { readonly kind: "dry"; readonly dry: DryRunView };

export const resync = defineCommand<Wanted, Result>({
  family: "sync",
  name: "resync",
  summary: "Hand ids over again, each read anew at its turn",
  usage:
    "resync JOB ENV --ids=A,B | --incident=INC-N | --run=N --only=failed|skipped|missing [--reason=WHY] [--dry-run]",
  examples: [
    "sync resync esr-applicants prod --ids=90211,90212",
    "sync resync esr-applicants prod --incident=INC-7",
    "sync resync --run=12 --only=failed",
  ],
  hint: "It always shows first how many, which and from where. By mention with a CSV file attached, the ids are that file's. `--override=WHY` does it in spite of a freeze.",
  needs: "resync",
  also: "the message shortcut Resync from this file",
  takes: { options: ["ids", "incident", "run", "only", "reason", "override"], flags: ["dry-run"] },
  parse: ({ words, options, flags }, { catalogue }) => {
    const [ids, incident, run, only] = ["ids", "incident", "run", "only"].map((name) => options.get(name));
    const { reason, override } = runOptions({ options, flags });
    return {
      dry: flags.has("dry-run"),
      ...(words.length === 0 && run !== undefined ? {} : jobAndEnvironment(catalogue, words)),
      ...(ids === undefined ? {} : { ids }),
      ...(incident === undefined ? {} : { incident: incidentIn(incident) }),
      ...(run === undefined ? {} : { run: runIn(run) }),
      ...(only === undefined ? {} : { only: onlyIn(only) }),
      ...(reason === undefined ? {} : { reason }),
      ...(override === undefined ? {} : { override }),
    };
  },
  mayAsk: ({ flags }) => !flags.has("dry-run"),
  call: async (services, asking, { dry, ...wanted }) =>
    dry
      ? { kind: "dry", dry: await services.fanouts.dryResync(asking, wanted) }
      : services.fanouts.resync(asking, wanted),
  say: (outcome, _, at) => runAsked(outcome, at, ["How far it is, and what became of each id, is told in its thread."]),
});

function incidentIn(text: string): number {
  const number = incidentNumber(text);
  if (number === null) throw usage(`"${text}" is no incident.`, "Write --incident=INC-7.");
  return number;
}

function runIn(text: string): number {
  const found = runNumber([text]);
  if (found === null) throw usage(`"${text}" is no run.`, "Write --run=12.");
  return found.run;
}

function onlyIn(text: string): Only {
  const only = ONLY.find((one) => one === text.toLowerCase());
  if (only !== undefined) return only;
  const near = nearest(text, ONLY);
  throw usage(
    `There are no ids that are "${text}".`,
    near === null ? `Say ${ONLY.join(", ")}.` : `Did you mean ${near}?`,
  );
}
