import { z } from "zod";
import { type Capabilities, type Connection, type Connector, NO_MORE } from "./contract.ts";

const settings = z.strictObject({ connector: z.literal("noop").optional() });

const capabilities: Capabilities = {
  startKey: "native",
  abort: "none",
  abortProof: "none",
  evidence: "status",
  progress: false,
  ...NO_MORE,
};

/** Does nothing and says so: for trying a catalogue out, and the connector to copy from. */
export const noopConnector: Connector<z.output<typeof settings>> = {
  name: "noop",
  settings,
  connect: (_settings, { target }) => {
    const nothing = { phase: "succeeded", evidence: `${target} does nothing, and did it` } as const;
    return {
      capabilities,
      plan: (intent) => `nothing: ${target} is there for trying things out, ${intent.name} has no effect`,
      preflight: async () => [{ check: "running", level: "info", text: `${target} is always free` }],
      start: async (intent) => ({ scope: target, externalId: intent.intentKey }),
      locate: async (intent) => ({ kind: "found", handle: { scope: target, externalId: intent.intentKey } }),
      look: async () => ({ phase: "not_running", evidence: `${target} never runs anything` }),
      observe: async () => nothing,
      abort: async () => "unsupported",
      ownPermission: async () => ({ kind: "yes", evidence: `${target} asks nobody` }),
      personPermission: async () => ({ kind: "yes", evidence: `${target} asks nobody` }),
    } satisfies Connection;
  },
};
