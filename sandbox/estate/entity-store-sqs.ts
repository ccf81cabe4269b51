import { z } from "zod";
import { ACCOUNT, AwsError, type AwsService, action, REGION } from "./aws.ts";
import { type Message, md5, type Queue } from "./entity-store-queue.ts";

export interface Queues {
  readonly requests: Queue;
  readonly dead: Queue;
  readonly now: () => number;
  readonly url: () => string;
  readonly retentionMs: () => number;
  /** Asked once an entry of a batch: whether it is refused, the target's fault. */
  readonly refused: () => boolean;
  readonly batch: (entries: number) => void;
  /** Something new is in the queue of requests. */
  readonly arrived: () => void;
}

const MOST_RECEIVES = 3;
const MOST_BYTES = 1_048_576;
const VISIBILITY_S = 30;
const MAIN_RETENTION_MS = 4 * 86_400_000;

const text = z.string();
const queueUrl = { QueueUrl: text };
const message = {
  MessageBody: text.min(1),
  MessageGroupId: text.optional(),
  MessageDeduplicationId: text.optional(),
  MessageAttributes: z.unknown().optional(),
};
const sendMessage = z.object(message);
const entryId = { Id: text.regex(/^[\w-]{1,80}$/) };
const sendBatch = z.object({ ...queueUrl, Entries: z.array(z.object({ ...entryId, ...message })) });
const receive = z.object({
  ...queueUrl,
  MaxNumberOfMessages: z.int().min(1).max(10).default(1),
  VisibilityTimeout: z.int().min(0).max(43_200).default(VISIBILITY_S),
  AttributeNames: z.array(text).default([]),
  MessageSystemAttributeNames: z.array(text).default([]),
  MessageAttributeNames: z.array(text).default([]),
});
const handleEntry = z.object({ ...entryId, ReceiptHandle: text });
const hide = { ReceiptHandle: text, VisibilityTimeout: z.int().min(0).max(43_200) };

/** What an error is called in the query protocol, which the header still says. */
const QUERY_CODES: Readonly<Record<string, string>> = {
  QueueDoesNotExist: "AWS.SimpleQueueService.NonExistentQueue",
  TooManyEntriesInBatchRequest: "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
  EmptyBatchRequest: "AWS.SimpleQueueService.EmptyBatchRequest",
  BatchEntryIdsNotDistinct: "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
  BatchRequestTooLong: "AWS.SimpleQueueService.BatchRequestTooLong",
  MessageNotInflight: "AWS.SimpleQueueService.MessageNotInflight",
  UnsupportedOperation: "AWS.SimpleQueueService.UnsupportedOperation",
};

/** Amazon SQS with two FIFO queues: the requests, and their dead letters. */
export function sqsService(queues: Queues): AwsService {
  const { requests, dead, now } = queues;
  const act = <T>(schema: z.ZodType<T>, run: (input: T) => unknown) => action(schema, run, "InvalidParameterValue");
  const urlOf = (queue: Queue) => `${queues.url()}/${ACCOUNT}/${queue.name}`;
  const named = (name: string): Queue => {
    const found = [requests, dead].find((queue) => queue.name === name);
    if (found === undefined) throw new AwsError("QueueDoesNotExist", "The specified queue does not exist.");
    return found;
  };
  const queueAt = (url: string) => named(url.split("/").at(-1) ?? "");

  function send(queue: Queue, given: z.output<typeof sendMessage>) {
    const {
      MessageBody: body,
      MessageGroupId: group,
      MessageDeduplicationId: dedupId,
      MessageAttributes: attributes,
    } = given;
    if (group === undefined) {
      throw new AwsError("MissingParameter", "The request must contain the parameter MessageGroupId.");
    }
    if (dedupId === undefined) {
      const why =
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly";
      throw new AwsError("InvalidParameterValue", why);
    }
    if (!/^[!-~]{1,128}$/.test(group) || !/^[!-~]{1,128}$/.test(dedupId)) {
      throw new AwsError(
        "InvalidParameterValue",
        "Can only include alphanumeric and punctuation characters. 1 to 128 in length",
      );
    }
    if (Buffer.byteLength(body) > MOST_BYTES) {
      throw new AwsError(
        "InvalidParameterValue",
        `One or more parameters are invalid. Reason: Message must be shorter than ${MOST_BYTES} bytes.`,
      );
    }
    const { message: sent, isNew } = queue.add({ body, group, dedupId, sentAt: now(), attributes });
    if (isNew && queue === requests) queues.arrived();
    return { MessageId: sent.id, MD5OfMessageBody: md5(body), SequenceNumber: sent.sequence };
  }

  function entries<T extends { readonly Id: string }>(given: readonly T[]): readonly T[] {
    if (given.length === 0)
      throw new AwsError("EmptyBatchRequest", "There should be at least one entry in the request.");
    if (given.length > 10) {
      const why = `Maximum number of entries per request are 10. You have sent ${given.length}.`;
      throw new AwsError("TooManyEntriesInBatchRequest", why);
    }
    if (new Set(given.map(({ Id }) => Id)).size < given.length) {
      throw new AwsError("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.");
    }
    return given;
  }

  function remove(queue: Queue, handle: string): void {
    const found = queue.byHandle(handle);
    if (found === null) throw new AwsError("ReceiptHandleIsInvalid", "The input receipt handle is invalid.");
    // An old handle of a message that somebody else holds by now deletes nothing.
    if (found.handle === handle) queue.remove(found);
  }

  function changeVisibility(
    queue: Queue,
    { ReceiptHandle, VisibilityTimeout }: z.output<z.ZodObject<typeof hide>>,
  ): void {
    const found = queue.byHandle(ReceiptHandle);
    if (found === null) throw new AwsError("ReceiptHandleIsInvalid", "The input receipt handle is invalid.");
    if (found.gone || found.handle !== ReceiptHandle || found.visibleAt <= now()) {
      throw new AwsError("MessageNotInflight", "The specified message isn't in flight.");
    }
    found.visibleAt = now() + VisibilityTimeout * 1_000;
  }

  /** Each for itself: one that fails does not keep the others. */
  function each<T extends { readonly Id: string }>(given: readonly T[], run: (entry: T) => object) {
    const done = entries(given).map((entry) => {
      try {
        return { ok: true, entry: { Id: entry.Id, ...run(entry) } };
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        const SenderFault = error.type !== "InternalError";
        return { ok: false, entry: { Id: entry.Id, Code: error.type, Message: error.message, SenderFault } };
      }
    });
    const of = (ok: boolean) => done.filter((one) => one.ok === ok).map(({ entry }) => entry);
    return { Successful: of(true), Failed: of(false) };
  }

  function attributesOf(queue: Queue): Record<string, string> {
    const deadArn = `arn:aws:sqs:${REGION}:${ACCOUNT}:${dead.name}`;
    const policy = JSON.stringify({ deadLetterTargetArn: deadArn, maxReceiveCount: MOST_RECEIVES });
    const hidden = queue.hidden();
    return {
      QueueArn: `arn:aws:sqs:${REGION}:${ACCOUNT}:${queue.name}`,
      ApproximateNumberOfMessages: String(queue.size() - hidden),
      ApproximateNumberOfMessagesNotVisible: String(hidden),
      ApproximateNumberOfMessagesDelayed: "0",
      MessageRetentionPeriod: String((queue === dead ? queues.retentionMs() : MAIN_RETENTION_MS) / 1_000),
      VisibilityTimeout: String(VISIBILITY_S),
      MaximumMessageSize: String(MOST_BYTES),
      FifoQueue: "true",
      ContentBasedDeduplication: "false",
      ...(queue === dead ? {} : { RedrivePolicy: policy }),
    };
  }

  return {
    target: "AmazonSQS",
    signedAs: "sqs",
    version: "1.0",
    error: (type) => ({
      type: `com.amazonaws.sqs#${type}`,
      headers: { "x-amzn-query-error": `${QUERY_CODES[type] ?? type};Sender` },
    }),
    actions: {
      SendMessage: act(z.object({ ...queueUrl, ...message }), ({ QueueUrl, ...sent }) => send(queueAt(QueueUrl), sent)),
      SendMessageBatch: act(sendBatch, ({ QueueUrl, Entries }) => {
        const queue = queueAt(QueueUrl);
        const bytes = entries(Entries).reduce((sum, { MessageBody }) => sum + Buffer.byteLength(MessageBody), 0);
        if (bytes > MOST_BYTES)
          throw new AwsError("BatchRequestTooLong", `Batch requests cannot be longer than ${MOST_BYTES} bytes.`);
        queues.batch(Entries.length);
        return each(Entries, (entry) => {
          if (queues.refused()) throw new AwsError("InternalError", "The request could not be carried out.");
          return send(queue, entry);
        });
      }),
      ReceiveMessage: act(receive, (asked) => {
        const queue = queueAt(asked.QueueUrl);
        const got = queue.receive(asked.MaxNumberOfMessages, asked.VisibilityTimeout * 1_000);
        const names = [...asked.AttributeNames, ...asked.MessageSystemAttributeNames];
        const whole = asked.MessageAttributeNames.length > 0;
        return got.length === 0
          ? {}
          : { Messages: got.map((one) => shape(one, { names, whole, source: queue === dead ? requests.name : null })) };
      }),
      DeleteMessage: act(z.object({ ...queueUrl, ReceiptHandle: text }), ({ QueueUrl, ReceiptHandle }) =>
        remove(queueAt(QueueUrl), ReceiptHandle),
      ),
      DeleteMessageBatch: act(z.object({ ...queueUrl, Entries: z.array(handleEntry) }), ({ QueueUrl, Entries }) => {
        const queue = queueAt(QueueUrl);
        return each(Entries, ({ ReceiptHandle }) => {
          remove(queue, ReceiptHandle);
          return {};
        });
      }),
      ChangeMessageVisibility: act(z.object({ ...queueUrl, ...hide }), ({ QueueUrl, ...change }) =>
        changeVisibility(queueAt(QueueUrl), change),
      ),
      ChangeMessageVisibilityBatch: act(
        z.object({ ...queueUrl, Entries: z.array(z.object({ ...entryId, ...hide })) }),
        ({ QueueUrl, Entries }) => {
          const queue = queueAt(QueueUrl);
          return each(Entries, (entry) => {
            changeVisibility(queue, entry);
            return {};
          });
        },
      ),
      GetQueueAttributes: act(
        z.object({ ...queueUrl, AttributeNames: z.array(text).default([]) }),
        ({ QueueUrl, AttributeNames }) => {
          const known = attributesOf(queueAt(QueueUrl));
          const wanted = AttributeNames.includes("All") ? Object.keys(known) : AttributeNames;
          const wrong = wanted.find((name) => !(name in known) && name !== "RedrivePolicy");
          if (wrong !== undefined) throw new AwsError("InvalidAttributeName", `Unknown Attribute ${wrong}.`);
          return {
            Attributes: Object.fromEntries(
              wanted.flatMap((name) => (known[name] === undefined ? [] : [[name, known[name]]])),
            ),
          };
        },
      ),
      GetQueueUrl: act(z.object({ QueueName: text }), ({ QueueName }) => ({ QueueUrl: urlOf(named(QueueName)) })),
      ListQueues: act(z.object({ QueueNamePrefix: text.default("") }), ({ QueueNamePrefix }) => ({
        QueueUrls: [requests, dead].filter(({ name }) => name.startsWith(QueueNamePrefix)).map(urlOf),
      })),
      ListDeadLetterSourceQueues: act(z.object(queueUrl), ({ QueueUrl }) => ({
        queueUrls: queueAt(QueueUrl) === dead ? [urlOf(requests)] : [],
      })),
      StartMessageMoveTask: moveNothing,
    },
  };
}

/** All or nothing is not what a redrive of chosen messages is; whoever uses it here is told so at once. */
function moveNothing(): never {
  throw new AwsError("UnsupportedOperation", "Message move tasks are not allowed for these queues.");
}

function shape(message: Message, asked: { names: readonly string[]; whole: boolean; source: string | null }): unknown {
  const known: Record<string, string> = {
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receives),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? message.sentAt),
    MessageGroupId: message.group,
    MessageDeduplicationId: message.dedupId,
    SequenceNumber: message.sequence,
    ...(asked.source === null ? {} : { DeadLetterQueueSourceArn: `arn:aws:sqs:${REGION}:${ACCOUNT}:${asked.source}` }),
  };
  const wanted = asked.names.includes("All") ? Object.keys(known) : asked.names;
  const attributes = wanted.flatMap((name) => (known[name] === undefined ? [] : [[name, known[name]] as const]));
  return {
    MessageId: message.id,
    ReceiptHandle: message.handle,
    Body: message.body,
    MD5OfBody: md5(message.body),
    ...(attributes.length === 0 ? {} : { Attributes: Object.fromEntries(attributes) }),
    ...(asked.whole ? { MessageAttributes: message.attributes } : {}),
  };
}
