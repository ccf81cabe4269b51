import type { Json } from "../contract.ts";
import { isJson, objects } from "../json.ts";
import { checkElement, checkImage, IN_ACTIONS, IN_INPUT, IN_SECTION, TYPED_ONLY_IN_VIEWS } from "./elements.ts";
import { type Checker, createChecker, type Problem } from "./limits.ts";

/** Where blocks stand: a message (at most 50 of them) or a view (at most 100). */
export type Surface = "message" | "view";

type Check = (check: Checker, block: Json, place: { at: string; surface: Surface }) => void;

/** Slack refuses a message whose blocks carry more text than this, whatever each of them holds. */
const TEXT_IN_ALL_BLOCKS = 13_200;

const CHECKS: Record<string, Check> = {
  section: (check, block, { at }) => {
    check.text(block, "text", { max: 3000, at, required: block["fields"] === undefined });
    const fields = check.list(block, "fields", { max: 10, at, required: false });
    for (const index of fields.keys()) check.text(Object(fields), String(index), { max: 2000, at: `${at}/fields` });
    if (block["accessory"] !== undefined) {
      checkElement(check, block["accessory"], { at: `${at}/accessory`, allowed: IN_SECTION });
    }
  },
  header: (check, block, { at }) => check.text(block, "text", { max: 150, at, plain: true }),
  divider: () => {},
  context: (check, block, { at }) => {
    for (const [index, element] of check.list(block, "elements", { max: 10, at }).entries()) {
      const pointer = `${at}/elements/${index}`;
      if (isJson(element) && element["type"] === "image") checkImage(check, element, pointer);
      else check.text(Object([element]), "0", { max: 2000, at: pointer });
    }
  },
  actions: (check, block, { at, surface }) => {
    const seen = new Set<unknown>();
    for (const [index, element] of check.list(block, "elements", { max: 25, at }).entries()) {
      const pointer = `${at}/elements/${index}`;
      const allowed =
        surface === "view" ? IN_ACTIONS : IN_ACTIONS.filter((type) => !TYPED_ONLY_IN_VIEWS.includes(type));
      checkElement(check, element, { at: pointer, allowed });
      const actionId = isJson(element) ? element["action_id"] : undefined;
      if (actionId !== undefined && seen.has(actionId)) {
        check.fail(`${pointer}/action_id`, "duplicate_action_id", `\`action_id\` already exists: ${String(actionId)}`);
      }
      seen.add(actionId);
    }
  },
  context_actions: (check, block, { at }) => void check.list(block, "elements", { max: 5, at }),
  image: (check, block, { at }) => {
    checkImage(check, block, at);
    check.text(block, "title", { max: 2000, at, plain: true, required: false });
  },
  input: (check, block, { at, surface }) => {
    check.text(block, "label", { max: 2000, at, plain: true });
    check.text(block, "hint", { max: 2000, at, plain: true, required: false });
    const allowed = surface === "view" ? IN_INPUT : IN_INPUT.filter((type) => !TYPED_ONLY_IN_VIEWS.includes(type));
    checkElement(check, block["element"], { at: `${at}/element`, allowed });
  },
  markdown: (check, block, { at }) => check.string(block, "text", { max: 12_000, at, required: true }),
  rich_text: (check, block, { at }) => void check.list(block, "elements", { min: 0, max: 1000, at }),
  table: (check, block, { at }) => {
    for (const [index, row] of check.list(block, "rows", { max: 100, at }).entries()) {
      if (!Array.isArray(row)) check.fail(`${at}/rows/${index}`, "invalid_type", "must provide an array");
      else if (row.length > 20) check.fail(`${at}/rows/${index}`, "too_many", "no more than 20 items allowed");
    }
  },
  alert: (check, block, { at }) => {
    check.text(block, "text", { max: 3000, at });
    const level = block["level"];
    if (level !== undefined && !["default", "info", "warning", "error", "success"].includes(String(level))) {
      check.fail(`${at}/level`, "invalid_enum", `must be a valid enum value: ${String(level)}`);
    }
  },
  card: (check, block, { at }) => {
    check.text(block, "title", { max: 150, at, required: false });
    check.text(block, "subtitle", { max: 150, at, required: false });
    check.text(block, "body", { max: 200, at, required: false });
  },
  carousel: (check, block, place) => {
    for (const [index, card] of objects(check.list(block, "elements", { max: 10, at: place.at })).entries()) {
      CHECKS["card"]?.(check, card, { ...place, at: `${place.at}/elements/${index}` });
    }
  },
  container: (check, block, place) => {
    check.text(block, "title", {
      max: 150,
      at: place.at,
      plain: true,
      required: block["rich_text_title"] === undefined,
    });
    check.text(block, "subtitle", { max: 150, at: place.at, required: false });
    for (const [index, child] of check.list(block, "child_blocks", { max: 10, at: place.at }).entries()) {
      checkBlock(check, child, { ...place, at: `${place.at}/child_blocks/${index}` });
    }
  },
  data_table: (check, block, { at }) => {
    check.string(block, "caption", { max: 2000, at, required: true });
    check.list(block, "rows", { max: 1000, at });
  },
  video: (check, block, { at }) => check.string(block, "video_url", { max: 3000, at, required: true }),
  file: (check, block, { at }) => check.string(block, "external_id", { max: 255, at, required: true }),
  task_card: (check, block, { at }) => check.string(block, "task_id", { max: 255, at, required: true }),
  plan: (check, block, { at }) => check.string(block, "title", { max: 3000, at, required: true }),
};

const NOT_IN_VIEWS: ReadonlySet<string> = new Set(["markdown", "table", "task_card", "plan", "context_actions"]);

/** Checks the blocks of a message or view at `at` against Slack's limits; an empty list when they are fit. */
export function validateBlocks(blocks: unknown, surface: Surface, at = "/blocks"): Problem[] {
  const check = createChecker();
  if (!Array.isArray(blocks)) {
    check.fail(at, "invalid_type", "must provide an array");
    return check.problems;
  }
  const max = surface === "message" ? 50 : 100;
  if (blocks.length > max) check.fail(at, "too_many", `no more than ${max} items allowed`);
  const seen = new Set<unknown>();
  for (const [index, block] of blocks.entries()) {
    checkBlock(check, block, { at: `${at}/${index}`, surface });
    const blockId = isJson(block) ? block["block_id"] : undefined;
    if (blockId !== undefined && seen.has(blockId)) {
      check.fail(`${at}/${index}/block_id`, "duplicate_block_id", `\`block_id\` already exists: ${String(blockId)}`);
    }
    seen.add(blockId);
  }
  return check.problems;
}

/** Whether the blocks together carry more text than Slack takes (`msg_blocks_too_long`). */
export function tooMuchText(blocks: unknown): boolean {
  return textLength(blocks) > TEXT_IN_ALL_BLOCKS;
}

/** A problem as Slack writes it into `response_metadata.messages`. */
export function problemLine(problem: Problem): string {
  return `[ERROR] ${problem.message} [json-pointer:${problem.pointer}]`;
}

function checkBlock(check: Checker, block: unknown, place: { at: string; surface: Surface }): void {
  if (!isJson(block)) {
    check.fail(place.at, "invalid_type", "must provide an object");
    return;
  }
  const type = String(block["type"]);
  const run = CHECKS[type];
  if (run === undefined || (place.surface === "view" && NOT_IN_VIEWS.has(type))) {
    check.fail(`${place.at}/type`, "unsupported_type", `unsupported type: ${type}`);
    return;
  }
  check.string(block, "block_id", { max: 255, at: place.at });
  run(check, block, place);
}

function textLength(node: unknown): number {
  if (Array.isArray(node)) return node.reduce<number>((sum, item) => sum + textLength(item), 0);
  if (!isJson(node)) return 0;
  let sum = 0;
  for (const [key, value] of Object.entries(node)) {
    if (key === "text" && typeof value === "string") sum += value.length;
    else sum += textLength(value);
  }
  return sum;
}
