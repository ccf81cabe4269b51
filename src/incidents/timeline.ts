import type { Instant } from "../base/clock.ts";
import type { TimelineEntryId } from "../base/ids.ts";

export const TIMELINE_KINDS = [
  "signal",
  "run",
  "command",
  "message",
  "reaction",
  "file",
  "deploy",
  "status",
  "severity",
  "note",
  "monitor",
  "merge",
  "notice",
  "export",
] as const;
export type TimelineKind = (typeof TIMELINE_KINDS)[number];

/** A correction is an entry of its own that points to the one it corrects. */
export type TimelineChange = "edit" | "delete" | "key" | "unkey";

/** An entry before it is appended. `text` is redacted when it is written. */
export interface EntryDraft {
  readonly kind: TimelineKind;
  /** When it happened. */
  readonly at: Instant;
  readonly actor: string;
  readonly actorKey: string;
  readonly actorName: string;
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Posted as a reply in the thread; false: only counted, or people have seen it there already. */
  readonly visible: boolean;
  readonly corrects?: TimelineEntryId;
  readonly change?: TimelineChange;
  /** Of the person's message it was captured from. */
  readonly slackTs?: string;
}

export interface TimelineEntry extends EntryDraft {
  readonly id: TimelineEntryId;
  /** When Nightdesk learned of it. */
  readonly learnedAt: Instant;
  readonly blankedAt: Instant | null;
}

/** One line of a timeline with its corrections folded in. */
export interface TimelineView {
  readonly kind: string;
  readonly at: Instant;
  readonly learnedAt: Instant;
  readonly by: string;
  readonly byName: string;
  readonly text: string;
  readonly edited: boolean;
  readonly deleted: boolean;
  /** Marked by people as one of the lines that matter. */
  readonly key: boolean;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * What people read: in the order in which it happened, each line with its latest correction. A deleted line stays as a
 * tombstone without text. The latest mark or unmark says whether it is key. A deploy that incidents suspected before they
 * became one is one line.
 */
export function viewOf(entries: readonly TimelineEntry[]): TimelineView[] {
  const corrections = new Map<TimelineEntryId, TimelineEntry[]>();
  for (const entry of [...entries].sort((a, b) => a.id - b.id)) {
    if (entry.corrects === undefined) continue;
    corrections.set(entry.corrects, [...(corrections.get(entry.corrects) ?? []), entry]);
  }
  return onceSuspected(entries.filter((entry) => entry.corrects === undefined))
    .sort((a, b) => a.at.epochMilliseconds - b.at.epochMilliseconds || a.id - b.id)
    .map((entry) => corrected(entry, corrections.get(entry.id) ?? []));
}

function onceSuspected(entries: readonly TimelineEntry[]): TimelineEntry[] {
  const first = new Map<unknown, TimelineEntryId>();
  for (const { id, data } of entries) {
    if (data["suspect"] === true)
      first.set(data["deploy"], Math.min(id, first.get(data["deploy"]) ?? id) as TimelineEntryId);
  }
  return entries.filter(({ id, data }) => data["suspect"] !== true || first.get(data["deploy"]) === id);
}

function corrected(entry: TimelineEntry, corrections: readonly TimelineEntry[]): TimelineView {
  const edit = corrections.findLast((correction) => correction.change === "edit");
  const deleted = entry.blankedAt !== null || corrections.some((correction) => correction.change === "delete");
  const mark = corrections.findLast((correction) => correction.change === "key" || correction.change === "unkey");
  return {
    kind: entry.kind,
    at: entry.at,
    learnedAt: entry.learnedAt,
    by: entry.actorKey,
    byName: entry.actorName,
    text: deleted ? "" : (edit ?? entry).text,
    edited: edit !== undefined,
    deleted,
    key: mark?.change === "key",
    data: deleted ? {} : { ...entry.data, ...edit?.data },
  };
}
