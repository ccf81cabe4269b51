import { defineCommand } from "../../src/command/command.ts";
import { jobAndEnvironment } from "../../src/command/names.ts";
import { runAsked } from "../../src/command/say-asked.ts";
import type { Outcome, RunView } from "../../src/services/contract.ts";

export const orphans = defineCommand<{ job: string; environment: string }, Outcome<RunView>>({
  family: "sync",
  name: "orphans",
  summary: "Compare the ids of both sides of a job",
  usage: "orphans JOB ENV",
  examples: ["sync orphans placement-sync prod"],
  hint: "It only reads. What only one side has is kept with the run; `repair` deletes or resyncs it on your word.",
  needs: "resync",
  parse: ({ words }, { catalogue }) => jobAndEnvironment(catalogue, words),
  call: (services, asking, wanted) => services.fanouts.orphans(asking, wanted),
  say: (outcome, _, at) => runAsked(outcome, at, ["What it finds is told in its thread; nothing is changed."]),
});
