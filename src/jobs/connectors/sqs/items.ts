import type { SendMessageBatchRequestEntry } from "@aws-sdk/client-sqs";
import { ConnectorError, type Intent, type ItemResult } from "../contract.ts";
import { digestOf } from "../vendor/digest.ts";
import { type About, inBatches, isFifo, queueName, tableOf } from "./about.ts";
import { isReference, messageOf } from "./message.ts";
import { existing } from "./source.ts";

/** So many ids a call. */
export const MOST_ITEMS = 100;

export interface ItemsCall {
  readonly op: "resync" | "delete";
  readonly ids: readonly string[];
  readonly key: string;
}

/**
 * Sends one request an id. The source is asked first: what it no longer has is `missing` for a resync, and what it still
 * has is not deleted. A FIFO queue takes a repeated call within five minutes for the same; later, the requests are read
 * again and do no harm.
 */
export async function items(about: About, intent: Intent, call: ItemsCall): Promise<readonly ItemResult[]> {
  if (call.ids.length > MOST_ITEMS) {
    throw new ConnectorError("invalid", `${call.ids.length} ids in one call: at most ${MOST_ITEMS}`);
  }
  const asked = [...new Set(call.ids)];
  const there = await existing(about, intent, asked.filter(isReference));
  const judged = asked.map((id) => judge(about, intent, { call, id, there: there?.has(id) ?? null }));
  const sent = judged.flatMap((one) => ("body" in one ? [one] : []));
  // All of them end before anything is told: a batch still on its way must not be taken for one that never went.
  const batches = await Promise.allSettled([...inBatches(sent)].map((batch) => send(about, intent, { call, batch })));
  const results = new Map<string, ItemResult>();
  for (const batch of batches) {
    if (batch.status === "rejected") throw batch.reason;
    for (const result of batch.value) results.set(result.id, result);
  }
  return judged.map((one) =>
    "body" in one
      ? (results.get(one.id) ?? { id: one.id, state: "failed", detail: "the queue said nothing of it" })
      : one,
  );
}

type Judged = ItemResult | { readonly id: string; readonly body: string };

function judge(
  { settings, ...about }: About,
  intent: Intent,
  { call, id, there }: { call: ItemsCall; id: string; there: boolean | null },
): Judged {
  if (!isReference(id)) return { id, state: "failed", detail: "this is no id: one word of at most 100 characters" };
  if (call.op === "resync" && there === false) return { id, state: "missing", detail: "the source no longer has it" };
  if (call.op === "delete" && there === true) {
    return { id, state: "skipped", detail: "the source still has it: not deleted" };
  }
  try {
    const table = tableOf({ settings, ...about }, intent);
    return { id, body: messageOf(settings.message, { table, id, op: call.op, intent }) };
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    return { id, state: "failed", detail: error.message };
  }
}

async function send(
  about: About,
  intent: Intent,
  { call, batch }: { call: ItemsCall; batch: readonly { readonly id: string; readonly body: string }[] },
): Promise<ItemResult[]> {
  const { queueUrl } = about.settings;
  const sqs = await about.sqs();
  const Entries = batch.map(
    ({ id, body }, index): SendMessageBatchRequestEntry => ({
      Id: String(index),
      MessageBody: body,
      ...(isFifo(queueUrl)
        ? {
            MessageGroupId: groupOf(about, intent, id),
            MessageDeduplicationId: digestOf(call.key, call.op, id),
          }
        : {}),
    }),
  );
  const answer = await about.calls.act(() => sqs.sendMessageBatch({ QueueUrl: queueUrl, Entries }));
  const accepted = new Set(answer.Successful?.map((entry) => entry.Id));
  const refused = new Map(answer.Failed?.map((entry) => [entry.Id, entry]));
  return batch.map(({ id }, index): ItemResult => {
    if (accepted.has(String(index))) return { id, state: "done", detail: `handed to ${queueName(queueUrl)}` };
    const why = refused.get(String(index));
    const said = why === undefined ? "the queue said nothing of it" : `${why.Code ?? ""} ${why.Message ?? ""}`;
    return { id, state: "failed", detail: about.calls.words.quote(said) };
  });
}

/** One entity's requests stay in their order; a name that SQS would not take becomes a digest of it. */
function groupOf(about: About, intent: Intent, id: string): string {
  const group = about.settings.group.replaceAll("${table}", tableOf(about, intent)).replaceAll("${id}", id);
  return /^[!-~]{1,128}$/.test(group) ? group : digestOf(group);
}
