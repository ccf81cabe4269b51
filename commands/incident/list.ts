import { defineCommand } from "../../src/command/command.ts";
import { incidentData } from "../../src/command/data.ts";
import { count } from "../../src/command/format.ts";
import { incidentLine, shortened } from "../../src/command/say.ts";
import { statusNamed } from "../../src/command/statuses.ts";
import type { IncidentStatus, IncidentView } from "../../src/services/contract.ts";

interface Filter {
  readonly status?: IncidentStatus;
  readonly all?: boolean;
}

export const list = defineCommand<Filter, readonly IncidentView[]>({
  family: "incident",
  name: "list",
  summary: "List the incidents that are not resolved",
  usage: "list [open | acknowledged | mitigated | resolved] [--all]",
  examples: ["incident list", "incident list resolved", "incident list --all"],
  needs: null,
  takes: { flags: ["all"] },
  parse: ({ words, flags }) => ({
    ...(words[0] === undefined || words[0] === "all" ? {} : { status: statusNamed(words[0]) }),
    ...(flags.has("all") || words[0] === "all" ? { all: true } : {}),
  }),
  call: (services, asking, filter) => services.incidents.list(asking, filter),
  say: (incidents, { status, all }, { catalogue, now }) => ({
    tone: "info",
    text:
      incidents.length > 0
        ? `${count(incidents.length, "incident")}, newest first:`
        : status !== undefined
          ? `No incident is ${status}.`
          : all === true
            ? "There was no incident yet."
            : "Nothing is open. All quiet.",
    sections: [
      {
        lines: shortened(
          incidents.map((incident) => incidentLine(catalogue, incident, now)),
          20,
          "Name a status: `/incident list open`.",
        ),
      },
    ],
    data: { incidents: incidents.map(incidentData) },
  }),
});
