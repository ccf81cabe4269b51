import { defineCommand } from "../../src/command/command.ts";
import { incidentData } from "../../src/command/data.ts";
import { incidentReference } from "../../src/command/references.ts";
import { incidentLine } from "../../src/command/say.ts";
import { suspectSections } from "../../src/command/say-changes.ts";
import { statusNamed } from "../../src/command/statuses.ts";
import type { IncidentStatus, IncidentView } from "../../src/services/contract.ts";

interface Wanted {
  readonly incident: number;
  readonly status?: IncidentStatus;
  readonly reason?: string;
}

export const status = defineCommand<Wanted, IncidentView>({
  family: "incident",
  name: "status",
  summary: "Show an incident, or move it to another status",
  usage: "status [INC-N] [open | acknowledged | mitigated | resolved] [REASON]",
  examples: ["incident status INC-3", "incident status INC-3 mitigated Jobs re-run, applicants follow"],
  needs: "incident",
  takes: { prose: true },
  parse: ({ words, prose }, { asking }) => {
    const { incident, from } = incidentReference(words, asking, { bare: true });
    const word = words[from];
    if (word === undefined) return { incident };
    const reason = prose(from + 1);
    return { incident, status: statusNamed(word), ...(reason === "" ? {} : { reason }) };
  },
  call: (services, asking, { incident, status: wanted, reason }) =>
    wanted === undefined
      ? services.incidents.get(asking, incident)
      : services.incidents.setStatus(asking, incident, wanted, reason),
  say: (incident, { status: wanted }, { catalogue, now }) => ({
    tone: wanted === undefined ? "info" : "done",
    text: incidentLine(catalogue, incident, now),
    sections: suspectSections(catalogue, incident, now),
    data: { incident: incidentData(incident) },
  }),
});
