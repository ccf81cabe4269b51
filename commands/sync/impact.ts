import { defineCommand } from "../../src/command/command.ts";
import { count, escaped } from "../../src/command/format.ts";
import { impactSection } from "../../src/command/say-changes.ts";
import type { ImpactView } from "../../src/services/contract.ts";

export const impact = defineCommand<{ name: string | null }, ImpactView>({
  family: "sync",
  name: "impact",
  summary: "Show whom a change of a contract reaches",
  usage: "impact [CONTRACT | SERVICE]",
  examples: ["sync impact PermitToWork", "sync impact tcs"],
  hint: "Every service that reads it, also those that only carry it inside of something else, with the way. Inside an incident's thread, without a name: what the first suspect owns.",
  needs: null,
  parse: ({ words }) => ({ name: words.length === 0 ? null : words.join(" ") }),
  call: (services, asking, { name }) => services.changes.impact(asking, name),
  say: (found) => ({
    tone: "info",
    text: headline(found),
    sections: found.contracts.map(impactSection),
    data: { impact: found.contracts },
  }),
});

function headline({ about, contracts }: ImpactView): string {
  const reached = new Set(contracts.flatMap(({ readers }) => readers.map(({ service }) => service)));
  const reach =
    reached.size === 0 ? "reaches nobody that the catalogue knows of" : `reaches ${count(reached.size, "service")}`;
  switch (about.kind) {
    case "contract":
      return `A change of *${escaped(contracts[0]?.contract ?? "")}* ${reach}.`;
    case "service":
      return contracts.length === 0
        ? `${escaped(about.service)} owns no contract in the catalogue.`
        : `A change of what *${escaped(about.service)}* owns ${reach}.`;
    case "suspect":
      return contracts.length === 0
        ? `The first suspect of INC-${about.incident} is *${escaped(about.name)}*; ${escaped(about.service)} owns no contract in the catalogue.`
        : `The first suspect of INC-${about.incident} is *${escaped(about.name)}*. A change of what ${escaped(about.service)} owns ${reach}.`;
  }
}
