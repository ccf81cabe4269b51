import type { Message } from "@aws-sdk/client-sqs";
import { type About, inBatches } from "./about.ts";

/** Those that are gone from the queue now. What could not be deleted stays and is told so. */
export async function forget(about: About, url: string, messages: readonly Message[]): Promise<Set<Message>> {
  if (messages.length === 0) return new Set();
  const sqs = await about.sqs();
  const Entries = messages.map((message, index) => ({ Id: String(index), ReceiptHandle: message.ReceiptHandle ?? "" }));
  const answer = await about.calls.act(() => sqs.deleteMessageBatch({ QueueUrl: url, Entries })).catch(() => null);
  return new Set(
    messages.filter((_, index) => answer?.Successful?.some((entry) => entry.Id === String(index)) === true),
  );
}

export async function receive(about: About, url: string, asked: { most: number; hiddenS: number }): Promise<Message[]> {
  const sqs = await about.sqs();
  const answer = await about.calls.read(() =>
    sqs.receiveMessage({
      QueueUrl: url,
      MaxNumberOfMessages: asked.most,
      VisibilityTimeout: asked.hiddenS,
      MessageSystemAttributeNames: ["All"],
      MessageAttributeNames: ["All"],
    }),
  );
  return answer.Messages ?? [];
}

/** Visible to others at once; where that fails, SQS does it by itself a little later. */
export async function putBack(about: About, url: string, messages: readonly Message[]): Promise<void> {
  const sqs = await about.sqs();
  for (const batch of inBatches(messages)) {
    const Entries = batch.map((message, index) => ({
      Id: String(index),
      ReceiptHandle: message.ReceiptHandle ?? "",
      VisibilityTimeout: 0,
    }));
    await about.calls.act(() => sqs.changeMessageVisibilityBatch({ QueueUrl: url, Entries })).catch(() => null);
  }
}

export async function attributesOf(about: About, url: string): Promise<Readonly<Record<string, string>>> {
  const sqs = await about.sqs();
  return (
    (await about.calls.read(() => sqs.getQueueAttributes({ QueueUrl: url, AttributeNames: ["All"] }))).Attributes ?? {}
  );
}
