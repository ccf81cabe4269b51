import {
  type Capabilities,
  type Connection,
  type Connector,
  ConnectorError,
  type Finding,
  type Intent,
  NO_MORE,
} from "./contract.ts";
import { type About, aboutOf, queueName, tableOf } from "./sqs/about.ts";
import { items, MOST_ITEMS } from "./sqs/items.ts";
import { deadLetters, redrive } from "./sqs/letters.ts";
import { attributesOf } from "./sqs/queue.ts";
import { type SqsSettings, sqsSettings } from "./sqs/settings.ts";
import { idsOf } from "./sqs/source.ts";

/**
 * A queue of requests at Amazon SQS. It takes ids by reference and gives dead letters; a request once sent cannot be
 * followed or called back, so that nothing is run there.
 */
export const sqsConnector: Connector<SqsSettings> = {
  name: "sqs",
  settings: sqsSettings,
  connect: (settings, context) => {
    const about = aboutOf(settings, context);
    const { target } = context;
    const { compare, deadLetterQueueUrl: dead } = settings;
    const queue = queueName(settings.queueUrl);
    const notSeen = { phase: "unknown", evidence: `${target} does not tell what becomes of a request` } as const;
    return {
      capabilities: capabilitiesOf(settings),
      plan: (intent) => `send one reference an id of ${tableOf(about, intent)} to ${queue} at ${target}`,
      preflight: (intent) => preflight(about, intent),
      start: async (intent) => {
        throw new ConnectorError("invalid", noRun(about, intent));
      },
      locate: async () => ({ kind: "unknown", why: notSeen.evidence }),
      look: async () => notSeen,
      observe: async () => notSeen,
      abort: async () => "unsupported",
      items: (intent, call) => items(about, intent, call),
      ...(compare === undefined
        ? {}
        : {
            ids: (intent: Intent, name: "source" | "target", after: string | null) =>
              idsOf(about, intent, { side: compare[name], name, after }),
          }),
      ...(dead === undefined
        ? {}
        : {
            deadLetters: (limit: number) => deadLetters(about, dead, limit),
            redrive: (ids: readonly string[]) => redrive(about, dead, ids),
          }),
      ownPermission: async () => ({
        kind: "not_known",
        why: `${target} tells only by trying what a role may do there`,
      }),
      personPermission: async () => ({ kind: "not_known", why: `${target} knows roles, not people` }),
    } satisfies Connection;
  },
};

function capabilitiesOf(settings: SqsSettings): Capabilities {
  return {
    startKey: "none",
    abort: "none",
    abortProof: "none",
    evidence: "status",
    progress: false,
    ...NO_MORE,
    items: MOST_ITEMS,
    compare: settings.compare !== undefined,
    deadLetters: settings.deadLetterQueueUrl !== undefined,
  };
}

const noRun = ({ target }: About, { job }: Intent): string =>
  `${target} is a queue: it takes ids of ${job}, and has no run of it`;

/** The right account, and are we let in; and that there is nothing to run there. */
async function preflight(about: About, intent: Intent): Promise<Finding[]> {
  const plain: Finding[] =
    intent.kind === "fanout" || intent.kind === "compare"
      ? []
      : [
          {
            check: "job",
            level: "block",
            text: noRun(about, intent),
            wayOut: `Name the ids: /sync resync ${intent.job} ${intent.environment} --ids=…`,
          },
        ];
  try {
    const { QueueArn = "" } = await attributesOf(about, about.settings.queueUrl);
    return [...identity(about, QueueArn), ...plain];
  } catch (error) {
    if (!(error instanceof ConnectorError) || (error.kind !== "auth" && error.kind !== "not_found")) throw error;
    const check = error.kind === "auth" ? "credential" : "identity";
    const wayOut =
      error.kind === "auth"
        ? `Give Nightdesk's role at ${about.target} sqs:SendMessage and sqs:GetQueueAttributes on the queue (and sqs:ReceiveMessage, sqs:DeleteMessage and sqs:ChangeMessageVisibility on its dead letters).`
        : `Correct queueUrl of targets.${about.target} in the catalogue.`;
    return [{ check, level: "block", text: error.message, wayOut }, ...plain];
  }
}

function identity({ settings, target }: About, arn: string): Finding[] {
  const [, , , region = "nowhere", account = "no account"] = arn.split(":");
  const is = `${target} is a queue of account ${account} in ${region}`;
  if (settings.account === undefined) {
    return [{ check: "identity", level: "warn", text: `${is}; the catalogue does not say which it has to be` }];
  }
  if (settings.account === account && settings.region === region) {
    return [{ check: "identity", level: "info", text: is }];
  }
  return [
    {
      check: "identity",
      level: "block",
      text: `${is}, and the catalogue says ${settings.account} in ${settings.region}: this is not the same place`,
      wayOut: `Correct queueUrl, the region or the account of targets.${target} in the catalogue.`,
    },
  ];
}
