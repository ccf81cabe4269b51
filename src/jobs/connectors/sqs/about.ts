import type { SQS } from "@aws-sdk/client-sqs";
import { type AwsCalls, clientConfig, createAwsCalls } from "../aws/calls.ts";
import type { ConnectorContext, Intent } from "../contract.ts";
import { filledName } from "../vendor/template.ts";
import type { SqsSettings } from "./settings.ts";

/** One queue's client, loaded and made when it is first needed. */
export interface About extends Pick<ConnectorContext, "target" | "http" | "redact"> {
  readonly settings: SqsSettings;
  readonly calls: AwsCalls;
  sqs(): Promise<SQS>;
}

/** What SQS takes in one call of a batch, and gives in one. */
export const BATCH = 10;

export function aboutOf(settings: SqsSettings, { target, http, redact }: ConnectorContext): About {
  let sqs: Promise<SQS> | undefined;
  return {
    settings,
    target,
    http,
    redact,
    calls: createAwsCalls(settings, { target, redact }),
    sqs: () => {
      // The region's own address, or the endpoint: a queue's url in a catalogue is a name, and signs nothing away.
      sqs ??= import("@aws-sdk/client-sqs").then(
        (sdk) => new sdk.SQS({ ...clientConfig(settings), useQueueUrlAsEndpoint: false }),
      );
      return sqs;
    },
  };
}

export const tableOf = ({ settings }: About, intent: Pick<Intent, "name">) => filledName(settings.table, intent);
export const isFifo = (queueUrl: string): boolean => queueUrl.endsWith(".fifo");
export const queueName = (queueUrl: string): string => queueUrl.split("/").at(-1) ?? queueUrl;

export function* inBatches<T>(all: readonly T[], size = BATCH): Generator<readonly T[]> {
  for (let first = 0; first < all.length; first += size) yield all.slice(first, first + size);
}
