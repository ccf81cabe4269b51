import { expect, test } from "vitest";
import { validateBlocks } from "../../../sandbox/workspace/blocks/validate.ts";
import { validateView } from "../../../sandbox/workspace/blocks/view.ts";
import { clientOf, workspaceWith } from "./support.ts";

const plain = (length: number) => ({ type: "plain_text", text: "x".repeat(length) });
const mrkdwn = (length: number) => ({ type: "mrkdwn", text: "x".repeat(length) });
const button = (more: object = {}) => ({ type: "button", text: plain(5), ...more });
const option = (value: string, text = 5) => ({ text: plain(text), value });
const options = (count: number) => Array.from({ length: count }, (_, n) => option(`${n}`));
const actions = (...elements: object[]) => ({ type: "actions", elements });
const input = (element: object) => ({ type: "input", label: plain(5), element });

/** At the limit, one beyond it, and where Slack points. */
const LIMITS: [string, object[], object[], string][] = [
  ["50 blocks", Array(50).fill({ type: "divider" }), Array(51).fill({ type: "divider" }), "/blocks"],
  [
    "section text",
    [{ type: "section", text: mrkdwn(3000) }],
    [{ type: "section", text: mrkdwn(3001) }],
    "/blocks/0/text/text",
  ],
  [
    "no empty text",
    [{ type: "section", text: mrkdwn(1) }],
    [{ type: "section", text: mrkdwn(0) }],
    "/blocks/0/text/text",
  ],
  [
    "10 fields",
    [{ type: "section", fields: Array(10).fill(mrkdwn(9)) }],
    [{ type: "section", fields: Array(11).fill(mrkdwn(9)) }],
    "/blocks/0/fields",
  ],
  [
    "field text",
    [{ type: "section", fields: [mrkdwn(2000)] }],
    [{ type: "section", fields: [mrkdwn(2001)] }],
    "/blocks/0/fields/0/text",
  ],
  ["header", [{ type: "header", text: plain(150) }], [{ type: "header", text: plain(151) }], "/blocks/0/text/text"],
  [
    "header is plain",
    [{ type: "header", text: plain(5) }],
    [{ type: "header", text: mrkdwn(5) }],
    "/blocks/0/text/type",
  ],
  [
    "context",
    [{ type: "context", elements: Array(10).fill(mrkdwn(5)) }],
    [{ type: "context", elements: Array(11).fill(mrkdwn(5)) }],
    "/blocks/0/elements",
  ],
  ["25 actions", [actions(...Array(25).fill(button()))], [actions(...Array(26).fill(button()))], "/blocks/0/elements"],
  [
    "button text",
    [actions(button({ text: plain(75) }))],
    [actions(button({ text: plain(76) }))],
    "/blocks/0/elements/0/text/text",
  ],
  [
    "button value",
    [actions(button({ value: "x".repeat(2000) }))],
    [actions(button({ value: "x".repeat(2001) }))],
    "/blocks/0/elements/0/value",
  ],
  [
    "button url",
    [actions(button({ url: "x".repeat(3000) }))],
    [actions(button({ url: "x".repeat(3001) }))],
    "/blocks/0/elements/0/url",
  ],
  [
    "button style",
    [actions(button({ style: "danger" }))],
    [actions(button({ style: "loud" }))],
    "/blocks/0/elements/0/style",
  ],
  [
    "action_id",
    [actions(button({ action_id: "x".repeat(255) }))],
    [actions(button({ action_id: "x".repeat(256) }))],
    "/blocks/0/elements/0/action_id",
  ],
  [
    "action_ids differ",
    [actions(button({ action_id: "a" }), button({ action_id: "b" }))],
    [actions(button({ action_id: "a" }), button({ action_id: "a" }))],
    "/blocks/0/elements/1/action_id",
  ],
  [
    "block_id",
    [{ type: "divider", block_id: "x".repeat(255) }],
    [{ type: "divider", block_id: "x".repeat(256) }],
    "/blocks/0/block_id",
  ],
  [
    "block_ids differ",
    [
      { type: "divider", block_id: "a" },
      { type: "divider", block_id: "b" },
    ],
    [
      { type: "divider", block_id: "a" },
      { type: "divider", block_id: "a" },
    ],
    "/blocks/1/block_id",
  ],
  [
    "100 options",
    [actions({ type: "static_select", options: options(100) })],
    [actions({ type: "static_select", options: options(101) })],
    "/blocks/0/elements/0/options",
  ],
  [
    "5 in an overflow",
    [actions({ type: "overflow", options: options(5) })],
    [actions({ type: "overflow", options: options(6) })],
    "/blocks/0/elements/0/options",
  ],
  [
    "10 radio buttons",
    [actions({ type: "radio_buttons", options: options(10) })],
    [actions({ type: "radio_buttons", options: options(11) })],
    "/blocks/0/elements/0/options",
  ],
  [
    "option value",
    [actions({ type: "overflow", options: [option("x".repeat(75))] })],
    [actions({ type: "overflow", options: [option("x".repeat(76))] })],
    "/blocks/0/elements/0/options/0/value",
  ],
  [
    "option text",
    [actions({ type: "overflow", options: [option("a", 75)] })],
    [actions({ type: "overflow", options: [option("a", 76)] })],
    "/blocks/0/elements/0/options/0/text/text",
  ],
  [
    "markdown",
    [{ type: "markdown", text: "x".repeat(12_000) }],
    [{ type: "markdown", text: "x".repeat(12_001) }],
    "/blocks/0/text",
  ],
  [
    "table rows",
    [{ type: "table", rows: Array(100).fill([]) }],
    [{ type: "table", rows: Array(101).fill([]) }],
    "/blocks/0/rows",
  ],
  [
    "table columns",
    [{ type: "table", rows: [Array(20).fill({})] }],
    [{ type: "table", rows: [Array(21).fill({})] }],
    "/blocks/0/rows/0",
  ],
  [
    "no typing in messages",
    [input({ type: "datepicker" })],
    [input({ type: "plain_text_input" })],
    "/blocks/0/element/type",
  ],
  ["known blocks", [{ type: "divider" }], [{ type: "banner" }], "/blocks/0/type"],
  [
    "emoji only in plain text",
    [{ type: "section", text: { ...plain(5), emoji: true } }],
    [{ type: "section", text: { ...mrkdwn(5), emoji: true } }],
    "/blocks/0/text/emoji",
  ],
];

test.each(LIMITS)("blocks: %s", (_, fit, unfit, pointer) => {
  expect(validateBlocks(fit, "message")).toEqual([]);
  expect(validateBlocks(unfit, "message").map((problem) => problem.pointer)).toEqual([pointer]);
});

test("a button's confirmation has its own limits", () => {
  const confirm = { title: plain(100), text: mrkdwn(300), confirm: plain(30), deny: plain(30) };
  expect(validateBlocks([actions(button({ confirm }))], "message")).toEqual([]);
  const wrong = { title: plain(101), text: mrkdwn(301), confirm: plain(31), deny: plain(31) };
  expect(validateBlocks([actions(button({ confirm: wrong }))], "message")).toHaveLength(4);
});

const modal = (more: object = {}) => ({ type: "modal", title: plain(24), blocks: [{ type: "divider" }], ...more });

test.each([
  ["title", modal({ title: plain(25) }), "/view/title/text"],
  ["submit", modal({ submit: plain(25) }), "/view/submit/text"],
  ["close", modal({ close: plain(25) }), "/view/close/text"],
  ["private_metadata", modal({ private_metadata: "x".repeat(3001) }), "/view/private_metadata"],
  ["callback_id", modal({ callback_id: "x".repeat(256) }), "/view/callback_id"],
  ["100 blocks", modal({ blocks: Array(101).fill({ type: "divider" }) }), "/view/blocks"],
  ["submit for inputs", modal({ blocks: [input({ type: "plain_text_input" })] }), "/view/submit"],
  [
    "max_length",
    modal({ submit: plain(3), blocks: [input({ type: "plain_text_input", max_length: 3001 })] }),
    "/view/blocks/0/element/max_length",
  ],
  ["no title", { type: "modal", blocks: [] }, "/view/title"],
  ["type", { type: "popup" }, "/view/type"],
])("views: %s", (_, view, pointer) => {
  expect(validateView(view).map((problem) => problem.pointer)).toEqual([pointer]);
  expect(validateView(modal())).toEqual([]);
});

test("blocks.validate says what a post would be refused for", async () => {
  const workspace = await workspaceWith({ grantedScopes: [] });
  const client = clientOf(workspace);
  expect(await client.blocks.validate({ blocks: [{ type: "divider" }] })).toMatchObject({ ok: true });
  await expect(client.blocks.validate({ blocks: [{ type: "header" }] })).rejects.toMatchObject({
    data: { error: "invalid_blocks", errors: [{ pointer: "/blocks/0/text", code: "missing_field" }] },
  });
});

test("text is read as a person reads it", async () => {
  const workspace = await workspaceWith();
  const [asha, ops] = [workspace.people["asha"]?.id, workspace.channels["ops"]?.id];
  const read = (text: string) => workspace.plain({ text });
  expect(read(`<@${asha}> in <#${ops}> &lt;now&gt;`)).toBe("@asha in #ops <now>");
  expect(read("*INC-1* _is_ `open`, ~not~ closed; ndw_etl_job 2*3*4")).toBe(
    "INC-1 is open, not closed; ndw_etl_job 2*3*4",
  );
  expect(read("<https://example.org/a|the run> <https://example.org/b>")).toBe("the run https://example.org/b");
  expect(read("<!date^1702305900^{time}|14:45 UTC> <!here>")).toBe("14:45 UTC @here");
  const blocks = [
    { type: "header", text: plain(3) },
    { type: "section", text: mrkdwn(2), fields: [mrkdwn(1)], accessory: button({ text: plain(4) }) },
    {
      type: "table",
      rows: [
        [
          { type: "raw_text", text: "a" },
          { type: "raw_text", text: "b" },
        ],
      ],
    },
  ];
  expect(workspace.plain({ text: "unseen", blocks })).toBe("xxx\nxx\nx\n[xxxx]\na | b");
});
