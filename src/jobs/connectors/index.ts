import type { z } from "zod";
import type { Connection, Connector, ConnectorContext } from "./contract.ts";
import { ecsConnector } from "./ecs.ts";
import { githubActionsConnector } from "./github-actions.ts";
import { httpConnector } from "./http.ts";
import { jobContractConnector } from "./job-contract.ts";
import { noopConnector } from "./noop.ts";
import { shellConnector } from "./shell.ts";
import { sqsConnector } from "./sqs.ts";

/** A connector whose settings' type is its own affair. */
export interface ListedConnector {
  readonly name: string;
  readonly settings: z.ZodType;
  /** Reads the target's entry of the catalogue (throws when it does not fit) and connects. */
  open(entry: unknown, context: ConnectorContext): Connection;
}

/** Every connector there is. A test proves that the folder holds no other. */
export const connectors: readonly ListedConnector[] = [
  listed(ecsConnector),
  listed(githubActionsConnector),
  listed(httpConnector),
  listed(jobContractConnector),
  listed(noopConnector),
  listed(shellConnector),
  listed(sqsConnector),
];

/** The settings' schemas by connector, for the validation of the catalogue. */
export const connectorSchemas: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  connectors.map((connector) => [connector.name, connector.settings]),
);

export function listed<Settings>(connector: Connector<Settings>): ListedConnector {
  return {
    name: connector.name,
    settings: connector.settings,
    open: (entry, context) => connector.connect(connector.settings.parse(entry), context),
  };
}
