import { defineCommand } from "../../src/command/command.ts";
import { incidentData } from "../../src/command/data.ts";
import { incidentNumber, jobNamed, usage } from "../../src/command/names.ts";
import { incidentReference } from "../../src/command/references.ts";
import { incidentLine } from "../../src/command/say.ts";
import type { IncidentView, WantedSplit } from "../../src/services/contract.ts";

interface Wanted {
  readonly incident: number;
  readonly what: WantedSplit;
}

export const split = defineCommand<Wanted, { from: IncidentView; own: IncidentView }>({
  family: "incident",
  name: "split",
  summary: "Take out what is another trouble",
  usage: "split [INC-N] service=NAME | job=NAME | cause=WORD | signal=N | incident=INC-M [title=TEXT]",
  examples: [
    "incident split INC-3 service=tis-sync",
    'incident split INC-3 job=person-sync title="Person search is stale"',
  ],
  hint: "What is named gets an incident and a thread of its own, and does not join again. `signal` is the number of an alert in the timeline; it and its repetitions go. `incident` takes out what came with a merge.",
  needs: "incident",
  takes: { options: ["service", "job", "cause", "signal", "incident", "title"] },
  parse: ({ words, options }, { asking, catalogue }) => {
    const { incident, from } = incidentReference(words, asking, { bare: true });
    const rest = words[from];
    if (rest !== undefined) throw usage(`What is "${rest}"?`, `Write service=${rest}, job=${rest} or cause=${rest}.`);
    const what = read(options, (job) => jobNamed(catalogue, job));
    const named = Object.keys(what).filter((name) => name !== "title");
    if (named.length === 0)
      throw usage("What is to be taken out?", "Write service=…, job=…, cause=…, signal=N or incident=INC-N.");
    if (what.incident !== undefined && named.length > 1)
      throw usage("`incident` stands alone: it takes out all that came with that merge.");
    return { incident, what };
  },
  call: (services, asking, { incident, what }) => services.incidents.split(asking, incident, what),
  say: ({ from, own }, _, { catalogue, now }) => ({
    tone: "done",
    text: `INC-${own.number} was taken out of INC-${from.number}.`,
    sections: [{ lines: [incidentLine(catalogue, own, now), incidentLine(catalogue, from, now)] }],
    data: { incident: incidentData(own), from: incidentData(from) },
  }),
});

function read(options: ReadonlyMap<string, string>, job: (name: string) => string): WantedSplit {
  const text = (name: "service" | "cause" | "title") => {
    const value = options.get(name)?.trim();
    return value === undefined || value === "" ? {} : { [name]: value };
  };
  const signal = options.get("signal");
  if (signal !== undefined && !/^\d{1,12}$/.test(signal)) throw usage(`"${signal}" is no number of a signal.`);
  const merged = options.get("incident");
  const incident = merged === undefined ? undefined : incidentNumber(merged);
  if (incident === null) throw usage(`"${merged}" is no incident.`, "Write incident=INC-4.");
  const named = options.get("job");
  return {
    ...text("service"),
    ...text("cause"),
    ...text("title"),
    ...(named === undefined ? {} : { job: job(named) }),
    ...(signal === undefined ? {} : { signal: Number(signal) }),
    ...(incident === undefined ? {} : { incident }),
  };
}
