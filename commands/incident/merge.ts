import { defineCommand } from "../../src/command/command.ts";
import { incidentData } from "../../src/command/data.ts";
import { incidentNumber, usage } from "../../src/command/names.ts";
import { incidentLine } from "../../src/command/say.ts";
import type { IncidentView } from "../../src/services/contract.ts";

interface Wanted {
  readonly from: number;
  readonly into: number;
  readonly across?: string;
}

export const merge = defineCommand<Wanted, { into: IncidentView; from: IncidentView }>({
  family: "incident",
  name: "merge",
  summary: "Make two incidents one",
  usage: "merge INC-N [into] INC-M [across=REASON]",
  examples: ["incident merge INC-4 INC-3", 'incident merge INC-4 INC-3 across="both read one database"'],
  hint: "INC-N is closed and goes on in INC-M, with its alerts, runs and history; in a thread `merge INC-N` is meant into that thread's. Of two environments only with a reason. `split INC-M incident=INC-N` undoes it.",
  needs: "incident",
  takes: { options: ["across"] },
  parse: ({ words, options }, { asking }) => {
    const named = words.filter((word) => word.toLowerCase() !== "into");
    const numbers = named.map((word) => incidentNumber(word));
    const [from, second = asking.incident] = numbers;
    if (numbers.length > 2 || numbers.includes(null))
      throw usage("Which incidents?", "Write `merge INC-4 INC-3`: INC-4 goes on in INC-3.");
    if (from === undefined || from === null || second === null)
      throw usage("Which incidents?", "Write `merge INC-4 INC-3`: INC-4 goes on in INC-3.");
    const across = options.get("across");
    return { from, into: second, ...(across === undefined ? {} : { across }) };
  },
  call: (services, asking, { from, into, across }) => services.incidents.merge(asking, from, into, across),
  say: ({ into, from }, _, { catalogue, now }) => ({
    tone: "done",
    text: `INC-${from.number} goes on in INC-${into.number}.`,
    sections: [{ lines: [incidentLine(catalogue, into, now)] }],
    data: { incident: incidentData(into), merged: incidentData(from) },
  }),
});
