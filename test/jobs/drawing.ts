/** The drawing in the architecture, written down once more: the table must have these edges and no other. */
export const DRAWN: Readonly<Record<string, string>> = {
  awaiting_approval: "queued deferred rejected expired withdrawn",
  deferred: "queued awaiting_approval withdrawn",
  queued: "preparing withdrawn",
  preparing: "starting refused aborted",
  starting: "running retry_wait failed unknown aborting",
  retry_wait: "preparing failed aborted",
  running: "succeeded failed retry_wait paused unknown aborting",
  paused: "running aborting",
  unknown: "running succeeded failed aborting",
  aborting: "succeeded failed restoring aborted abort_unconfirmed",
  abort_unconfirmed: "restoring aborted succeeded failed running",
  restoring: "aborted restore_failed",
  restore_failed: "restoring failed",
};
