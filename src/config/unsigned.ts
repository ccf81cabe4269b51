import type { Catalogue } from "./catalogue.ts";

/** Per kind of source: what of such an entry comes in without a signature, null where nothing does. */
export type UnsignedParts = Readonly<Record<string, (entry: unknown) => string | null>>;

/** A secret that stands in a URL is tried by strangers: shorter than this it is said to be short. */
const SHORT = 20;

/**
 * One line for each source that takes something without a signature: whoever learns its URL can speak in its name, and
 * nobody may find that out at night. Printed at start and by `nightdesk check`.
 */
export function unsignedSources(catalogue: Catalogue, unsigned: UnsignedParts): string[] {
  return Object.entries(catalogue.sources).flatMap(([name, entry]) => {
    const part = Object.hasOwn(unsigned, entry.kind) ? unsigned[entry.kind]?.(entry) : null;
    if (part === null || part === undefined) return [];
    const secret = entry["secret"];
    const short =
      typeof secret === "string" && secret.length < SHORT
        ? `, and this one is short: \`openssl rand -hex 24\` makes a good one`
        : "";
    return [
      `sources.${name}: ${part} cannot sign: it is only as secret as its URL (/hooks/${part === "a ping" ? "ping" : name}/SECRET)${short}`,
    ];
  });
}
