import { defineCommand } from "../../src/command/command.ts";
import { freezesAnswer } from "../../src/command/say-freezes.ts";
import type { FreezeView } from "../../src/services/contract.ts";

export const freezes = defineCommand<null, readonly FreezeView[]>({
  family: "sync",
  name: "freezes",
  summary: "Show when nothing may be started",
  usage: "freezes",
  examples: ["sync freezes"],
  needs: null,
  also: "`sync freeze` without words",
  parse: () => null,
  call: (services, asking) => services.freezes.list(asking),
  say: (found, _, { now }) => freezesAnswer(found, now),
});
