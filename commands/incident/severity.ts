import { defineCommand } from "../../src/command/command.ts";
import { incidentData } from "../../src/command/data.ts";
import { usage } from "../../src/command/names.ts";
import { incidentReference } from "../../src/command/references.ts";
import { incidentLine } from "../../src/command/say.ts";
import { severityNamed } from "../../src/command/severities.ts";
import type { Severity } from "../../src/config/catalogue.ts";
import type { IncidentView } from "../../src/services/contract.ts";

interface Wanted {
  readonly incident: number;
  readonly severity: Severity;
  readonly reason?: string;
}

export const severity = defineCommand<Wanted, IncidentView>({
  family: "incident",
  name: "severity",
  summary: "Raise or lower its severity",
  usage: "severity [INC-N] sev1 | sev2 | sev3 | sev4 [REASON]",
  examples: ["incident severity INC-3 sev1 Nobody can work"],
  hint: "A rise mentions the people of the incident's route once.",
  needs: "incident",
  takes: { prose: true },
  parse: ({ words, prose }, { asking }) => {
    const { incident, from } = incidentReference(words, asking, { bare: asking.incident === null });
    const word = words[from];
    if (word === undefined) throw usage("How severe?", "Write sev1 (worst) to sev4.");
    const reason = prose(from + 1);
    return { incident, severity: severityNamed(word), ...(reason === "" ? {} : { reason }) };
  },
  call: (services, asking, { incident, severity: wanted, reason }) =>
    services.incidents.setSeverity(asking, incident, wanted, reason),
  say: (incident, _, { catalogue, now }) => ({
    tone: "done",
    text: incidentLine(catalogue, incident, now),
    data: { incident: incidentData(incident) },
  }),
});
