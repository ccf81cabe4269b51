import { type Capabilities, type Connection, ConnectorError, type Intent } from "../contract.ts";
import { executionAnswer, readAs, snapshotAnswer } from "./answers.ts";
import { type Calls, jobPath } from "./calls.ts";
import { snapshotOf } from "./observation.ts";

/**
 * Keeping and bringing back. Each has a key of its own, made of the intent's: a target that remembers keys whatever they
 * were for must not take the snapshot for the run.
 */
export function snapshotsOf(
  { calls, target }: { calls: Calls; target: string },
  can: Capabilities,
): Pick<Connection, "snapshot" | "restore"> {
  const snapshot = async (intent: Intent) => {
    const key = `${intent.intentKey}:snapshot`;
    // Asked again it is the same snapshot: no answer is no reason for doubt, only for asking again.
    const answer = await calls.post(`${jobPath(intent.name)}/snapshots`, intent, { key }).catch((error: unknown) => {
      if (error instanceof ConnectorError && error.kind === "ambiguous") throw again(error);
      throw error;
    });
    const kept = readAs(snapshotAnswer, calls.need(answer, "none"));
    if (kept === null) throw new ConnectorError("unavailable", `${target} did not say what it has kept`);
    const { ref, state } = kept;
    if (state !== "ready") {
      const { quote } = calls.exchange;
      throw new ConnectorError("unavailable", `${target} says that ${quote(ref)} is ${quote(state)}, not ready`);
    }
    return snapshotOf(kept, calls.exchange);
  };

  const restore = async (intent: Intent, ref: string) => {
    const key = `${intent.intentKey}:restore:${ref}`;
    const body = { snapshot: ref, reason: intent.reason ?? null };
    const answer = await calls.post(`${jobPath(intent.name)}/restores`, intent, { body, key });
    const execution = readAs(executionAnswer, calls.need(answer, "possible"));
    if (execution === null) {
      throw new ConnectorError("ambiguous", `${target} accepted the restore, and did not say where it can be seen`);
    }
    return { scope: target, externalId: execution.id };
  };

  return { ...(can.snapshot ? { snapshot } : {}), ...(can.restore ? { restore } : {}) };
}

const again = (error: ConnectorError): ConnectorError =>
  new ConnectorError("unavailable", error.message, { cause: error });
