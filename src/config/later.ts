import type { Catalogue } from "./catalogue.ts";

/** Plug-ins that the catalogue may name already and that this version does not have. */
const LATER = {
  sources: [],
  targets: [],
} as const;

/** Whether this kind of source (or connector of a target) is known to come; asked of those that are not there. */
export function isLaterPlugin(section: keyof typeof LATER, name: string): boolean {
  return (LATER[section] as readonly string[]).includes(name);
}

/** The plug-ins that this version has, by name. */
export interface KnownPlugins {
  readonly sources: Readonly<Record<string, unknown>>;
  readonly connectors: Readonly<Record<string, unknown>>;
}

/**
 * What the catalogue says and this version keeps without acting on it (or not in full), one line each: nobody may believe at night that
 * a monitor watches when none does. Printed at start and by `nightdesk check`.
 */
export function notActedOn(catalogue: Catalogue, plugins: KnownPlugins): string[] {
  return [
    ...Object.entries(catalogue.sources)
      .filter(([, source]) => !Object.hasOwn(plugins.sources, source.kind))
      .map(([name, source]) => `sources.${name}: kind ${source.kind} is not there yet; its webhooks are answered 404`),
    ...Object.entries(catalogue.targets)
      .filter(([, target]) => !Object.hasOwn(plugins.connectors, target.connector))
      .map(
        ([name, { connector }]) =>
          `targets.${name}: connector ${connector} is not there yet; nothing can be started there`,
      ),
  ].map((line) => `not acted on yet: ${line}`);
}
