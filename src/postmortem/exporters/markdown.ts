import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { newId } from "../../base/ids.ts";
import type { Block, Field, Postmortem } from "../document.ts";
import { escapeMarkdown, inCell, inItem } from "../markdown-text.ts";
import type { Exporter, ExporterParts } from "./contract.ts";

/** GitHub's Markdown: saved as `INC-<n>.md` in a folder and uploaded to the incident's thread. */
export function createMarkdownExporter(parts: ExporterParts): Exporter {
  return {
    name: "markdown",
    mediaType: "text/markdown; charset=utf-8",
    render: renderMarkdown,
    publish: async (document, previous) => {
      const text = renderMarkdown(document);
      const sha256 = createHash("sha256").update(text).digest("hex");
      const name = `INC-${document.incident}.md`;
      const path = join(parts.folder, name);
      const unchanged = previous?.sha256 === sha256;
      if (!unchanged || (await contentOf(path)) !== text) await save(parts.folder, name, text);
      const version = unchanged ? previous.version : (previous?.version ?? 0) + 1;
      if (unchanged && previous.url !== null) return { url: previous.url, path, version, unchanged, sha256 };
      const url = await parts
        .uploadToThread({ incident: document.incident, name, title: `Postmortem of INC-${document.incident}`, text })
        .catch((error: unknown) => {
          parts.onUploadFailed(error);
          return null;
        });
      return { url, path, version, unchanged, sha256 };
    },
  };
}

async function contentOf(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch(() => null);
}

/** Whole or not at all: a reader never sees half of it. */
async function save(folder: string, name: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const half = join(folder, `.${name}.${newId()}`);
  await writeFile(half, text);
  await rename(half, join(folder, name));
}

/** The document as Markdown. Ends with one line feed. */
export function renderMarkdown(document: Postmortem): string {
  const parts = [
    `# INC-${document.incident}: ${escapeMarkdown(document.title.replace(/\n/g, " "))}`,
    table(
      document.header.map(({ name }) => name),
      [document.header.map(({ value }) => value)],
    ),
    ...document.sections.flatMap(({ title, blocks }) => [`## ${title}`, ...blocks.map(render)]),
  ];
  return `${parts.join("\n\n")}\n`;
}

function render(block: Block): string {
  switch (block.kind) {
    case "paragraph":
      return inItem(block.text, "");
    case "gap":
      return toBeWritten(block.ask);
    case "bullets":
      return block.items.map((item) => `- ${inItem(item, "  ")}`).join("\n");
    case "table":
      return table(block.columns, block.rows);
    case "days":
      return block.days
        .flatMap(({ date, lines }) => [
          `### ${date}`,
          lines.map((line) => `- ${line.key ? "📌 " : ""}${line.time} - ${inItem(line.text, "  ")}`).join("\n"),
        ])
        .join("\n\n");
    default:
      return block satisfies never;
  }
}

const toBeWritten = (ask: string): string => `**To be written:** _${escapeMarkdown(ask)}_`;

function table(columns: readonly string[], rows: readonly (readonly Field[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    row(columns),
    row(columns.map(() => "---")),
    ...rows.map((fields) =>
      row(fields.map((field) => (field.kind === "gap" ? toBeWritten(field.ask) : inCell(field.text)))),
    ),
  ].join("\n");
}
