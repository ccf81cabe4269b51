import { defineCommand } from "../../src/command/command.ts";
import { incidentData } from "../../src/command/data.ts";
import { incidentReference } from "../../src/command/references.ts";
import { incidentLine } from "../../src/command/say.ts";
import type { IncidentView } from "../../src/services/contract.ts";

export const resolve = defineCommand<{ incident: number; reason?: string }, IncidentView>({
  family: "incident",
  name: "resolve",
  summary: "Close an incident",
  usage: "resolve [INC-N] [REASON]",
  examples: ["incident resolve INC-3", "incident resolve INC-3 NIMDTA jobs re-run at 10:45"],
  hint: "If it starts again soon, the same incident is opened again.",
  needs: "incident",
  also: "the button Resolve",
  takes: { prose: true },
  parse: ({ words, prose }, { asking }) => {
    const { incident, from } = incidentReference(words, asking, { bare: words.length === 1 });
    const reason = prose(from);
    return { incident, ...(reason === "" ? {} : { reason }) };
  },
  call: (services, asking, { incident, reason }) => services.incidents.setStatus(asking, incident, "resolved", reason),
  say: (incident, _, { catalogue, now }) => ({
    tone: "done",
    text: incidentLine(catalogue, incident, now),
    buttons: [{ label: "Export", command: `incident export INC-${incident.number}` }],
    data: { incident: incidentData(incident) },
  }),
});
