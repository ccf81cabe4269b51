/** Plain text inside Markdown: whatever was typed shows as it was typed and opens nothing. Addresses become links. */

/** In angle brackets nothing of an address needs escaping; what ends a sentence is not part of it. */
const ADDRESS = /https?:\/\/[\w\-.~:/?#@!$&'()*+,;=%]*[\w\-~/#@$&*+=%]/gi;

/** Escapes one line. */
export function escapeMarkdown(line: string): string {
  let from = 0;
  let result = "";
  for (const { 0: address, index } of line.matchAll(ADDRESS)) {
    if (!URL.canParse(address)) continue;
    result += `${escapeWords(line.slice(from, index))}<${address}>`;
    from = index + address.length;
  }
  return (result + escapeWords(line.slice(from)))
    .replace(/^(\s*)([#+=-])/, "$1\\$2")
    .replace(/^(\s*\d{1,9})([.)])/, "$1\\$2")
    .replace(/(?<=\s)#(?=#*\s*$)/, "\\#");
}

/** Underscores inside a word stay: there they mean nothing, and names of jobs are full of them. */
function escapeWords(text: string): string {
  return text
    .replace(/[\\`*[\]<>|~&$]/g, "\\$&")
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "\\_")
    .replace(/(?<=www)\.|(?<=https?):(?=\/\/)|(?<=[\w.+-])@(?=\w)/gi, "\\$&");
}

/** Several lines inside a paragraph or a list item, whose further lines are indented by `indent`. */
export function inItem(text: string, indent: string): string {
  return text
    .split("\n")
    .map((one) => escapeMarkdown(one.trim()))
    .join(`\\\n${indent}`);
}

/** Several lines inside a cell of a table. */
export function inCell(text: string): string {
  return text
    .split("\n")
    .map((one) => escapeMarkdown(one.trim()))
    .join("<br>");
}
