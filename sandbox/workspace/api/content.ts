import { createChecker } from "../blocks/limits.ts";
import { problemLine, tooMuchText, validateBlocks } from "../blocks/validate.ts";
import type { Block, Json, Message } from "../contract.ts";
import { isJson, objects } from "../json.ts";
import { withIds } from "../messages.ts";
import { ApiError, type Call } from "./call.ts";

const MAX_TEXT = 40_000;
const MAX_ATTACHMENTS = 100;

/** What a message says: undefined parts were not given. */
export interface Content {
  text?: string;
  blocks?: Block[];
  attachments?: Json[];
  /** Null: given as `{}`, which takes it away. */
  metadata?: NonNullable<Message["metadata"]> | null;
}

/** The content arguments of the chat methods, within Slack's limits, or Slack's refusal. */
export function contentOf(call: Call): Content {
  const { args } = call;
  const content: Content = {};
  const markdown = args.text("markdown_text");
  if (markdown !== undefined) {
    if (args.has("text") || args.has("blocks")) throw new ApiError("markdown_text_conflict");
    if (markdown.length > 12_000) throw new ApiError("msg_too_long");
    content.text = markdown;
    content.blocks = withIds([{ type: "markdown", text: markdown }]);
  }
  const text = args.text("text");
  if (text !== undefined) {
    if (text.length > MAX_TEXT) throw new ApiError("msg_too_long");
    content.text = text;
  }
  if (args.has("blocks")) content.blocks = withIds(fitBlocks(args.json("blocks", "invalid_blocks_format"), "/blocks"));
  if (args.has("attachments")) content.attachments = fitAttachments(args.json("attachments", "invalid_attachments"));
  if (args.has("metadata")) content.metadata = fitMetadata(args.json("metadata", "invalid_metadata_format"));
  return content;
}

/** Whether there is anything to read. */
export function isEmpty(content: Content): boolean {
  return !content.text?.trim() && !content.blocks?.length && !content.attachments?.length;
}

/** The blocks, or `invalid_blocks` with every fault named. */
export function fitBlocks(blocks: unknown, at: string): Json[] {
  if (!Array.isArray(blocks)) throw new ApiError("invalid_blocks_format");
  const problems = validateBlocks(blocks, "message", at);
  if (problems.length > 0) {
    throw new ApiError("invalid_blocks", {
      errors: problems.map(({ message, pointer }) => `${message} [json-pointer:${pointer}]`),
      response_metadata: { messages: problems.map(problemLine) },
    });
  }
  if (tooMuchText(blocks)) throw new ApiError("msg_blocks_too_long");
  return objects(blocks);
}

function fitAttachments(attachments: unknown): Json[] {
  if (!Array.isArray(attachments)) throw new ApiError("invalid_attachments");
  if (attachments.length > MAX_ATTACHMENTS) throw new ApiError("too_many_attachments");
  return objects(attachments).map((attachment, index) => {
    const id = { id: index + 1, ...attachment };
    if (attachment["blocks"] === undefined) return id;
    return { ...id, blocks: withIds(fitBlocks(attachment["blocks"], `/attachments/${index}/blocks`)) };
  });
}

function fitMetadata(metadata: unknown): NonNullable<Message["metadata"]> | null {
  if (!isJson(metadata)) throw new ApiError("invalid_metadata_format");
  if (Object.keys(metadata).length === 0) return null;
  const check = createChecker();
  check.string(metadata, "event_type", { max: 255, at: "/metadata", required: true });
  const payload = metadata["event_payload"];
  if (check.problems.length > 0 || !isJson(payload)) throw new ApiError("invalid_metadata_schema");
  if (JSON.stringify(metadata).length > 16_000) throw new ApiError("metadata_too_large");
  return { event_type: String(metadata["event_type"]), event_payload: payload };
}
