import type { Logger } from "./base/log.ts";
import type { Releaser } from "./base/release.ts";
import { forgetBodies } from "./intake/retention.store.ts";
import { sentryApis } from "./intake/sentry-api.ts";
import { forgetRuns } from "./jobs/retention.ts";
import { startSweep } from "./queue/sweep.ts";
import { keepWatching } from "./services/monitors-runs.ts";
import { beginLooks } from "./services/sentry-looks.store.ts";
import { requestWork } from "./store/outbox.ts";
import type { Ground } from "./use-cases.ts";

const FORGET_EVERY_MS = 3_600_000;
const WATCHED_EVERY_MS = 20_000;

/** What a worker does by the clock beside its work: looks that nobody asks for, and forgetting. */
export async function startUpkeep(
  ground: Pick<Ground, "store" | "clock" | "catalogue" | "connections">,
  parts: { readonly log: Logger; readonly retentionMs: number; readonly releaser: Pick<Releaser, "add"> },
): Promise<void> {
  const { store, clock, catalogue, connections } = ground;
  const { log, retentionMs, releaser } = parts;
  await beginLooks(store, [...sentryApis(catalogue.sources).keys()], clock.now());
  await store.tx(async (tx) => {
    for (const kind of ["dead-letters", "monitors"] as const) {
      await requestWork(tx, { kind, ref: 0, dueAt: clock.now() });
    }
  });
  const watching = startSweep({
    name: "monitors",
    everyMs: WATCHED_EVERY_MS,
    log,
    once: () => keepWatching({ store, clock }),
  });
  releaser.add("monitors", watching.close);
  const forgetting = startSweep({ name: "retention", everyMs: FORGET_EVERY_MS, log, once: forget });
  releaser.add("retention", forgetting.close);

  async function forget(): Promise<void> {
    const before = clock.now().subtract({ milliseconds: retentionMs });
    const blanked = await forgetBodies(store.db, before);
    if (blanked > 0) log.info({ blanked }, "raw deliveries older than the retention time were blanked");
    await forgetRuns({ db: store.db, catalogue, connections, log }, before);
  }
}
