import { type Capabilities, type Connection, ConnectorError, type Intent } from "../contract.ts";
import type { Calls } from "./calls.ts";

/** `previous` is the one before the version that runs there, in the order in which the target lists them. */
export function versionsOf(
  { calls, target }: { calls: Calls; target: string },
  can: Capabilities,
): Pick<Connection, "resolveVersion"> {
  if (!can.versions) return {};
  return {
    resolveVersion: async (intent: Intent, wanted: string) => {
      const job = await calls.job(intent.name, intent.requestedBy.key);
      const { quote } = calls.exchange;
      const versions = job.can?.versions ?? [];
      const current = job.version ?? "";
      const list = quote(versions.join(", ")) || "none to choose from";
      if (wanted !== "previous") {
        if (versions.includes(wanted)) return { version: wanted, evidence: `${target} has version ${wanted}` };
        throw new ConnectorError("invalid", `${target} has no version ${wanted}; it has ${list}`);
      }
      const previous = versions[versions.indexOf(current) - 1];
      if (previous === undefined) {
        const before = current === "" ? "does not say which version runs there" : `has none before ${quote(current)}`;
        throw new ConnectorError("invalid", `${target} ${before}; it has ${list}`);
      }
      return { version: previous, evidence: `${target} runs ${quote(current)}, and had ${quote(previous)} before` };
    },
  };
}
