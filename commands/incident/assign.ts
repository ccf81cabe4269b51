import { defineCommand } from "../../src/command/command.ts";
import { incidentData } from "../../src/command/data.ts";
import { personNamed, usage } from "../../src/command/names.ts";
import { incidentReference } from "../../src/command/references.ts";
import { incidentLine } from "../../src/command/say.ts";
import type { IncidentView } from "../../src/services/contract.ts";

export const assign = defineCommand<{ incident: number; person: string }, IncidentView>({
  family: "incident",
  name: "assign",
  summary: "Give it an owner",
  usage: "assign [INC-N] @person",
  examples: ["incident assign INC-3 @asha", "incident assign INC-3 me"],
  needs: "incident",
  parse: ({ words, prose }, { catalogue, asking }) => {
    const { incident, from } = incidentReference(words, asking, { bare: words.length > 1 });
    const word = words.length === from + 1 ? (words[from] ?? "") : prose(from);
    if (word === "") throw usage("To whom?", "Name a person, or `me`.");
    return { incident, person: personNamed(catalogue, word, asking.actor.key) };
  },
  call: (services, asking, { incident, person }) => services.incidents.assign(asking, incident, person),
  say: (incident, _, { catalogue, now }) => ({
    tone: "done",
    text: incidentLine(catalogue, incident, now),
    data: { incident: incidentData(incident) },
  }),
});
