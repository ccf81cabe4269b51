import type { Exporter, ExporterParts } from "./contract.ts";
import { createMarkdownExporter } from "./markdown.ts";

/** Every exporter there is, the default first. */
export const createExporters = (parts: ExporterParts): readonly Exporter[] => [createMarkdownExporter(parts)];
