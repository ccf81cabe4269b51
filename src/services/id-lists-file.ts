import { CsvError, parse } from "csv-parse/sync";
import { messageOf, UserError } from "../base/errors.ts";

/** A file that somebody attached to a message, as Slack names it. */
export interface AttachedFile {
  readonly id: string;
  readonly name: string;
  /** Where its bytes are (`url_private`). */
  readonly url: string;
  readonly bytes: number;
}

export const MOST_BYTES = 5_000_000;

/** The text of an attached file. Throws a `UserError` when it cannot be had. Joined by app.ts with Slack. */
export type ReadAttached = (file: AttachedFile) => Promise<string>;

/** Column names that say which column has the ids. */
const NAMES = ["id", "ids", "ref", "reference", "key", "uuid", "entity"];

/** The column of ids of a CSV file (comma, semicolon or tab). Throws a `UserError` when it is not clear which that is. */
export function idColumn(text: string, name: string): string[] {
  const rows = rowsOf(text, name);
  const head = (rows[0] ?? []).map((cell) => cell.trim().toLowerCase());
  const named = NAMES.map((known) => head.indexOf(known)).find((index) => index >= 0);
  if (named !== undefined) return rows.slice(1).map((row) => row[named] ?? "");
  const wide = rows.findIndex((row) => row.length > 1);
  if (wide === -1) return rows.map((row) => row[0] ?? "");
  throw unreadable(
    `${name} has several columns (row ${wide + 1}), and none is called ${NAMES.slice(0, 3).join(", ")}.`,
    "Name the column of ids `id` in its first row, or send one column.",
  );
}

function rowsOf(text: string, name: string): string[][] {
  if (text.includes("\u0000")) throw unreadable(`${name} is no text file.`, "Send a CSV file: one id a line.");
  try {
    return parse(text, {
      bom: true,
      delimiter: [",", ";", "\t"],
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: 10_000,
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw unreadable(`${name} is no CSV file: ${messageOf(error)}.`, "Nothing was sent. One id a line will do.");
  }
}

/** Throws when it is too big to be looked at. */
export function checkSize(file: Pick<AttachedFile, "name" | "bytes">): void {
  if (file.bytes <= MOST_BYTES) return;
  throw unreadable(
    `${file.name} has ${(file.bytes / 1_000_000).toFixed(1)} MB.`,
    `At most ${MOST_BYTES / 1_000_000} MB: split it, or run the whole job.`,
  );
}

const unreadable = (message: string, wayOut: string): UserError =>
  new UserError("invalid", { code: "file", message, wayOut });
