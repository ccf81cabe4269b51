import { UserError } from "../base/errors.ts";

/** A list longer than this is no list of entities but a whole source: that is what a full run is for. */
export const MOST_IDS = 200_000;
const LONGEST_ID = 200;

export interface ReadIds {
  /** In the order given, each once. */
  readonly ids: readonly string[];
  readonly duplicates: number;
}

/** The ids in a list of words: trimmed, empty ones left out, each once. Throws `UserError` for what can be no id. */
export function readIds(words: Iterable<string>): ReadIds {
  const ids = new Set<string>();
  let duplicates = 0;
  let position = 0;
  for (const word of words) {
    position += 1;
    const id = word.trim();
    if (id === "") continue;
    check(id, position);
    if (ids.has(id)) duplicates += 1;
    else ids.add(id);
    if (ids.size > MOST_IDS) throw tooMany();
  }
  if (ids.size === 0) {
    throw new UserError("invalid", { code: "no_ids", message: "There is no id in it.", wayOut: "Give at least one." });
  }
  return { ids: [...ids], duplicates };
}

/** Throws when a list of that many ids is too long. */
export function checkCount(count: number): void {
  if (count > MOST_IDS) throw tooMany();
}

function check(id: string, position: number): void {
  const wrong =
    id.length > LONGEST_ID
      ? `is longer than ${LONGEST_ID} characters`
      : CONTROL.test(id)
        ? "has control characters"
        : null;
  if (wrong === null) return;
  throw new UserError("invalid", {
    code: "bad_id",
    message: `The id at position ${position} ${wrong}.`,
    wayOut: "Nothing was sent. One id a line, or separated by commas.",
  });
}

/** Control and format characters, lone surrogates: what nobody can see in a preview. */
const CONTROL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const tooMany = (): UserError =>
  new UserError("invalid", {
    code: "too_many_ids",
    message: `More than ${MOST_IDS.toLocaleString("en-GB")} ids.`,
    wayOut: "Split the list, or run the whole job.",
  });
