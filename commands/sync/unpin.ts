import { asks, defineCommand } from "../../src/command/command.ts";
import { pinData } from "../../src/command/data.ts";
import { isProtected, jobAndEnvironment, usage } from "../../src/command/names.ts";
import { runOptions } from "../../src/command/run-options.ts";
import { unpinAnswer } from "../../src/command/say-pins.ts";
import type { Outcome, PinView } from "../../src/services/contract.ts";

interface Wanted {
  readonly job: string;
  readonly environment: string;
  readonly to?: string;
  readonly reason?: string;
  readonly override?: string;
}

export const unpin = defineCommand<Wanted, Outcome<PinView>>({
  family: "sync",
  name: "unpin",
  summary: "Let a target's schedule go again",
  usage: "unpin JOB ENV [--to=VERSION] [--reason=…]",
  examples: ["sync unpin ndw-etl prod", "sync unpin ndw-etl prod --to=13"],
  hint: "It points at what it pointed at before the pin, or at the version given. `--override=WHY` does it in spite of a freeze.",
  needs: "pin",
  takes: { options: ["reason", "to", "override"] },
  parse: ({ words, options, flags }, { catalogue }) => {
    const [job, environment, ...rest] = words;
    if (job === undefined || environment === undefined) {
      throw usage("Which job, and where?", "Write `sync unpin JOB ENV`.");
    }
    const to = options.get("to");
    const reason = options.get("reason") ?? rest.join(" ");
    const { override } = runOptions({ options, flags });
    return {
      ...jobAndEnvironment(catalogue, [job, environment]),
      ...(to === undefined ? {} : { to }),
      ...(reason === "" ? {} : { reason }),
      ...(override === undefined ? {} : { override }),
    };
  },
  mayAsk: ({ words }, _, catalogue) =>
    isProtected(catalogue, jobAndEnvironment(catalogue, words.slice(0, 2)).environment),
  call: (services, asking, wanted) => services.pins.clear(asking, wanted),
  say: (outcome, _, { catalogue }) => {
    if (outcome.kind === "ask") return asks(outcome.question);
    return { ...unpinAnswer(catalogue, outcome.value), data: { pin: pinData(outcome.value) } };
  },
});
