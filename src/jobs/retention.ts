import type { Instant } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Db } from "../store/store.ts";
import type { Connections } from "./connections.ts";
import { forgetLogs, keysOver } from "./retention.store.ts";

/**
 * Forgets what is kept beside the record of runs that ended before `before`: the lines of their logs, and what a
 * connector keeps on this machine. The runs and their history stay. A target that cannot be tidied holds up no other.
 */
export async function forgetRuns(
  parts: { readonly db: Db; readonly catalogue: Catalogue; readonly connections: Connections; readonly log: Logger },
  before: Instant,
): Promise<void> {
  const { db, catalogue, connections, log } = parts;
  const logs = await forgetLogs(db, before);
  if (logs > 0) log.info({ runs: logs }, "log lines of runs older than the retention time were deleted");
  for (const target of Object.keys(catalogue.targets)) {
    try {
      const dropped = (await connections.of(target)?.forget?.((keys) => keysOver(db, keys, before))) ?? 0;
      if (dropped > 0) log.info({ target, dropped }, "executions older than the retention time were forgotten");
    } catch (error) {
      log.warn({ target, error: messageOf(error) }, "what this machine keeps of old executions could not be deleted");
    }
  }
}
