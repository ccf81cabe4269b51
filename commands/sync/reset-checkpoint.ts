import type { Instant } from "../../src/base/clock.ts";
import { defineCommand } from "../../src/command/command.ts";
import { momentOf } from "../../src/command/moments.ts";
import { environmentNamed, usage } from "../../src/command/names.ts";
import { runOptions } from "../../src/command/run-options.ts";
import { runAsked } from "../../src/command/say-asked.ts";
import type { Outcome, RunView } from "../../src/services/contract.ts";

interface Wanted {
  readonly monitor: string;
  readonly environment: string;
  readonly to?: Instant;
  readonly reason?: string;
  readonly override?: string;
}

export const resetCheckpoint = defineCommand<Wanted, Outcome<RunView>>({
  family: "sync",
  name: "reset-checkpoint",
  summary: "Put a follower that has lost its place to a new one",
  usage: "reset-checkpoint MONITOR ENV [--to=TIME] [--reason=WHY]",
  examples: ["sync reset-checkpoint reval-cdc prod", 'sync reset-checkpoint reval-cdc prod --to="2024-02-19 06:00"'],
  hint: "It shows the gap to the second before anything is done, and is a run with the checks of any start; when it has succeeded, the resync of the gap is offered. Without `--to` the new place is now.",
  needs: "run",
  takes: { options: ["to", "reason", "override"] },
  mayAsk: () => true,
  parse: ({ words, options, flags }, { catalogue, now }) => {
    const [monitor, environment] = words;
    if (monitor === undefined || environment === undefined) {
      throw usage("Which monitor, and where?", "Write `reset-checkpoint MONITOR ENV`; `/sync monitors` lists them.");
    }
    const to = options.get("to");
    const { reason, override } = runOptions({ options, flags });
    return {
      monitor,
      environment: environmentNamed(catalogue, environment),
      ...(to === undefined || to === "now" ? {} : { to: momentOf(to, now, catalogue.zone) }),
      ...(reason === undefined ? {} : { reason }),
      ...(override === undefined ? {} : { override }),
    };
  },
  call: (services, asking, wanted) => services.monitors.reset(asking, wanted),
  say: (outcome, _, at) => runAsked(outcome, at),
});
