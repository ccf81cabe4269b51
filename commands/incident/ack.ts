import { defineCommand } from "../../src/command/command.ts";
import { incidentData } from "../../src/command/data.ts";
import { incidentReference } from "../../src/command/references.ts";
import { incidentLine } from "../../src/command/say.ts";
import type { IncidentView } from "../../src/services/contract.ts";

export const ack = defineCommand<{ incident: number }, IncidentView>({
  family: "incident",
  name: "ack",
  summary: "Say that you look after it",
  usage: "ack [INC-N]",
  examples: ["incident ack INC-3"],
  hint: "If nobody owns it yet, it is yours.",
  needs: "incident",
  also: "the button Acknowledge",
  parse: ({ words }, { asking }) => ({ incident: incidentReference(words, asking, { bare: true }).incident }),
  call: (services, asking, { incident }) => services.incidents.acknowledge(asking, incident),
  say: (incident, _, { catalogue, now }) => ({
    tone: "done",
    text: incidentLine(catalogue, incident, now),
    buttons: [{ label: "Resolve", command: `incident resolve INC-${incident.number}` }],
    data: { incident: incidentData(incident) },
  }),
});
