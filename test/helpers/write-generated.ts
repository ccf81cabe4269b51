// `node test/helpers/write-generated.ts` (Node 24): writes manifest.yml and docs/commands.md from the list of commands.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { commands } from "../../commands/index.ts";
import { commandsMarkdown } from "../../src/command/docs.ts";
import { manifestYaml } from "../../src/command/manifest.ts";

/** Path from the checkout's root -> the text that it must have. */
export const generated: Readonly<Record<string, string>> = {
  "manifest.yml": manifestYaml(commands),
  "docs/commands.md": commandsMarkdown(commands),
};

export const HOW_TO_WRITE = "run: node_modules/.bin/node test/helpers/write-generated.ts";

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of Object.entries(generated)) {
    const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
