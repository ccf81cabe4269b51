import { defineCommand } from "../../src/command/command.ts";
import { gateButtons, gateData, gateDetails, gateLine } from "../../src/command/say-gates.ts";
import type { GateView } from "../../src/services/gates-contract.ts";

export const gates = defineCommand<{ all: boolean }, readonly GateView[]>({
  family: "sync",
  name: "gates",
  summary: "Show which deploys wait for a person's word",
  usage: "gates [--all]",
  examples: ["sync gates"],
  hint: "A pipeline that asks is held until somebody of the right role, who is not its author, opens it.",
  needs: null,
  takes: { flags: ["all"] },
  parse: ({ flags }) => ({ all: flags.has("all") }),
  call: (services, asking, filter) => services.gates.list(asking, filter),
  say: (found, { all }, { now }) => {
    const [only] = found;
    return {
      tone: "info",
      text: found.length === 0 ? (all ? "No pipeline has asked yet." : "No deploy waits.") : "Gates, newest first:",
      sections: found.map((gate) => ({
        lines: [gateLine(gate, now), ...(gate.state === "held" ? gateDetails(gate) : [])],
      })),
      buttons: only !== undefined && found.length === 1 ? gateButtons(only) : [],
      data: { gates: found.map(gateData) },
    };
  },
});
