import type { Json } from "../contract.ts";
import { isJson, object, objects, text } from "../json.ts";
import type { State } from "../state.ts";

/** A message, ephemeral or view as a person reads it: names for ids, `[Label]` for buttons, no formatting marks. */
export function plainText(state: State, shown: { text?: unknown; blocks?: unknown; attachments?: unknown }): string {
  const lines: string[] = [];
  const view = object(shown);
  if (view["type"] === "modal") lines.push(text(object(view["title"])["text"]));
  if (Array.isArray(shown.blocks) && shown.blocks.length > 0) {
    for (const block of objects(shown.blocks)) lines.push(blockText(state, block));
  } else if (typeof shown.text === "string") lines.push(mrkdwn(state, shown.text));
  for (const attachment of objects(shown.attachments)) {
    for (const key of ["pretext", "title", "text"]) lines.push(mrkdwn(state, text(attachment[key])));
    for (const block of objects(attachment["blocks"])) lines.push(blockText(state, block));
  }
  return lines.filter((line) => line !== "").join("\n");
}

/** Slack's markup as a reader sees it. */
export function mrkdwn(state: State, source: string): string {
  return source
    .replace(/<([^<>]+)>/g, (_, inside: string) => reference(state, inside))
    .replace(/(^|[\s(>"'])([*_~])(\S(?:[^\n]*?\S)?)\2(?=$|[\s.,;:!?)"'])/gm, "$1$3")
    .replace(/`{1,3}/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

function reference(state: State, inside: string): string {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? "" : inside.slice(bar + 1);
  if (target.startsWith("@")) return `@${nameOf(state, target.slice(1)) ?? (label || target.slice(1))}`;
  if (target.startsWith("#")) return `#${state.channels.get(target.slice(1))?.name ?? label}`;
  if (target.startsWith("!date")) return label;
  if (target.startsWith("!subteam^")) {
    const group = state.groups.find(({ id }) => id === target.slice("!subteam^".length));
    return group === undefined ? label : `@${group.handle}`;
  }
  if (target.startsWith("!")) return label || `@${target.slice(1)}`;
  return label || target.replace(/^mailto:/, "");
}

function nameOf(state: State, id: string): string | undefined {
  if (id === state.app.botUserId) return state.app.name;
  return [...state.people.values()].find((person) => person.id === id)?.name;
}

function blockText(state: State, block: Json): string {
  const parts: string[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      node.forEach(visit);
      return;
    }
    if (!isJson(node)) return;
    const found = ownText(state, node);
    if (found !== null) {
      parts.push(found);
      return;
    }
    for (const [key, value] of Object.entries(node)) {
      if (key === "rows" && Array.isArray(value)) parts.push(value.map((row) => tableRow(state, row)).join("\n"));
      else if (typeof value === "object" && key !== "confirm") visit(value);
      else if (key === "text" && typeof value === "string") parts.push(value);
    }
  };
  visit(block);
  const glue = block["type"] === "rich_text" ? "" : block["type"] === "section" ? "\n" : " ";
  return parts.filter((part) => part !== "").join(glue);
}

function tableRow(state: State, row: unknown): string {
  return objects(row)
    .map((cell) => text(cell["text"]) || blockText(state, cell))
    .join(" | ");
}

/** The text of a node that is read as one; null for a node to be entered. */
function ownText(state: State, node: Json): string | null {
  switch (node["type"]) {
    case "mrkdwn":
      return mrkdwn(state, text(node["text"]));
    case "markdown":
      return text(node["text"]).replace(/[*`]+/g, "");
    case "plain_text":
    case "text":
      return text(node["text"]);
    case "button":
      return `[${text(object(node["text"])["text"])}]`;
    case "image":
      return text(node["alt_text"]);
    case "user":
      return `@${nameOf(state, text(node["user_id"])) ?? text(node["user_id"])}`;
    case "channel":
      return `#${state.channels.get(text(node["channel_id"]))?.name ?? ""}`;
    case "usergroup":
      return `@${state.groups.find(({ id }) => id === node["usergroup_id"])?.handle ?? ""}`;
    case "broadcast":
      return `@${text(node["range"])}`;
    case "link":
      return text(node["text"]) || text(node["url"]);
    case "emoji":
      return `:${text(node["name"])}:`;
    case "date":
      return text(node["fallback"]);
    default:
      return null;
  }
}
