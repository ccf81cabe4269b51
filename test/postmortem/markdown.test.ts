import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { toString as textOf } from "mdast-util-to-string";
import { gfm } from "micromark-extension-gfm";
import { expect, onTestFinished, test } from "vitest";
import { compose } from "../../src/postmortem/compose.ts";
import type { UploadToThread } from "../../src/postmortem/exporters/contract.ts";
import { createMarkdownExporter, renderMarkdown } from "../../src/postmortem/exporters/markdown.ts";
import { readable } from "../../src/postmortem/words.ts";
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

const parse = (text: string) => fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
/** What the parser made of it, without its text: headings, tables, lists and how many of each. */
function outline(text: string): string[] {
  return parse(text).children.map((node) =>
    node.type === "heading"
      ? `h${node.depth} ${node.depth === 1 ? "" : textOf(node)}`
      : node.type === "table"
        ? `table ${node.children.map((row) => row.children.length).join(",")}`
        : node.type === "list"
          ? `list ${node.children.length}`
          : node.type,
  );
}

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
      expect(outline(text)).toEqual(outline(filled("plain", "plain", "plain")));
      const words = (shown: string) => shown.replace(/\s+/g, "");
      expect(words(textOf(parse(text)))).toContain(words(readable(`x ${typed}`)));
      expect(words(textOf(parse(text).children[0]))).toBe(`INC-1:${words(readable(`x ${title}`))}`);
    }),
    { numRuns: 200 },
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

test("the first is version 1, the same again is unchanged, a change is the next version", async () => {
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
