import { plainText } from "../blocks/plain.ts";
import { problemLine, tooMuchText, validateBlocks } from "../blocks/validate.ts";
import type { Block, Ephemeral, Json } from "../contract.ts";
import { addEphemeral, removeEphemeral, tellEphemeral } from "../ephemerals.ts";
import { objects, text } from "../json.ts";
import { change, post, remove, withIds } from "../messages.ts";
import { show } from "../state.ts";
import type { ResponseContext } from "../tickets.ts";
import type { Twin } from "../twin.ts";

/** What a response URL answers. */
export interface Responded {
  status: number;
  body: Json;
}

interface Said {
  text: string;
  blocks?: Block[];
  attachments?: Json[];
}

/** Carries out what the app sent to a response URL. */
export function answerThroughUrl(twin: Twin, secret: string, body: Json): Responded {
  const context = twin.tickets.spendResponse(secret);
  if ("error" in context) return { status: 404, body: { ok: false, error: context.error } };
  return respond(twin, context, body);
}

/** Brings an answer (through a response URL, or in the acknowledgement of a command) to where it belongs. */
export function respond(twin: Twin, context: ResponseContext, body: Json): Responded {
  const ephemeral = originalEphemeral(twin, context);
  const message = originalMessage(twin, context);
  if (body["delete_original"] === true) {
    if (ephemeral !== undefined) removeEphemeral(twin.state, ephemeral);
    if (message !== undefined) remove(twin, message);
    return { status: 200, body: { ok: true } };
  }
  const said = contentOf(twin, body);
  if ("error" in said) return { status: said.error === "no_text" ? 500 : 400, body: { ok: false, ...said } };
  if (body["replace_original"] === true && ephemeral !== undefined) {
    delete ephemeral.blocks;
    delete ephemeral.attachments;
    Object.assign(ephemeral, said);
    tellEphemeral(twin.state, ephemeral, "response");
  } else if (body["replace_original"] === true && message !== undefined) {
    change(twin, message, { by: twin.state.app.botUserId, ...said, blocks: said.blocks ?? [] });
  } else if (body["response_type"] === "in_channel") {
    postInChannel(twin, context, { said, threadTs: text(body["thread_ts"]) });
  } else {
    const threadTs = text(body["thread_ts"]) || context.threadTs;
    addEphemeral(
      twin.state,
      {
        user: context.user,
        channel: context.channel,
        ...said,
        from: "app",
        ...(threadTs !== undefined && { thread_ts: threadTs }),
      },
      "response",
    );
  }
  return { status: 200, body: { ok: true } };
}

function contentOf(twin: Twin, body: Json): Said | { error: string; response_metadata?: Json } {
  const said: Said = { text: text(body["text"]) };
  if (body["blocks"] !== undefined) {
    const problems = validateBlocks(body["blocks"], "message");
    if (problems.length > 0 || tooMuchText(body["blocks"])) {
      twin.state.counters.refusedBlocks += 1;
      return { error: "invalid_blocks", response_metadata: { messages: problems.map(problemLine) } };
    }
    said.blocks = withIds(objects(body["blocks"]));
  }
  if (body["attachments"] !== undefined) said.attachments = objects(body["attachments"]);
  if (said.text.length > 40_000) return { error: "msg_too_long" };
  if (!said.text.trim() && !said.blocks?.length && !said.attachments?.length) return { error: "no_text" };
  return said;
}

function postInChannel(twin: Twin, context: ResponseContext, given: { said: Said; threadTs: string }): void {
  const channel = twin.state.channels.get(context.channel);
  if (channel === undefined) return;
  const threadTs = given.threadTs || context.threadTs;
  const { botId, id: appId, botUserId } = twin.state.app;
  const message = post(twin, channel, {
    user: botUserId,
    bot_id: botId,
    app_id: appId,
    ...given.said,
    ...(threadTs !== undefined && channel.messages.has(threadTs) && { thread_ts: threadTs }),
  });
  show(twin.state, context.user, { kind: "response", text: plainText(twin.state, message) });
}

function originalEphemeral(twin: Twin, context: ResponseContext): Ephemeral | undefined {
  const { original } = context;
  if (original === undefined || !("ephemeral" in original)) return undefined;
  return twin.state.ephemerals.find(({ id }) => id === original.ephemeral);
}

function originalMessage(twin: Twin, context: ResponseContext) {
  const { original } = context;
  if (original === undefined || !("ts" in original)) return undefined;
  const message = twin.state.channels.get(context.channel)?.messages.get(original.ts);
  return message?.bot_id === twin.state.app.botId ? message : undefined;
}
