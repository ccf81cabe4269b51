import { UserError } from "../base/errors.ts";
import { nearest } from "../config/nearest.ts";
import { typedWords, unescaped } from "./format.ts";

/**
 * The one grammar of all surfaces: `VERB JOB ENV [name=value …] [--flag[=value]]`, quoted strings, Slack's tokens.
 * Forgiving where keyboards are not (curly quotes, a dash for two hyphens), strict where a typo could run the wrong thing.
 */

/** One word as it was typed. `text` is unquoted and unescaped; `start` and `end` are its place in the line. */
interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** It began with a quote: never an option, never a flag. */
  readonly quoted: boolean;
  /** A quote was opened and not closed. */
  readonly open: boolean;
}

/** What a command's line may carry beside its words. */
export interface Options {
  /** Known as `name=value` and as `--name=value`. */
  readonly options?: readonly string[];
  /** Known as `--name`. */
  readonly flags?: readonly string[];
  /** Any further `name=value` is a parameter (`run`). */
  readonly parameters?: boolean;
  /** The rest of the line is prose: what looks like an unknown option is part of it. */
  readonly prose?: boolean;
}

/** A line, read by a command's options. */
export interface Words {
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, string>;
  readonly flags: ReadonlySet<string>;
  readonly parameters: Readonly<Record<string, string>>;
  /** The line as typed from the n-th word on, without options and flags; "" when there is nothing. */
  prose(from: number): string;
}

const QUOTES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "“": "”",
  "”": "”",
  "„": "“",
  "‘": "’",
  "«": "»",
};

/** Splits the first word off: `["run", "person-sync prod"]`. */
export function firstWord(line: string): [word: string, rest: string] {
  const trimmed = line.trim();
  const end = trimmed.search(/\s/);
  return end === -1 ? [trimmed, ""] : [trimmed.slice(0, end), trimmed.slice(end).trimStart()];
}

/** Throws a `UserError` of kind `usage` for an unknown option, or a quote that is not closed. */
export function readWords(line: string, takes: Options): Words {
  const words: Token[] = [];
  const taken: Token[] = [];
  const options = new Map<string, string>();
  const flags = new Set<string>();
  const parameters: Record<string, string> = {};
  const known = [...(takes.options ?? []), ...(takes.flags ?? [])];

  for (const token of tokenize(line)) {
    const option = token.quoted ? null : optionOf(token.text);
    if (option === null) {
      if (token.open && takes.prose !== true) throw unclosed(token.text);
      words.push(token);
      continue;
    }
    const { name, value, dashed } = option;
    if (value !== null && takes.options?.includes(name)) options.set(name, value);
    else if (value === null && takes.flags?.includes(name)) flags.add(name);
    else if (value !== null && !dashed && takes.parameters === true) {
      if (name in parameters) throw usage(`\`${name}\` is given twice.`);
      parameters[name] = value;
    } else if (takes.prose === true) {
      words.push(token);
      continue;
    } else throw unknownOption(option, known);
    if (token.open) throw unclosed(value ?? "");
    taken.push(token);
  }

  return {
    words: words.map((word) => word.text),
    options,
    flags,
    parameters,
    prose: (from) => {
      const first = words[from];
      if (first === undefined) return "";
      const only = words.length === from + 1;
      if (only && first.quoted) return first.text.trim();
      return typedWords(without(line, taken, first.start)).trim();
    },
  };
}

function* tokenize(line: string): Generator<Token> {
  let at = 0;
  while (at < line.length) {
    if (/\s/.test(line.charAt(at))) {
      at += 1;
      continue;
    }
    const start = at;
    let text = "";
    let open = false;
    const quoted = QUOTES[line.charAt(at)] !== undefined && closingQuote(line, at) !== -1;
    while (at < line.length && !/\s/.test(line.charAt(at))) {
      const char = line.charAt(at);
      const mayOpen = at === start || text.endsWith("=");
      const close = mayOpen && QUOTES[char] !== undefined ? closingQuote(line, at) : null;
      if (close !== null && close !== -1) {
        text += typedWords(line.slice(at + 1, close));
        at = close + 1;
      } else if (char === "<" && line.indexOf(">", at) !== -1) {
        const end = line.indexOf(">", at) + 1;
        text += typedToken(line.slice(at, end));
        at = end;
      } else {
        // An apostrophe that opens nothing is a letter; a double quote that is never closed is a slip.
        open ||= close === -1 && char !== "'" && char !== "‘";
        text += char;
        at += 1;
      }
    }
    yield { text: unescaped(text), start, end: at, quoted, open };
  }
}

/** The quote that ends what the one at `at` opens: the next of its kind with a blank or the end behind it. */
function closingQuote(line: string, at: number): number {
  const opening = line.charAt(at);
  const closing = QUOTES[opening];
  if (closing === undefined) return -1;
  for (let next = at + 1; next < line.length; next += 1) {
    const char = line.charAt(next);
    const closes = char === closing || (isDouble(opening) && isDouble(char));
    if (closes && (next + 1 === line.length || /\s/.test(line.charAt(next + 1)))) return next;
  }
  return -1;
}

/** Keyboards mix them: “like this" is closed too. */
const isDouble = (char: string): boolean => char === '"' || char === "“" || char === "”" || char === "„";

/** People stay a token (`<@U012>`), everything else becomes what it shows. */
function typedToken(token: string): string {
  const person = /^<@([UW][A-Z0-9]+)(?:\|[^>]*)?>$/.exec(token);
  return person === null ? typedWords(token) : `<@${person[1]}>`;
}

interface Option {
  readonly name: string;
  readonly value: string | null;
  readonly dashed: boolean;
}

function optionOf(text: string): Option | null {
  // Phones and desktops turn two hyphens into a dash.
  const dashed = /^(?:--|—|–)([A-Za-z][\w.-]*)(?:=([\s\S]*))?$/.exec(text);
  if (dashed !== null) return { name: dashed[1] ?? "", value: dashed[2] ?? null, dashed: true };
  const named = /^([A-Za-z_][\w.-]*)=([\s\S]*)$/.exec(text);
  return named === null ? null : { name: named[1] ?? "", value: named[2] ?? "", dashed: false };
}

function without(line: string, taken: readonly Token[], from: number): string {
  let result = "";
  let at = from;
  for (const token of taken) {
    if (token.start < at) continue;
    result += line.slice(at, token.start).replace(/\s+$/, " ");
    at = token.end;
  }
  return result + line.slice(at).replace(result === "" ? /^/ : /^\s+/, result.endsWith(" ") ? "" : " ");
}

const usage = (message: string, wayOut?: string): UserError =>
  new UserError("usage", { code: "usage", message, ...(wayOut === undefined ? {} : { wayOut }) });

const unclosed = (text: string): UserError => usage(`A quote is opened and not closed: ${text}`);

function unknownOption(option: Option, known: readonly string[]): UserError {
  const shown = `${option.dashed ? "--" : ""}${option.name}${option.value === null || option.dashed ? "" : "=…"}`;
  if (known.includes(option.name)) {
    return option.value === null
      ? usage(`${shown} needs a value.`, `Write ${option.name}=…`)
      : usage(`--${option.name} takes no value.`, `Write --${option.name}`);
  }
  const near = nearest(option.name, known);
  return usage(`There is no ${shown} here.`, near === null ? undefined : `Did you mean ${near}?`);
}
