import { defineCommand } from "../../src/command/command.ts";
import { escaped } from "../../src/command/format.ts";
import { usage } from "../../src/command/names.ts";
import { freezeData } from "../../src/command/say-freezes.ts";
import type { FreezeView } from "../../src/services/contract.ts";

export const unfreeze = defineCommand<{ name: string; reason: string }, FreezeView>({
  family: "sync",
  name: "unfreeze",
  summary: "End a freeze that a person made",
  usage: "unfreeze NAME REASON",
  examples: ["sync unfreeze freeze-1 the release is out"],
  hint: "Runs that wait for its end look at once whether they may go on.",
  needs: "freeze",
  takes: { prose: true },
  parse: ({ words, prose }) => {
    const [name] = words;
    if (name === undefined) throw usage("Which freeze?", "`/sync freezes` lists them by name.");
    const reason = prose(1);
    if (reason === "") throw usage(`Why does ${name} end?`, "Write the reason after its name.");
    return { name: name.toLowerCase(), reason };
  },
  call: (services, asking, { name, reason }) => services.freezes.end(asking, name, reason),
  say: (freeze) => ({
    tone: "done",
    text: `*${escaped(freeze.name)}* is over. What waited for it looks now whether it may go on.`,
    data: { freeze: freezeData(freeze) },
  }),
});
