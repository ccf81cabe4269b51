import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { compose } from "../../src/postmortem/compose.ts";
import type { UploadToThread } from "../../src/postmortem/exporters/contract.ts";
import { createMarkdownExporter, renderMarkdown } from "../../src/postmortem/exporters/markdown.ts";
import { readable } from "../../src/postmortem/words.ts";
import { exporterConformance } from "../helpers/conformance/exporter.ts";
import { line, night } from "./told.ts";

const document = compose(night, "GMT");

test("is the document a reader expects", () => {
  expect(renderMarkdown(document)).toBe(
    [
      "# INC-1: ESR application record generator fails",
      "| Date | Authors | Status | Summary | Impact |\n| --- | --- | --- | --- | --- |\n| 16 March 2021 to 17 March 2021 | Asha Rao | Resolved 17 March 2021, 10:50 GMT | INC-1 (sev2) in prod: ESR application record generator fails. Affected: esr-generator, esr-inbound. | **To be written:** _who noticed what, how many, for how long_ |",
      "## Non-technical Description",
      "**To be written:** _what happened, for people who do not know the systems_",
      "## Trigger",
      "**To be written:** _what set it off_",
      "Deployed before the first alert (not shown to be the trigger):",
      "- 16 March 2021, 14:30 GMT: tcs 4f2a was deployed to prod",
      "## Detection",
      "First alert 16 March 2021, 14:42 GMT: esr-generator: cannot read permitToWork",
      "2800 alerts in all.",
      "## Resolution",
      "**To be written:** _what ended it, and how that was checked_",
      "17 March 2021, 10:50 GMT: Asha Rao resolved the incident: jobs re-run",
      "## Timeline",
      "All times in GMT unless indicated.",
      "### 16 March 2021",
      "- 14:30 - tcs 4f2a was deployed to prod\n- 14:42 - esr-generator: cannot read permitToWork\n- 📌 23:59 - Asha Rao: Looking at the deploy (<https://example.org/x>) (edited)",
      "### 17 March 2021",
      "- 00:09 - Ben Okafor: (deleted)\n- 03:55 - Asha Rao: Root cause: the enumeration became a string (recorded 09:00)\n- 09:01 - Asha Rao: Action: check consumers of Person before a deploy (@Ben Okafor)\n- 10:50 - Asha Rao resolved the incident: jobs re-run",
      "## Root Cause(s)",
      "- the enumeration became a string",
      "## Action Items",
      "| Action item | Owner | Comments |\n| --- | --- | --- |\n| check consumers of Person before a deploy | Ben Okafor | **To be written:** _ticket, state_ |",
      "## Lessons Learned",
      "**To be written:** _what went well, what went wrong, where we were lucky_",
      "",
    ]
      .join("\n\n")
      .replace(/\n\n$/, "\n"),
  );
});

// CommonMark and GitHub's tables, as far as our documents use them. (Checked beside a full parser when it was written.)
const OURS = /<(?:br|https?:\/\/[^\s<>]+)>|\*\*To be written:\*\* _[^_]*_/gi;
/** What opens something inside a line, when no backslash stands before it. */
const OPENS = /[`*[\]<>|~&$]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|www\.|https?:\/\//iu;

/** What each line is: a heading, a row of so many cells, an item, the next line of one, text. Throws for what opens something. */
function outline(text: string): string[] {
  return text.split("\n").map((line, index, lines) => {
    const bare = line.replace(OURS, "x").replace(/\\[!-/:-@[-`{-~]/g, "x");
    const goesOn = /(?<!\\)(?:\\\\)*\\$/.test(lines[index - 1] ?? "");
    if (/^\|.*\|$/.test(bare)) {
      const cells = bare.slice(1, -1).split("|");
      for (const cell of cells) expect(cell, line).not.toMatch(OPENS);
      return `row of ${cells.length}`;
    }
    const words = bare.replace(/\\$/, "").replace(/^(?:#{1,3}|-) /, "");
    expect(words, line).not.toMatch(OPENS);
    if (goesOn) expect(bare, line).not.toMatch(/^ {0,3}(?:[#>+=-]|\d{1,9}[.)])|^ {4}|^\s*$/);
    if (goesOn) return "goes on";
    const heading = /^(#{1,3}) (.+)$/.exec(line);
    if (heading !== null) {
      expect(line, line).not.toMatch(/\s#+\s*$/);
      return heading[1] === "#" ? "title" : line;
    }
    return line === ""
      ? ""
      : line.startsWith("- ")
        ? "item"
        : /^\s|^[>+=-]|^\d+[.)]/.test(bare)
          ? `odd: ${line}`
          : "text";
  });
}

/** The words of a document, as a reader sees them. */
const shown = (text: string): string =>
  text
    .replace(/<br>/g, "\n")
    .replace(/<(https?:\/\/[^\s<>]+)>/gi, "$1")
    .replace(/\\([\n!-/:-@[-`{-~])/g, "$1");

const nasty = fc.oneof(
  fc.string(),
  fc
    .array(
      fc.constantFrom(
        "|",
        "\n",
        "# ",
        "- ",
        "1. ",
        "> ",
        "```",
        "~~~",
        "---",
        "===",
        "<b>",
        "<!--",
        "](x)",
        "[a",
        "**",
        "__",
        "_a_",
        "*",
        "\\",
        "&amp;",
        "&lt;",
        "`",
        "    ",
        "\t",
        "a",
        " ",
        "\r",
        "+ ",
        "~~",
        "$",
        "https://example.org/a|b",
        "www.example.org",
        "[^1]: ",
        "[ ] ",
        "\u202E",
        "=",
      ),
    )
    .map((parts) => parts.join("")),
);

test("nothing that people type breaks the document: same outline, same words", () => {
  fc.assert(
    fc.property(nasty, nasty, nasty, (title, typed, name) => {
      const filled = (text: string, who: string, what: string) =>
        renderMarkdown(
          compose(
            {
              ...night,
              title: what,
              timeline: [
                line("message", "2021-03-16T14:45:00Z", `x ${text}`, { byName: `x${who}` }),
                line("note", "2021-03-16T14:46:00Z", `Root cause: x ${text}`),
                line("note", "2021-03-16T14:46:00Z", `Impact: x ${text}`),
                line("note", "2021-03-16T14:46:00Z", `Action: x ${text}`),
                line("signal", "2021-03-16T14:47:00Z", text),
              ],
            },
            "GMT",
          ),
        );
      const text = filled(typed, name, `x ${title}`);
      const standing = (document: string) => outline(document).filter((line) => line !== "goes on");
      expect(standing(text)).toEqual(standing(filled("plain", "plain", "plain")));
      const words = (document: string) => document.replace(/\s+/g, "");
      expect(words(shown(text))).toContain(words(readable(`x ${typed}`)));
      expect(words(shown(text.split("\n")[0] ?? ""))).toBe(`#INC-1:${words(readable(`x ${title}`))}`);
    }),
    { numRuns: 100, examples: [["# a \\", "x\n# y\n- z\n1. q\n> r\n===\n---\n    code\n|a|b|\n[x]: y", "*_`"]] },
  );
});

async function exporter(upload: UploadToThread = async () => "https://slack.example.org/file") {
  const folder = await mkdtemp(join(tmpdir(), "postmortems-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const failed: unknown[] = [];
  const made = createMarkdownExporter({
    folder,
    uploadToThread: upload,
    onUploadFailed: (error) => failed.push(error),
  });
  return { ...made, folder, failed };
}

exporterConformance("markdown", exporter);

test("an unchanged document is uploaded once, and nothing else is left in the folder", async () => {
  const uploads: string[] = [];
  const { publish, folder } = await exporter(async ({ name }) => {
    uploads.push(name);
    return "https://slack.example.org/file";
  });
  const first = await publish(document, null);
  expect(first).toMatchObject({ version: 1, unchanged: false, path: join(folder, "INC-1.md") });
  const again = await publish(document, first);
  expect(again).toEqual({ ...first, unchanged: true });
  expect(uploads).toEqual(["INC-1.md"]);
  const changed = compose({ ...night, ownerName: "Ben Okafor" }, "GMT");
  expect(await publish(changed, again)).toMatchObject({ version: 2, unchanged: false });
  expect(await readFile(join(folder, "INC-1.md"), "utf8")).toBe(renderMarkdown(changed));
  expect(await readdir(folder)).toEqual(["INC-1.md"]);
});

test("a file that somebody removed or changed is written again", async () => {
  const { publish, folder } = await exporter();
  const first = await publish(document, null);
  await writeFile(join(folder, "INC-1.md"), "scribbled over");
  expect(await publish(document, first)).toMatchObject({ version: 1, unchanged: true });
  expect(await readFile(join(folder, "INC-1.md"), "utf8")).toBe(renderMarkdown(document));
});

test("when the thread cannot take it, it is saved, said, and tried again by the next export", async () => {
  let down = true;
  const { publish, failed } = await exporter(async () => {
    if (down) throw new Error("slack is down");
    return "https://slack.example.org/file";
  });
  const first = await publish(document, null);
  expect(first).toMatchObject({ url: null, version: 1 });
  expect(failed).toHaveLength(1);
  down = false;
  expect(await publish(document, first)).toMatchObject({
    url: "https://slack.example.org/file",
    version: 1,
    unchanged: true,
  });
});
