import type { Message, SendMessageBatchRequestEntry } from "@aws-sdk/client-sqs";
import { Temporal } from "temporal-polyfill";
import { ConnectorError, type DeadLetter, type ItemResult } from "../contract.ts";
import { digestOf } from "../vendor/digest.ts";
import { type About, BATCH, inBatches, isFifo, queueName } from "./about.ts";
import { attributesOf, forget, putBack, receive } from "./queue.ts";

/** A message that is looked at is hidden from others for so long, should Nightdesk not come to put it back. */
const LOOK_S = 20;
const REDRIVE_S = 60;
const BODY_CHARS = 20_000;

/** The letters that are there, seen and put back. A FIFO queue shows at most ten of one group at once. */
export async function deadLetters(about: About, url: string, limit: number) {
  const attributes = await attributesOf(about, url);
  const seen: Message[] = [];
  try {
    while (seen.length < limit) {
      const got = await receive(about, url, { most: Math.min(BATCH, limit - seen.length), hiddenS: LOOK_S });
      if (got.length === 0) break;
      seen.push(...got);
    }
  } finally {
    await putBack(about, url, seen);
  }
  const count = (name: string) => Number(attributes[name] ?? 0);
  const retentionS = Number(attributes["MessageRetentionPeriod"] ?? Number.NaN);
  return {
    queue: queueName(url),
    count: Math.max(
      count("ApproximateNumberOfMessages") + count("ApproximateNumberOfMessagesNotVisible"),
      distinct(seen).length,
    ),
    keptForMs: Number.isFinite(retentionS) ? retentionS * 1_000 : null,
    letters: distinct(seen).map((message) => letterOf(about, message)),
  };
}

/**
 * Sends the chosen ones to the queue of requests as they are, and deletes each from the dead letters once it was
 * accepted there. A call that was interrupted in between sends nothing twice to a FIFO queue for five minutes.
 */
export async function redrive(about: About, url: string, ids: readonly string[]): Promise<readonly ItemResult[]> {
  const wanted = new Set(ids);
  const chosen = new Map<string, Message>();
  const others: Message[] = [];
  const results = new Map<string, ItemResult>();
  try {
    while (chosen.size < wanted.size) {
      const got = await receive(about, url, { most: BATCH, hiddenS: REDRIVE_S });
      if (got.length === 0) break;
      for (const message of got) {
        const id = message.MessageId ?? "";
        if (wanted.has(id)) chosen.set(id, message);
        else others.push(message);
      }
    }
    for (const batch of inBatches([...chosen.values()])) {
      for (const result of await resent(about, url, batch, results.size > 0)) results.set(result.id, result);
    }
  } finally {
    const left = [...chosen.values()].filter((message) => results.get(message.MessageId ?? "")?.state !== "done");
    await putBack(about, url, [...others, ...left]);
  }
  return ids.map(
    (id): ItemResult => results.get(id) ?? { id, state: "missing", detail: `${queueName(url)} did not show it` },
  );
}

/** What the batches before came to is not lost with this one. */
async function resent(
  about: About,
  url: string,
  batch: readonly Message[],
  afterOthers: boolean,
): Promise<readonly ItemResult[]> {
  try {
    return await resend(about, url, batch);
  } catch (error) {
    if (!afterOthers || !(error instanceof ConnectorError)) throw error;
    return batch.map(({ MessageId = "" }) => ({ id: MessageId, state: "failed", detail: error.message }));
  }
}

async function resend(about: About, url: string, batch: readonly Message[]): Promise<ItemResult[]> {
  const { queueUrl } = about.settings;
  const sqs = await about.sqs();
  const Entries = batch.map(
    (message, index): SendMessageBatchRequestEntry => ({
      Id: String(index),
      MessageBody: message.Body ?? "",
      ...(message.MessageAttributes === undefined ? {} : { MessageAttributes: message.MessageAttributes }),
      ...(isFifo(queueUrl)
        ? {
            MessageGroupId: message.Attributes?.MessageGroupId ?? digestOf(message.Body ?? ""),
            MessageDeduplicationId: digestOf("redrive", message.MessageId ?? ""),
          }
        : {}),
    }),
  );
  const sent = await about.calls.act(() => sqs.sendMessageBatch({ QueueUrl: queueUrl, Entries }));
  const accepted = batch.flatMap((message, index) =>
    sent.Successful?.some((entry) => entry.Id === String(index)) === true ? [message] : [],
  );
  const deleted = await forget(about, url, accepted);
  return batch.map((message, index): ItemResult => {
    const id = message.MessageId ?? "";
    const refused = sent.Failed?.find((entry) => entry.Id === String(index));
    if (!accepted.includes(message)) {
      const why = refused === undefined ? "said nothing of it" : `${refused.Code ?? ""} ${refused.Message ?? ""}`;
      return { id, state: "failed", detail: about.calls.words.quote(`${queueName(queueUrl)}: ${why}`) };
    }
    if (deleted.has(message)) return { id, state: "done", detail: `sent to ${queueName(queueUrl)}` };
    return { id, state: "done", detail: `sent to ${queueName(queueUrl)}; its dead letter is still there too` };
  });
}

function distinct(messages: readonly Message[]): Message[] {
  return [...new Map(messages.map((message) => [message.MessageId, message])).values()];
}

function letterOf({ calls, redact }: About, message: Message): DeadLetter {
  const sentMs = Number(message.Attributes?.SentTimestamp ?? Number.NaN);
  const own = Object.entries(message.MessageAttributes ?? {}).map(([key, value]) => [key, value.StringValue ?? ""]);
  const attributes = Object.entries({ ...message.Attributes, ...Object.fromEntries(own) });
  return {
    id: message.MessageId ?? "",
    body: redact(message.Body ?? "").slice(0, BODY_CHARS),
    sentAt: Number.isFinite(sentMs) ? Temporal.Instant.fromEpochMilliseconds(sentMs) : null,
    attributes: Object.fromEntries(attributes.map(([key, value]) => [key, calls.words.quote(String(value))])),
  };
}
