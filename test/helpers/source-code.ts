import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The checkout's top folder, with a trailing slash. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** One file of the product as the guard tests read it. Offsets of `code` and `text` are the same. */
export interface SourceFile {
  /** From the top folder: `src/base/clock.ts`. */
  readonly path: string;
  readonly text: string;
  /** The text with comments and the insides of strings blanked out. */
  readonly code: string;
  /** The insides of strings and templates, without what stands in `${}`. */
  readonly strings: readonly { readonly text: string; readonly offset: number }[];
  readonly imports: readonly Import[];
}

export interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
  readonly line: number;
}

/** Every TypeScript file below these folders of the checkout; a folder that is not there has none. */
export function sourceFiles(...folders: string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    filesBelow(folder)
      .filter((path) => /\.tsx?$/.test(path))
      .map((path) => parse(path, readFileSync(`${root}${path}`, "utf8"))),
  );
}

/** Paths of all files below a folder of the checkout, sorted. */
export function filesBelow(folder: string): string[] {
  try {
    return readdirSync(`${root}${folder}`, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath.slice(root.length)}/${entry.name}`)
      .sort();
  } catch {
    return [];
  }
}

export function parse(path: string, text: string): SourceFile {
  const { code, strings } = blank(text);
  return { path, text, code, strings, imports: importsOf(text, code) };
}

/** `src/a.ts:12` */
export function placeOf(file: SourceFile, offset: number): string {
  return `${file.path}:${lineAt(file.text, offset)}`;
}

function importsOf(text: string, code: string): Import[] {
  // Strings are blank in `code` but keep their quotes and length, so the name is read from `text`.
  const statement =
    /^(?:import|export)\b(?!\s*\.)(\s+type\b)?[^;"'`]*?(?:\bfrom\s*)?(["'])(\s*)\2|\bimport\s*\(\s*(["'])(\s*)\4/gm;
  return [...code.matchAll(statement)].flatMap((match) => {
    const whole = match[0];
    const isImport = whole.startsWith("import") || /\bfrom\s*["']\s*["']$/.test(whole);
    if (!isImport) return [];
    const inside = (match[3] ?? match[5] ?? "").length;
    const end = match.index + whole.length - 1;
    return [{ from: text.slice(end - inside, end), typeOnly: match[1] !== undefined, line: lineAt(text, match.index) }];
  });
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** A scanner just good enough for formatted TypeScript: comments, strings, nested templates, regular expressions. */
function blank(text: string): { code: string; strings: { text: string; offset: number }[] } {
  const out = [...text.replace(/[\ud800-\udfff]/g, "?")];
  const strings: { text: string; offset: number }[] = [];
  const templates: number[] = [];
  let braces = 0;
  const hide = (from: number, to: number) => {
    for (let at = from; at < to; at += 1) if (out[at] !== "\n") out[at] = " ";
  };
  const template = (from: number): number => {
    let at = from;
    while (at < text.length && text[at] !== "`" && !(text[at] === "$" && text[at + 1] === "{"))
      at += text[at] === "\\" ? 2 : 1;
    strings.push({ text: text.slice(from, at), offset: from });
    hide(from, at);
    if (text[at] !== "$") return at + 1;
    templates.push(braces);
    return at + 2;
  };
  let at = 0;
  while (at < text.length) {
    const char = text[at];
    const next = text[at + 1];
    if (char === "/" && next === "/") {
      const end = text.indexOf("\n", at);
      const stop = end < 0 ? text.length : end;
      hide(at, stop);
      at = stop;
    } else if (char === "/" && next === "*") {
      const end = text.indexOf("*/", at + 2);
      const stop = end < 0 ? text.length : end + 2;
      hide(at, stop);
      at = stop;
    } else if (char === '"' || char === "'") {
      let end = at + 1;
      while (end < text.length && text[end] !== char && text[end] !== "\n") end += text[end] === "\\" ? 2 : 1;
      strings.push({ text: text.slice(at + 1, end), offset: at + 1 });
      hide(at + 1, end);
      at = end + 1;
    } else if (char === "`") {
      at = template(at + 1);
    } else if (char === "}" && templates.at(-1) === braces) {
      templates.pop();
      at = template(at + 1);
    } else if (char === "/" && startsRegExp(text, at)) {
      const end = endOfRegExp(text, at);
      hide(at + 1, end);
      at = end + 1;
    } else {
      if (char === "{") braces += 1;
      if (char === "}") braces -= 1;
      at += 1;
    }
  }
  return { code: out.join(""), strings };
}

function startsRegExp(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 20), at).trimEnd();
  return before === "" || /[(,=:[!&|?{};+>]$|\b(return|case|typeof)$/.test(before);
}

function endOfRegExp(text: string, from: number): number {
  let inClass = false;
  let at = from + 1;
  while (at < text.length && text[at] !== "\n" && (inClass || text[at] !== "/")) {
    if (text[at] === "[") inClass = true;
    if (text[at] === "]") inClass = false;
    at += text[at] === "\\" ? 2 : 1;
  }
  return at;
}
