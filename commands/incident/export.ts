import { defineCommand } from "../../src/command/command.ts";
import { escaped } from "../../src/command/format.ts";
import { incidentReference } from "../../src/command/references.ts";
import type { Services } from "../../src/services/contract.ts";

type Exported = Awaited<ReturnType<Services["incidents"]["export"]>>;

export const exportIncident = defineCommand<{ incident: number; format: string }, Exported>({
  family: "incident",
  name: "export",
  summary: "Write the postmortem from the timeline",
  usage: "export [INC-N] [format=markdown]",
  examples: ["incident export INC-3"],
  hint:
    "Notes and messages that begin with Impact:, Trigger:, Root cause:, Action: or Lesson: fill those sections; what is not " +
    "known stays a visible gap. Exporting again writes the next version.",
  needs: "export",
  also: "the button Export",
  takes: { options: ["format"] },
  parse: ({ words, options }, { asking }) => ({
    incident: incidentReference(words, asking, { bare: true }).incident,
    format: (options.get("format") ?? "markdown").toLowerCase(),
  }),
  call: (services, asking, { incident, format }) => services.incidents.export(asking, incident, format),
  say: ({ url, path, version, unchanged }, { incident, format }) => ({
    tone: "done",
    text: unchanged
      ? `The postmortem of INC-${incident} has not changed since version ${version}.`
      : `Wrote the postmortem of INC-${incident}, version ${version}.`,
    sections: [
      {
        lines: [
          ...(url === null ? [] : [`In the thread: <${url}|INC-${incident}.md>`]),
          ...(path === null ? [] : [`Saved as \`${escaped(path)}\``]),
        ],
      },
    ],
    data: { incident, format, url, path, version, unchanged },
  }),
});
