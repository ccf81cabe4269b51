import { isMap, isScalar, parseDocument } from "yaml";
import type { Contracts } from "./contracts.ts";
import type { Shape } from "./schemas.ts";

/** A contract as it is written in the catalogue. `owner` null: nobody said whose it is. */
export interface WrittenContract {
  readonly owner: string | null;
  readonly contains: readonly string[];
  readonly consumers: readonly string[];
}

export interface Compared {
  /** What the catalogue should say: its own order, then what is new. */
  readonly contracts: ReadonlyMap<string, WrittenContract>;
  /** Where catalogue and schemas differ, one line each. */
  readonly differences: readonly string[];
  /** What only the catalogue has: it may come from elsewhere, and stays. */
  readonly notes: readonly string[];
}

/**
 * What the schemas say put into what the catalogue says: shapes and what they carry are the schemas' word; owners and
 * consumers that the catalogue knows stay.
 */
export function compareContracts(shapes: readonly Shape[], known: Contracts): Compared {
  const scanned = new Map(shapes.filter((shape) => isContract(shape, known)).map((shape) => [shape.name, shape]));
  const differences: string[] = [];
  const notes: string[] = [];
  const contracts = new Map<string, WrittenContract>();
  for (const [name, contract] of Object.entries(known)) {
    const shape = scanned.get(name);
    contracts.set(name, shape === undefined ? contract : together(shape, contract));
    if (shape === undefined) notes.push(`${name} is in the catalogue and in no schema: it stays as it is`);
    else differences.push(...differencesOf(shape, contract));
  }
  for (const [name, shape] of scanned) {
    if (contracts.has(name)) continue;
    contracts.set(name, together(shape, null));
    differences.push(`${name} (${shape.file}) is not in the catalogue`);
    if (shape.owner === null) {
      differences.push(`${name} has no owner: say "x-owner": "SERVICE" in ${shape.file}, or owner in the catalogue`);
    }
  }
  return { contracts, differences, notes };
}

/** What is only carried, and says nothing of its own, needs no entry. */
const isContract = (shape: Shape, known: Contracts): boolean =>
  shape.root || shape.says || shape.contains.length > 0 || Object.hasOwn(known, shape.name);

const together = (shape: Shape, known: WrittenContract | null): WrittenContract => ({
  owner: (shape.says ? shape.owner : null) ?? known?.owner ?? shape.owner,
  contains: inOrderOf(shape.contains, known?.contains ?? []),
  consumers: [...new Set([...(known?.consumers ?? []), ...shape.consumers])],
});

function differencesOf(shape: Shape, known: WrittenContract): string[] {
  const { name } = shape;
  const owner = shape.says ? shape.owner : null;
  const more = (own: readonly string[], other: readonly string[]) => own.filter((one) => !other.includes(one));
  return [
    ...(owner === null || owner === known.owner
      ? []
      : [`${name} belongs to ${owner} (${shape.file}), to ${known.owner ?? "nobody"} in the catalogue`]),
    ...more(shape.contains, known.contains).map((inner) => `${name} carries ${inner}, the catalogue does not say it`),
    ...more(known.contains, shape.contains).map((inner) => `${name} carries ${inner} only in the catalogue`),
    ...more(shape.consumers, known.consumers).map((one) => `${one} reads ${name}, the catalogue does not say it`),
  ];
}

const inOrderOf = (names: readonly string[], order: readonly string[]): string[] => [
  ...order.filter((name) => names.includes(name)),
  ...names.filter((name) => !order.includes(name)),
];

/** The block to put into the catalogue. */
export const contractsBlock = (contracts: ReadonlyMap<string, WrittenContract>): string =>
  `contracts:\n${[...contracts].map(([name, contract]) => `  ${lineOf(name, contract)}\n`).join("")}`;

function lineOf(name: string, { owner, contains, consumers }: WrittenContract): string {
  const list = (names: readonly string[]) => `[${names.map(word).join(", ")}]`;
  const parts = [
    `owner: ${owner === null ? "null" : word(owner)}`,
    ...(contains.length === 0 ? [] : [`contains: ${list(contains)}`]),
    ...(consumers.length === 0 ? [] : [`consumers: ${list(consumers)}`]),
  ];
  return `${word(name)}: { ${parts.join(", ")} }${owner === null ? " # whose is it?" : ""}`;
}

/** As it is where YAML takes it for text, else in quotes. */
const word = (text: string): string =>
  /^[A-Za-z_][\w./-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);

/**
 * The catalogue's text with these contracts: entries that change are written anew, others and all around them stay as they
 * are. Null where the text cannot be changed safely; then the block has to be pasted.
 */
export function withContracts(
  text: string,
  contracts: ReadonlyMap<string, WrittenContract>,
  known: Contracts,
): string | null {
  const document = parseDocument(text);
  if (document.errors.length > 0 || !isMap(document.contents)) return null;
  const pair = document.contents.items.find(({ key }) => isScalar(key) && key.value === "contracts");
  if (pair === undefined) return `${text}${text.endsWith("\n") ? "" : "\n"}\n${contractsBlock(contracts)}`;
  const map = pair.value;
  if (!isMap(map) || map.flow === true || map.items.length === 0) return null;
  const edits: { from: number; to: number; line: string }[] = [];
  for (const item of map.items) {
    const { key, value } = item;
    if (!isScalar(key) || !hasRange(key) || !hasRange(value)) return null;
    const name = String(key.value);
    const contract = contracts.get(name);
    if (contract === undefined || same(contract, known[name])) continue;
    const [from, to] = [key.range[0], trimmedEnd(text, value.range[1])];
    // What people wrote beside it would be lost with it.
    if (/(^|\s)#/.test(text.slice(from, to))) return null;
    edits.push({ from, to, line: lineOf(name, contract) });
  }
  const last = map.items.at(-1)?.value;
  const first = map.items[0]?.key;
  if (!hasRange(last) || !hasRange(first)) return null;
  const indent = " ".repeat(first.range[0] - (text.lastIndexOf("\n", first.range[0]) + 1));
  const fresh = [...contracts].filter(([name]) => !Object.hasOwn(known, name));
  const end = endOfLine(text, trimmedEnd(text, last.range[1]));
  const added = fresh.map(([name, contract]) => `\n${indent}${lineOf(name, contract)}`).join("");
  let changed = text.slice(0, end) + added + text.slice(end);
  for (const { from, to, line } of edits.sort((a, b) => b.from - a.from)) {
    changed = changed.slice(0, from) + line + changed.slice(to);
  }
  return changed;
}

const same = (one: WrittenContract, other: WrittenContract | undefined): boolean =>
  other !== undefined &&
  one.owner === other.owner &&
  one.contains.join("\n") === other.contains.join("\n") &&
  one.consumers.join("\n") === other.consumers.join("\n");

/** A block value's range may go on over blank lines. */
const trimmedEnd = (text: string, end: number): number => text.slice(0, end).trimEnd().length;

function endOfLine(text: string, from: number): number {
  const at = text.indexOf("\n", from);
  return at === -1 ? text.length : at;
}

const hasRange = (node: unknown): node is { readonly range: readonly [number, number, number] } =>
  typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range);
