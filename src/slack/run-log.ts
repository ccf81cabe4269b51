import { messageOf } from "../base/errors.ts";
import { MOST_LOG_LINES, readLogTail } from "../jobs/run-log.store.ts";
import type { Run } from "../jobs/runs.store.ts";
import { isTerminal } from "../jobs/states.ts";
import { TAIL_LINES, tailMessage } from "./blocks/run-log.ts";
import { noteSending, noteUploaded, readPost } from "./posts.store.ts";
import type { Later, ProjectorParts } from "./projector.ts";
import { readThread, type Thread } from "./threads.store.ts";
import type { UploadFile } from "./uploads.ts";

/** How long an upload of which nobody knows whether it arrived is left alone, and when it is tried again after a refusal. */
const SETTLE_MS = 15_000;
const AGAIN_MS = 30_000;
/** After this long without success the log stays where the target has it. */
const GIVE_UP_MS = 10 * 60_000;

/**
 * Shows the tail of a run's log as one message of its thread, edited while it grows. When the run has ended, a log that is
 * longer is attached as a file, or linked where the target keeps it.
 */
export function createRunLogProjector(
  parts: ProjectorParts & { readonly upload: UploadFile },
): (run: Run) => Promise<Later | null> {
  const { store, poster, clock, log } = parts;
  const { db } = store;

  return async (run) => {
    const tail = await readLogTail(db, run.id, TAIL_LINES);
    if (tail.total === 0) return null;
    const thread = await threadOf(run);
    if (thread === null) return null;
    const over = isTerminal(run.state);
    const attached = over && run.logUrl === null && tail.total > TAIL_LINES;
    const posted = await poster({
      key: `run:${run.number}:log`,
      channelId: thread.channelId,
      threadTs: thread.rootTs,
      // Further lines may wait a little longer than the end.
      gist: `${over} ${run.logUrl ?? ""}`,
      draw: () => tailMessage({ ...tail, run: run.number, over, logUrl: run.logUrl, attached }),
    });
    if (posted.kind === "later") return posted;
    // Without its first message the thread is made anew by the card; this one follows.
    if (posted.kind !== "there") return posted.kind === "gone" ? { notBefore: clock.machineNow() } : null;
    return attached ? attach(run, thread) : null;
  };

  async function threadOf(run: Run): Promise<Thread | null> {
    const own = await readThread(db, "run", run.id);
    if (own !== null || run.incidentId === null) return own;
    return readThread(db, "incident", run.incidentId);
  }

  async function attach(run: Run, thread: Thread): Promise<Later | null> {
    const key = `run:${run.number}:log:file`;
    const known = await readPost(db, key);
    if (known?.state === "posted") return null;
    const now = clock.machineNow();
    if (
      known?.state === "sending" &&
      known.settleAt !== null &&
      now.epochMilliseconds < known.settleAt.epochMilliseconds
    )
      return { notBefore: known.settleAt };
    const endedMs = (run.finishedAt ?? run.stateSince).epochMilliseconds;
    if (clock.now().epochMilliseconds - endedMs > GIVE_UP_MS) return null;
    const settleAt = now.add({ milliseconds: SETTLE_MS });
    const place = { channelId: thread.channelId, threadTs: thread.rootTs };
    const sending = { key, ...place, contentHash: "file", gistHash: null, at: now, settleAt };
    if (!(await noteSending(db, sending, known))) return { notBefore: settleAt };
    const { lines, total } = await readLogTail(db, run.id, MOST_LOG_LINES);
    const cut = total > lines.length ? [`(the first ${total - lines.length} lines are not kept here)`] : [];
    try {
      await parts.upload(thread, {
        name: `run-${run.number}.log`,
        title: `Log of run ${run.number}`,
        text: [...cut, ...lines, ""].join("\n"),
      });
    } catch (error) {
      log.warn({ run: run.number, error: messageOf(error) }, "the thread did not take a run's log");
      return { notBefore: now.add({ milliseconds: AGAIN_MS }), error: messageOf(error) };
    }
    await noteUploaded(db, key);
    return null;
  }
}
