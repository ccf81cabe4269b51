import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { messageOf, UserError } from "./base/errors.ts";
import type { Contracts } from "./changes/contracts.ts";
import { compareContracts, contractsBlock, withContracts } from "./changes/contracts-block.ts";
import { scanSchemas } from "./changes/schemas.ts";
import { readDocument } from "./config/document.ts";
import type { Environment } from "./config/env.ts";
import { contractSchema } from "./config/sections/changes.ts";

const USAGE = "nightdesk contracts scan DIR [--write]";
const MOST_FILES = 5_000;
const MOST_BYTES = 5 * 1_024 * 1_024;

export interface ScanResult {
  /** 0: the catalogue says what the schemas say (now); 1: they differ; 2: something has to be mended first. */
  readonly exitCode: 0 | 1 | 2;
  /** For stdout: the block to paste. */
  readonly block: string;
  /** For stderr: what differs, what to mend, what was left out. */
  readonly lines: readonly string[];
}

/** `nightdesk contracts`: reads a folder of JSON Schemas and compares it with the catalogue's `contracts:`. */
export function contractsFromTerminal(words: readonly string[], env: Environment): ScanResult {
  const { folder, write } = readWords(words);
  const catalogue = env["NIGHTDESK_CATALOGUE"] || "nightdesk.yml";
  const { texts, problems: unread } = readFolder(folder);
  const scan = scanSchemas(texts);
  const known = readKnown(catalogue, env);
  const { contracts, differences, notes } = compareContracts(scan.shapes, known.contracts);
  const block = contracts.size === 0 ? "" : contractsBlock(contracts);
  const inFolder = (line: string) => `${folder.replace(/\/+$/, "")}/${line}`;
  const problems = [...unread, ...scan.problems.map(inFolder), ...known.problems];
  const told = [
    ...problems,
    ...scan.notes.map((note) => `note: ${inFolder(note)}`),
    ...notes.map((note) => `note: ${note}`),
    ...(known.text === null ? [`note: there is no ${catalogue} to compare with`] : []),
    ...differences.map((line) => `differs: ${line}`),
  ];
  if (problems.length > 0) {
    const count = `${problems.length} ${problems.length === 1 ? "problem" : "problems"}`;
    return { exitCode: 2, block, lines: [...told, `${count}; what these files say is not known`] };
  }
  if (!write || differences.length === 0) {
    const end = differences.length === 0 ? `${scan.shapes.length} shapes: the catalogue says the same` : null;
    return { exitCode: differences.length === 0 ? 0 : 1, block, lines: [...told, ...(end === null ? [] : [end])] };
  }
  const changed = known.text === null ? null : withContracts(known.text, contracts, known.contracts);
  if (changed === null) {
    return { exitCode: 1, block, lines: [...told, `${catalogue} was not changed: paste the block instead`] };
  }
  writeFileSync(catalogue, changed);
  const left = differences.some((line) => line.includes("has no owner")) ? 1 : 0;
  return {
    exitCode: left,
    block,
    lines: [...told, `${catalogue}: written; \`nightdesk check ${catalogue}\` looks at it`],
  };
}

function readWords(words: readonly string[]): { folder: string; write: boolean } {
  const [verb, ...rest] = words;
  const folders = rest.filter((word) => !word.startsWith("--"));
  const unknown = rest.find((word) => word.startsWith("--") && word !== "--write");
  const [folder] = folders;
  if (verb === "scan" && folder !== undefined && folders.length === 1 && unknown === undefined) {
    return { folder, write: rest.includes("--write") };
  }
  const message =
    unknown !== undefined
      ? `There is no ${unknown}.`
      : verb === "scan"
        ? "Which folder of JSON Schemas?"
        : `There is no "contracts${verb === undefined ? "" : ` ${verb}`}".`;
  throw new UserError("usage", { code: "usage", message, wayOut: `Usage: ${USAGE}` });
}

/** Every `*.json` below the folder, by its path there. Links are not followed. */
function readFolder(folder: string): { texts: Map<string, string>; problems: string[] } {
  const texts = new Map<string, string>();
  const problems: string[] = [];
  if (!existsSync(folder) || !lstatSync(folder).isDirectory()) {
    throw new UserError("not_found", {
      code: "no_folder",
      message: `${folder} is no folder.`,
      wayOut: `Usage: ${USAGE}`,
    });
  }
  const waiting = [""];
  for (let below = waiting.shift(); below !== undefined; below = waiting.shift()) {
    const entries = readdirSync(join(folder, below), { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    for (const entry of entries) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules") waiting.push(path);
      if (!entry.isFile() || !entry.name.toLowerCase().endsWith(".json")) continue;
      if (texts.size >= MOST_FILES) {
        return { texts, problems: [...problems, `${folder}: more than ${MOST_FILES} files; name a folder of schemas`] };
      }
      const file = join(folder, path);
      if (lstatSync(file).size > MOST_BYTES)
        problems.push(`${file}:1:1: is larger than 5 MB; move it out of the folder`);
      else texts.set(path, readFileSync(file, "utf8"));
    }
  }
  if (texts.size === 0) problems.push(`${folder}: has no *.json; name a folder of JSON Schemas`);
  return { texts, problems };
}

/** The catalogue's `contracts:` alone: what else is wrong there, and secrets, are no concern of a scan. */
function readKnown(file: string, env: Environment): { text: string | null; contracts: Contracts; problems: string[] } {
  if (!existsSync(file)) return { text: null, contracts: {}, problems: [] };
  try {
    const text = readFileSync(file, "utf8");
    const value = readDocument(text, env).value;
    const section = typeof value === "object" && value !== null && "contracts" in value ? value.contracts : {};
    const parsed = z.record(z.string(), contractSchema).safeParse(section ?? {});
    if (parsed.success) return { text, contracts: parsed.data, problems: [] };
    return {
      text,
      contracts: {},
      problems: [`${file}: contracts: cannot be read; \`nightdesk check ${file}\` says why`],
    };
  } catch (error) {
    return { text: null, contracts: {}, problems: [`${file}: cannot be read: ${messageOf(error)}`] };
  }
}
