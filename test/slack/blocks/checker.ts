/**
 * Slack's limits on messages and modals, written down a second time from Slack's reference, so that a mistake in
 * `src/slack/blocks/limits.ts` is found. Returns what is wrong; empty means that Slack would take it.
 */

type Json = Readonly<Record<string, unknown>>;

export function checkMessage(message: { text: string; blocks: readonly unknown[] }): string[] {
  return [
    ...(message.text.trim() === "" ? ["text is empty"] : []),
    ...(message.text.length > 40_000 ? ["text is too long"] : []),
    ...(message.blocks.length > 50 ? ["more than 50 blocks"] : []),
    ...checkBlocks(message.blocks),
    ...checkMrkdwn("text", message.text),
  ];
}

export function checkView(given: unknown): string[] {
  const view = object(given);
  const metadata = view["private_metadata"];
  const blocks = array(view["blocks"]);
  return [
    ...plainText("title", view["title"], 24),
    ...(view["submit"] === undefined ? [] : plainText("submit", view["submit"], 24)),
    ...(view["close"] === undefined ? [] : plainText("close", view["close"], 24)),
    ...(typeof metadata === "string" && metadata.length > 3_000 ? ["private_metadata is too long"] : []),
    ...(blocks.length === 0 ? ["no blocks"] : []),
    ...(blocks.length > 100 ? ["more than 100 blocks"] : []),
    ...(blocks.some((block) => object(block)["type"] === "input") && view["submit"] === undefined
      ? ["inputs without submit"]
      : []),
    ...checkBlocks(blocks),
  ];
}

function checkBlocks(blocks: readonly unknown[]): string[] {
  const ids = blocks.flatMap((block) =>
    typeof object(block)["block_id"] === "string" ? [object(block)["block_id"]] : [],
  );
  return [
    ...(new Set(ids).size < ids.length ? ["block_id twice"] : []),
    ...blocks.flatMap((block, index) => checkBlock(object(block)).map((fault) => `block ${index}: ${fault}`)),
  ];
}

function checkBlock(block: Json): string[] {
  const id = block["block_id"];
  const faults = typeof id === "string" && (id.length > 255 || id === "") ? ["block_id has the wrong length"] : [];
  switch (block["type"]) {
    case "header":
      return [...faults, ...plainText("header", block["text"], 150)];
    case "section":
      return [...faults, ...anyText("section", block["text"], 3_000)];
    case "context":
      return [
        ...faults,
        ...between("context elements", array(block["elements"]).length, 10),
        ...array(block["elements"]).flatMap((one) => anyText("context", one, 3_000)),
      ];
    case "actions": {
      const elements = array(block["elements"]).map(object);
      const actionIds = elements.map((one) => one["action_id"]);
      return [
        ...faults,
        ...between("buttons", elements.length, 25),
        ...(new Set(actionIds).size < actionIds.length ? ["action_id twice"] : []),
        ...elements.flatMap(checkElement),
      ];
    }
    case "input":
      return [
        ...faults,
        ...plainText("label", block["label"], 2_000),
        ...(block["hint"] === undefined ? [] : plainText("hint", block["hint"], 2_000)),
        ...checkElement(object(block["element"])),
      ];
    default:
      return [`unknown block ${String(block["type"])}`];
  }
}

function checkElement(element: Json): string[] {
  const actionId = element["action_id"];
  const faults = typeof actionId === "string" && actionId.length > 255 ? ["action_id is too long"] : [];
  switch (element["type"]) {
    case "button": {
      const style = element["style"];
      return [
        ...faults,
        ...plainText("button", element["text"], 75),
        ...(String(element["value"] ?? "").length > 2_000 ? ["value is too long"] : []),
        ...(style === undefined || style === "primary" || style === "danger" ? [] : ["unknown style"]),
      ];
    }
    case "plain_text_input":
      return [
        ...faults,
        ...(Number(element["max_length"] ?? 0) > 3_000 ? ["max_length over 3000"] : []),
        ...(String(element["initial_value"] ?? "").length > 3_000 ? ["initial_value is too long"] : []),
      ];
    case "static_select": {
      const options = array(element["options"]).map(object);
      const initial = element["initial_option"];
      return [
        ...faults,
        ...between("options", options.length, 100),
        ...options.flatMap((option) => [
          ...plainText("option", option["text"], 75),
          ...(String(option["value"]).length > 75 ? ["option value is too long"] : []),
        ]),
        ...(initial === undefined || options.some((option) => option["value"] === object(initial)["value"])
          ? []
          : ["initial option is not one of them"]),
      ];
    }
    default:
      return [`unknown element ${String(element["type"])}`];
  }
}

function plainText(what: string, given: unknown, max: number): string[] {
  const { type, text } = object(given);
  if (type !== "plain_text" || typeof text !== "string") return [`${what} is not plain_text`];
  return [
    ...between(`${what} text`, text.length, max),
    ...(text.isWellFormed() ? [] : [`${what} has half a character`]),
  ];
}

function anyText(what: string, given: unknown, max: number): string[] {
  const { type, text } = object(given);
  if (type === "plain_text") return plainText(what, given, max);
  if (type !== "mrkdwn" || typeof text !== "string") return [`${what} has no text`];
  return [
    ...(text.trim() === "" ? [`${what} text is empty`] : []),
    ...between(`${what} text`, text.length, max),
    ...checkMrkdwn(what, text),
  ];
}

/** Every `<` opens a token that is closed, and every `&` begins an entity: nothing was cut in the middle. */
function checkMrkdwn(what: string, text: string): string[] {
  const bare = text.replace(/<[^<>]*>/g, "").replace(/&(?:amp|lt|gt);/g, "");
  return [
    ...(/[<>]/.test(bare) ? [`${what} has half a token`] : []),
    ...(bare.includes("&") ? [`${what} has half an entity`] : []),
    ...(text.isWellFormed() ? [] : [`${what} has half a character`]),
  ];
}

/** The tokens that call people (in plain_text they are only characters): `<!channel>`, `<!here>`, `<!everyone>`, `<!subteam^S1>`, `<@U1>`. */
export function calls(message: { text: string; blocks: readonly unknown[] }): string[] {
  const shown = message.blocks.filter((block) => object(block)["type"] !== "header");
  // A button's value is what it types, never what is drawn.
  const drawn = (key: string, value: unknown) => (key === "value" ? undefined : value);
  return JSON.stringify([message.text, shown], drawn).match(/<(?:!(?!date)[^<>]*|@[^<>]*)>/g) ?? [];
}

const between = (what: string, length: number, max: number): string[] =>
  length < 1 ? [`${what}: none`] : length > max ? [`${what}: ${length} is over ${max}`] : [];

const array = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const object = (value: unknown): Json => (typeof value === "object" && value !== null ? { ...value } : {});
