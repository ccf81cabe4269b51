import type { Instant } from "../../src/base/clock.ts";
import { defineCommand } from "../../src/command/command.ts";
import { incidentData } from "../../src/command/data.ts";
import { dateTime } from "../../src/command/format.ts";
import { momentOf } from "../../src/command/moments.ts";
import { incidentReference } from "../../src/command/references.ts";
import type { IncidentView, MessageInThread } from "../../src/services/contract.ts";

interface Note {
  readonly incident: number;
  readonly text: string;
  readonly at?: Instant;
  readonly message?: MessageInThread;
}

export const note = defineCommand<Note, IncidentView & { readonly marked?: true }>({
  family: "incident",
  name: "note",
  summary: "Add a line to the timeline",
  usage: "note [INC-N] TEXT [at=TIME]",
  examples: ["incident note INC-3 Fix is ready, waiting for 05:00", "incident note INC-3 Deploy of TCS at=14:30"],
  hint: "`at` is when it happened, if that was earlier. Without a text a form opens.",
  needs: "incident",
  also: "the button Add note, the message shortcut Add to timeline",
  takes: { options: ["at"], prose: true },
  parse: ({ words, prose, options }, { catalogue, asking, now }) => {
    const { incident, from } = incidentReference(words, asking, { bare: words.length === 1 });
    const typed = asking.confirmation?.values ?? {};
    const at = typed["at"] || options.get("at");
    return {
      incident,
      text: (typed["text"] ?? prose(from)).trim(),
      ...(at ? { at: momentOf(at, now, catalogue.zone) } : {}),
      ...messageIn(typed),
    };
  },
  mayAsk: ({ words, prose }, place) => prose(incidentReference(words, place, { bare: words.length === 1 }).from) === "",
  form: ({ incident, text, message }) =>
    text !== "" || message !== undefined
      ? null
      : {
          id: `incident-note-${incident}`,
          title: `Add a note to INC-${incident}`,
          lines: [],
          look: "green",
          submit: "Add note",
          fields: [
            { key: "text", label: "What happened?", multiline: true },
            { key: "at", label: "When?", hint: "14:30, if it was earlier", optional: true },
          ],
        },
  call: (services, asking, { incident, ...noted }) => services.incidents.note(asking, incident, noted),
  say: (incident, { at }) => ({
    tone: "done",
    text:
      incident.marked === true
        ? `That is a line of INC-${incident.number}'s timeline already. It is marked as key now, as :pushpin: does.`
        : `Noted on INC-${incident.number}${at === undefined ? "" : `, for ${dateTime(at)}`}.`,
    data: { incident: incidentData(incident) },
  }),
});

/** What the message shortcut says beside the text: which message of the incident's thread it was used on. */
function messageIn(typed: Readonly<Record<string, string>>): { message?: MessageInThread } {
  const { message: ts, entry } = typed;
  if (ts === undefined) return {};
  return { message: { ts, ...(entry === undefined ? {} : { entry: Number(entry) }) } };
}
