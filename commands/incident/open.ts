import type { Instant } from "../../src/base/clock.ts";
import { defineCommand } from "../../src/command/command.ts";
import { incidentData } from "../../src/command/data.ts";
import { momentOf } from "../../src/command/moments.ts";
import { environmentNamed } from "../../src/command/names.ts";
import { incidentLine } from "../../src/command/say.ts";
import { severityNamed } from "../../src/command/severities.ts";
import { SEVERITIES, type Severity } from "../../src/config/catalogue.ts";
import type { IncidentView } from "../../src/services/contract.ts";

interface What {
  readonly title: string;
  readonly severity?: Severity;
  readonly environment?: string;
  readonly service?: string;
  readonly at?: Instant;
}

export const open = defineCommand<What, IncidentView>({
  family: "incident",
  name: "open",
  summary: "Open an incident by hand",
  usage: "open TITLE [severity=sev2] [environment=ENV] [service=NAME] [at=TIME]",
  examples: ["incident open", "incident open Trainee list is empty severity=sev2 environment=prod at=07:15"],
  hint: "Without a title a form opens. `at` is when it began, if that was earlier.",
  needs: "incident",
  takes: { options: ["severity", "environment", "service", "at"], prose: true },
  parse: ({ prose, options }, { catalogue, asking, now }) => {
    const typed = asking.confirmation?.values ?? {};
    const severity = typed["severity"] ?? options.get("severity");
    const environment = typed["environment"] ?? options.get("environment");
    const service = options.get("service");
    const at = typed["at"] || options.get("at");
    return {
      title: (typed["title"] ?? prose(0)).trim(),
      ...(severity ? { severity: severityNamed(severity) } : {}),
      ...(environment ? { environment: environmentNamed(catalogue, environment) } : {}),
      ...(service === undefined ? {} : { service }),
      ...(at ? { at: momentOf(at, now, catalogue.zone) } : {}),
    };
  },
  mayAsk: ({ prose }) => prose(0) === "",
  form: ({ title }) =>
    title !== ""
      ? null
      : {
          id: "incident-open",
          title: "Open an incident",
          lines: [],
          look: "amber",
          submit: "Open",
          fields: [
            { key: "title", label: "What is wrong?", hint: "One line that people recognise" },
            {
              key: "severity",
              label: "Severity",
              options: SEVERITIES.map((severity) => ({ value: severity, label: severity })),
              initial: "sev3",
            },
            { key: "at", label: "Since when?", hint: "14:30, if it began earlier", optional: true },
          ],
        },
  call: (services, asking, what) => services.incidents.open(asking, what),
  say: (incident, _, { catalogue, now }) => ({
    tone: "done",
    text: `Opened ${incidentLine(catalogue, incident, now)}`,
    sections: [{ lines: ["Its thread is on its way. What is said there becomes its timeline."] }],
    buttons: [{ label: "Acknowledge", command: `incident ack INC-${incident.number}` }],
    data: { incident: incidentData(incident) },
  }),
});
