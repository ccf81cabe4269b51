import type { Instant } from "../../src/base/clock.ts";
import { defineCommand } from "../../src/command/command.ts";
import { timelineData } from "../../src/command/data.ts";
import { escaped, near } from "../../src/command/format.ts";
import { incidentReference } from "../../src/command/references.ts";
import type { TimelineView } from "../../src/services/contract.ts";

export const timeline = defineCommand<{ incident: number }, readonly TimelineView[]>({
  family: "incident",
  name: "timeline",
  summary: "Show what happened, in order",
  usage: "timeline [INC-N]",
  examples: ["incident timeline INC-3"],
  hint: "Lines marked with :pushpin: are key. `/incident export` writes all of it.",
  needs: null,
  parse: ({ words }, { asking }) => ({ incident: incidentReference(words, asking, { bare: true }).incident }),
  call: (services, asking, { incident }) => services.incidents.timeline(asking, incident),
  say: (entries, { incident }, { now }) => {
    const left = entries.length - MOST;
    return {
      tone: "info",
      text:
        entries.length === 0
          ? `INC-${incident} has nothing on its timeline yet.`
          : `Timeline of INC-${incident}${left > 0 ? `, the last ${MOST} of ${entries.length} lines` : ""}:`,
      sections: [{ lines: entries.slice(-MOST).map((entry) => line(entry, now, senderIn(entries))) }],
      buttons: [{ label: "Export", command: `incident export INC-${incident}` }],
      data: { timeline: entries.map(timelineData) },
    };
  },
});

const MOST = 25;
const MOST_CHARACTERS = 200;

/** Who sent the first alert: only others are named. */
const senderIn = (entries: readonly TimelineView[]): string | undefined =>
  entries.find(({ kind }) => kind === "signal")?.byName;

function line(entry: TimelineView, now: Instant, first: string | undefined): string {
  const text = entry.deleted ? "(deleted)" : entry.text.replace(/\s+/g, " ");
  const short = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;
  const marks = `${entry.key ? ":pushpin: " : ""}`;
  // What a sender or Nightdesk reports names itself; a person is named once.
  const named = entry.kind === "signal" || entry.kind === "deploy" || short.includes(entry.byName);
  const who = named ? "" : `${escaped(entry.byName)}: `;
  const sender = entry.kind === "signal" && entry.byName !== first ? ` · ${escaped(entry.byName)}` : "";
  return `${marks}${near(entry.at, now)} ${who}${escaped(short)}${sender}${entry.edited ? " (edited)" : ""}${joined(entry)}`;
}

/** Why an alert is of this incident, where no key says so, and its number for `split`. */
function joined({ data }: TimelineView): string {
  const by = data["joinedBy"];
  if (typeof by !== "object" || by === null || !("relation" in by) || !("why" in by)) return "";
  return ` _(joined because: ${escaped(String(by.why))}; signal ${String(data["signal"])})_`;
}
