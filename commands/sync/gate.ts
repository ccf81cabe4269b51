import { asks, defineCommand } from "../../src/command/command.ts";
import { usage } from "../../src/command/names.ts";
import { gateButtons, gateData, gateDetails, gateLine } from "../../src/command/say-gates.ts";
import type { Outcome } from "../../src/services/contract.ts";
import type { GateView } from "../../src/services/gates-contract.ts";

interface Word {
  readonly verb: "show" | "approve" | "reject";
  readonly gate: number;
  readonly reason: string;
}

export const gate = defineCommand<Word, Outcome<GateView>>({
  family: "sync",
  name: "gate",
  summary: "Open or refuse a deploy that waits",
  usage: "gate N | gate approve N [REASON] | gate reject N REASON",
  examples: ["sync gate approve 3", "sync gate reject 3 its source is not deployed"],
  hint: "Never by the deploy's author. Where something that it requires is not there, a reason is asked for.",
  needs: "gate",
  also: "the buttons Approve and Reject of the gate's card",
  takes: { options: ["reason"], prose: true },
  parse: ({ words, options, prose }, { asking }) => {
    const [first = "", second = ""] = words;
    const verb = VERBS[first.toLowerCase()];
    const number = numberOf(verb === undefined ? first : second);
    if (number === null) throw usage("Which gate?", "Write `gate approve 3`; `/sync gates` lists them.");
    const typed = asking.confirmation?.values["reason"] ?? options.get("reason") ?? prose(verb === undefined ? 1 : 2);
    return { verb: verb ?? "show", gate: number, reason: typed.trim() };
  },
  mayAsk: ({ words }) => VERBS[words[0]?.toLowerCase() ?? ""] !== undefined && words.length === 2,
  call: async (services, asking, word) => {
    if (word.verb === "approve") return services.gates.approve(asking, word.gate, word.reason);
    if (word.verb === "reject") return services.gates.reject(asking, word.gate, word.reason);
    return { kind: "done", value: await services.gates.get(asking, word.gate) };
  },
  say: (outcome, { verb }, { now }) => {
    if (outcome.kind === "ask") return asks(outcome.question);
    const found = outcome.value;
    const opening = found.state === "held" ? "" : found.state === "approved" ? "Opened: " : "Refused: ";
    return {
      tone: verb === "show" ? "info" : "done",
      text: `${opening}${gateLine(found, now)}`,
      sections: [{ lines: gateDetails(found) }],
      buttons: gateButtons(found),
      data: { gate: gateData(found) },
    };
  },
});

const VERBS: Readonly<Record<string, "approve" | "reject">> = {
  approve: "approve",
  open: "approve",
  reject: "reject",
  refuse: "reject",
};

function numberOf(word: string): number | null {
  const digits = /^#?(\d{1,9})$/.exec(word)?.[1];
  return digits === undefined ? null : Number(digits);
}
