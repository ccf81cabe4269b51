import { asks, defineCommand } from "../../src/command/command.ts";
import { pinData } from "../../src/command/data.ts";
import { isProtected, jobAndEnvironment, usage } from "../../src/command/names.ts";
import { runOptions } from "../../src/command/run-options.ts";
import { pinAnswer } from "../../src/command/say-pins.ts";
import type { Outcome, PinView } from "../../src/services/contract.ts";

interface Wanted {
  readonly job: string;
  readonly environment: string;
  readonly version: string;
  readonly reason?: string;
  readonly override?: string;
}

export const pin = defineCommand<Wanted, Outcome<PinView>>({
  family: "sync",
  name: "pin",
  summary: "Hold a target's own schedule at a version",
  usage: "pin JOB ENV VERSION [--reason=…]",
  examples: [
    "sync pin ndw-etl prod 11",
    'sync pin ndw-etl prod previous --reason="12 reads a column that is not there"',
  ],
  hint: "It is shown on every card of that job there until `/sync unpin`. `previous` is the version before the one that ran last. `--override=WHY` does it in spite of a freeze.",
  needs: "pin",
  takes: { options: ["reason", "override"] },
  parse: ({ words, options, flags }, { catalogue }) => {
    const [job, environment, version, ...rest] = words;
    if (version === undefined || job === undefined || environment === undefined) {
      throw usage("Which job, where, and at which version?", "Write `sync pin JOB ENV VERSION`.");
    }
    const reason = options.get("reason") ?? rest.join(" ");
    const { override } = runOptions({ options, flags });
    return {
      ...jobAndEnvironment(catalogue, [job, environment]),
      version,
      ...(reason === "" ? {} : { reason }),
      ...(override === undefined ? {} : { override }),
    };
  },
  mayAsk: ({ words }, _, catalogue) =>
    isProtected(catalogue, jobAndEnvironment(catalogue, words.slice(0, 2)).environment),
  call: (services, asking, wanted) => services.pins.set(asking, wanted),
  say: (outcome, _, { catalogue }) => {
    if (outcome.kind === "ask") return asks(outcome.question);
    return { ...pinAnswer(catalogue, outcome.value), data: { pin: pinData(outcome.value) } };
  },
});
