import type { PluginSchemas } from "./config/load.ts";
import { HOOK_SOURCES } from "./intake/sources/index.ts";
import { connectorSchemas } from "./jobs/connectors/index.ts";

/** What the built plug-ins accept as their entries in the catalogue. */
export const plugins: PluginSchemas = {
  sources: Object.fromEntries(HOOK_SOURCES.map((source) => [source.kind, source.settings])),
  connectors: connectorSchemas,
  unsigned: Object.fromEntries(HOOK_SOURCES.map((source) => [source.kind, source.unsigned])),
};
