import type { Instant } from "../base/clock.ts";
import type { TimelineView } from "../incidents/timeline.ts";
import type { Block, Day, Field, Gap, Line, Postmortem, Section } from "./document.ts";
import { dateIn, dateTimeIn, timeIn } from "./times.ts";
import { actionItem, type Label, labelled, readable } from "./words.ts";

/** What the document is made of: the incident as the record has it, and its timeline with corrections folded in. */
export interface Told {
  readonly number: number;
  readonly title: string;
  readonly status: string;
  readonly severity: string;
  readonly environment: string | null;
  readonly services: readonly string[];
  readonly jobs: readonly string[];
  readonly ownerName: string | null;
  readonly alerts: number;
  readonly firstSeenAt: Instant;
  readonly resolvedAt: Instant | null;
  readonly timeline: readonly TimelineView[];
  /** Deploys that may be why it began, the likeliest first. */
  readonly suspects?: readonly ToldSuspect[];
}

/** `what`: `tcs 6.2.0 was deployed in prod by Ben Okafor`; `reason`: why it is one. */
export interface ToldSuspect {
  readonly id: number;
  readonly at: Instant;
  readonly what: string;
  readonly reason: string;
  readonly url: string | null;
}

/** What nobody reads in a postmortem, and exports themselves: exporting must not change what is exported. */
const LEFT_OUT: readonly string[] = ["export", "reaction"];
/** A line learned of later than this says so. */
const LATE_MS = 10 * 60_000;

/** The same record gives the same document: nothing here reads the time, a locale or the place it runs at. */
export function compose(told: Told, zone: string): Postmortem {
  const entries = told.timeline.filter(({ kind }) => !LEFT_OUT.includes(kind));
  const said = (label: Label) => labelled(entries, label);
  return {
    incident: told.number,
    title: readable(told.title),
    header: [
      { name: "Date", value: text(period(told, zone)) },
      { name: "Authors", value: authors(told, entries) },
      { name: "Status", value: text(status(told, zone)) },
      { name: "Summary", value: text(said("summary").join("\n") || summary(told)) },
      { name: "Impact", value: orGap(said("impact"), "who noticed what, how many, for how long") },
    ],
    sections: [
      section(
        "Non-technical Description",
        words(said("description"), "what happened, for people who do not know the systems"),
      ),
      section("Trigger", trigger(said("trigger"), { ...told, timeline: entries }, zone)),
      section("Detection", detection(told, entries, { said: said("detection"), zone })),
      section("Resolution", resolution(told, entries, { said: said("resolution"), zone })),
      section("Timeline", timeline(entries, zone)),
      section("Root Cause(s)", bullets(said("cause"), "why it could happen, asked five times")),
      section("Action Items", [actions(said("action"))]),
      section("Lessons Learned", bullets(said("lesson"), "what went well, what went wrong, where we were lucky")),
    ],
  };
}

const text = (value: string): Field => ({ kind: "text", text: value });
const gap = (ask: string): Gap => ({ kind: "gap", ask });
const section = (title: Section["title"], blocks: readonly Block[]): Section => ({ title, blocks });
const orGap = (found: readonly string[], ask: string): Field =>
  found.length === 0 ? gap(ask) : text(found.join("\n"));
const words = (found: readonly string[], ask: string): Block[] =>
  found.length === 0 ? [gap(ask)] : found.map((one) => ({ kind: "paragraph", text: one }));
const bullets = (found: readonly string[], ask: string): Block[] =>
  found.length === 0 ? [gap(ask)] : [{ kind: "bullets", items: found }];

function period(told: Told, zone: string): string {
  const from = dateIn(told.firstSeenAt, zone);
  const to = told.resolvedAt === null ? from : dateIn(told.resolvedAt, zone);
  return from === to ? from : `${from} to ${to}`;
}

/** Who can tell: the owner and whoever wrote in the thread. */
function authors(told: Told, entries: readonly TimelineView[]): Field {
  const wrote = entries.filter(({ kind, deleted }) => !deleted && (kind === "message" || kind === "note"));
  const names = new Set([...(told.ownerName === null ? [] : [told.ownerName]), ...wrote.map(({ byName }) => byName)]);
  return names.size === 0 ? gap("who writes this") : text([...names].map(readable).join(", "));
}

function status(told: Told, zone: string): string {
  const word = told.status.charAt(0).toUpperCase() + told.status.slice(1);
  return told.resolvedAt === null ? word : `${word} ${dateTimeIn(told.resolvedAt, zone)}`;
}

function summary(told: Told): string {
  const where = told.environment === null ? "" : ` in ${told.environment}`;
  const what = [...told.services, ...told.jobs];
  const who = what.length === 0 ? "" : ` Affected: ${what.join(", ")}.`;
  const title = readable(told.title).replace(/\.+$/, "");
  return `INC-${told.number} (${told.severity})${where}: ${title}.${readable(who) === "" ? "" : ` ${readable(who)}`}`;
}

function trigger(said: readonly string[], { timeline: entries, suspects = [] }: Told, zone: string): Block[] {
  const first = entries.find(({ kind }) => kind === "signal" || kind === "monitor");
  const listed = new Set<unknown>(suspects.map(({ id }) => id));
  const deploys = entries.filter(
    ({ kind, at, data }) =>
      kind === "deploy" &&
      !listed.has(data["deploy"]) &&
      (first === undefined || at.epochMilliseconds <= first.at.epochMilliseconds),
  );
  const bulletsOf = (items: readonly string[], heading: string): Block[] =>
    items.length === 0
      ? []
      : [
          { kind: "paragraph", text: heading },
          { kind: "bullets", items },
        ];
  return [
    ...words(said, "what set it off"),
    ...bulletsOf(
      suspects.map((one) => suspectText(one, zone)),
      "Suspects, the likeliest first (not shown to be the trigger):",
    ),
    ...bulletsOf(
      deploys.map((entry) => `${dateTimeIn(entry.at, zone)}: ${lineText(entry)}`),
      "Deployed before the first alert (not shown to be the trigger):",
    ),
  ];
}

function suspectText({ at, what, reason, url }: ToldSuspect, zone: string): string {
  const link = url === null ? "" : ` (${url})`;
  return `${dateTimeIn(at, zone)}: ${readable(`${what}, ${reason}${link}`)}`;
}

function detection(
  told: Told,
  entries: readonly TimelineView[],
  with_: { said: readonly string[]; zone: string },
): Block[] {
  const first = entries.find(({ kind, deleted }) => (kind === "signal" || kind === "monitor") && !deleted);
  const alert: Block[] =
    first === undefined
      ? []
      : [{ kind: "paragraph", text: `First alert ${dateTimeIn(first.at, with_.zone)}: ${lineText(first)}` }];
  const counted: Block[] =
    told.alerts === 0
      ? []
      : [{ kind: "paragraph", text: `${told.alerts} alert${told.alerts === 1 ? "" : "s"} in all.` }];
  const said = with_.said.map((one): Block => ({ kind: "paragraph", text: one }));
  const all = [...alert, ...counted, ...said];
  return all.length === 0 ? [gap("how it was noticed, by whom, how long after it began")] : all;
}

function resolution(
  told: Told,
  entries: readonly TimelineView[],
  with_: { said: readonly string[]; zone: string },
): Block[] {
  const said = with_.said.map((one): Block => ({ kind: "paragraph", text: one }));
  const last = entries.findLast(({ kind, data }) => kind === "status" && data["to"] === "resolved");
  const closed: Block[] =
    last === undefined || told.status !== "resolved"
      ? []
      : [{ kind: "paragraph", text: `${dateTimeIn(last.at, with_.zone)}: ${lineText(last)}` }];
  return said.length === 0 ? [gap("what ended it, and how that was checked"), ...closed] : [...said, ...closed];
}

function timeline(entries: readonly TimelineView[], zone: string): Block[] {
  if (entries.length === 0) return [gap("what happened, in order")];
  const days: { date: string; lines: Line[] }[] = [];
  for (const entry of entries) {
    const date = dateIn(entry.at, zone);
    if (days.at(-1)?.date !== date) days.push({ date, lines: [] });
    days.at(-1)?.lines.push({ time: timeIn(entry.at, zone), key: entry.key, text: line(entry, zone) });
  }
  return [
    { kind: "paragraph", text: `All times in ${zone} unless indicated.` },
    { kind: "days", days: days satisfies readonly Day[] },
  ];
}

function line(entry: TimelineView, zone: string): string {
  const late = entry.learnedAt.epochMilliseconds - entry.at.epochMilliseconds > LATE_MS;
  const sameDay = dateIn(entry.at, zone) === dateIn(entry.learnedAt, zone);
  const learned = sameDay ? timeIn(entry.learnedAt, zone) : dateTimeIn(entry.learnedAt, zone);
  return [lineText(entry), ...(entry.edited ? ["(edited)"] : []), ...(late ? [`(recorded ${learned})`] : [])].join(" ");
}

/** People's words are told with their name; what Nightdesk wrote names whoever it is about by itself. */
function lineText(entry: TimelineView): string {
  const written = entry.kind === "message" || entry.kind === "note" || entry.kind === "file";
  const said = entry.deleted ? "(deleted)" : readable(entry.text);
  return written ? `${readable(entry.byName)}: ${said}` : said;
}

function actions(found: readonly string[]): Block {
  const columns = ["Action item", "Owner", "Comments"];
  const none: Field[] = [gap("what will be done so that it does not happen again"), gap("who"), gap("ticket, state")];
  const rows = found
    .map(actionItem)
    .map(({ item, owner }): Field[] => [text(item), owner === null ? gap("who") : text(owner), gap("ticket, state")]);
  return { kind: "table", columns, rows: rows.length === 0 ? [none] : rows };
}
