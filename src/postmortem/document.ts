/**
 * A postmortem before anybody has chosen how it looks. Texts are plain: an exporter escapes them for its own format.
 * What is not known is a `gap`: it is shown as something to be written, never filled with a guess.
 */

export type Known = { readonly kind: "text"; readonly text: string };
/** `ask` says what belongs here. */
export type Gap = { readonly kind: "gap"; readonly ask: string };
export type Field = Known | Gap;

export interface Postmortem {
  readonly incident: number;
  readonly title: string;
  /** The header table, in this order. */
  readonly header: readonly { readonly name: string; readonly value: Field }[];
  readonly sections: readonly Section[];
}

export interface Section {
  readonly title: SectionTitle;
  readonly blocks: readonly Block[];
}

export const SECTION_TITLES = [
  "Non-technical Description",
  "Trigger",
  "Detection",
  "Resolution",
  "Timeline",
  "Root Cause(s)",
  "Action Items",
  "Lessons Learned",
] as const;
export type SectionTitle = (typeof SECTION_TITLES)[number];

export type Block =
  | { readonly kind: "paragraph"; readonly text: string }
  | Gap
  | { readonly kind: "bullets"; readonly items: readonly string[] }
  | { readonly kind: "days"; readonly days: readonly Day[] }
  | { readonly kind: "table"; readonly columns: readonly string[]; readonly rows: readonly (readonly Field[])[] };

/** One day of the timeline. `date` stands where the day changes: `16 March 2021`. */
export interface Day {
  readonly date: string;
  readonly lines: readonly Line[];
}

export interface Line {
  /** `14:42` */
  readonly time: string;
  /** People marked it as key. */
  readonly key: boolean;
  readonly text: string;
}
