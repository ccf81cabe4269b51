import type { Command } from "../src/command/command.ts";

import { ack } from "./incident/ack.ts";
import { assign } from "./incident/assign.ts";
import { exportIncident } from "./incident/export.ts";
import { help as incidentHelp } from "./incident/help.ts";
import { list } from "./incident/list.ts";
import { merge } from "./incident/merge.ts";
import { note } from "./incident/note.ts";
import { open } from "./incident/open.ts";
import { resolve } from "./incident/resolve.ts";
import { sentry } from "./incident/sentry.ts";
import { severity } from "./incident/severity.ts";
import { split } from "./incident/split.ts";
import { status as incidentStatus } from "./incident/status.ts";
import { timeline } from "./incident/timeline.ts";
import { abort } from "./sync/abort.ts";
import { approve } from "./sync/approve.ts";
import { chain } from "./sync/chain.ts";
import { deploys } from "./sync/deploys.ts";
import { dlq } from "./sync/dlq.ts";
import { freeze } from "./sync/freeze.ts";
import { freezes } from "./sync/freezes.ts";
import { gate } from "./sync/gate.ts";
import { gates } from "./sync/gates.ts";
import { help as syncHelp } from "./sync/help.ts";
import { history } from "./sync/history.ts";
import { impact } from "./sync/impact.ts";
import { jobs } from "./sync/jobs.ts";
import { monitors } from "./sync/monitors.ts";
import { orphans } from "./sync/orphans.ts";
import { override } from "./sync/override.ts";
import { pause } from "./sync/pause.ts";
import { permissions } from "./sync/permissions.ts";
import { pin } from "./sync/pin.ts";
import { reject } from "./sync/reject.ts";
import { repair } from "./sync/repair.ts";
import { rerun } from "./sync/rerun.ts";
import { resetCheckpoint } from "./sync/reset-checkpoint.ts";
import { restore } from "./sync/restore.ts";
import { resume } from "./sync/resume.ts";
import { resync } from "./sync/resync.ts";
import { run } from "./sync/run.ts";
import { settle } from "./sync/settle.ts";
import { snooze } from "./sync/snooze.ts";
import { status } from "./sync/status.ts";
import { unfreeze } from "./sync/unfreeze.ts";
import { unpin } from "./sync/unpin.ts";
import { withdraw } from "./sync/withdraw.ts";

/** Every command there is, in the order in which help shows them: router, help, manifest and docs are made from this list. */
export const commands: readonly Command[] = [
  jobs,
  status,
  run,
  rerun,
  chain,
  approve,
  reject,
  withdraw,
  abort,
  pause,
  resume,
  restore,
  settle,
  resync,
  orphans,
  repair,
  dlq,
  pin,
  unpin,
  freeze,
  unfreeze,
  override,
  freezes,
  gates,
  gate,
  monitors,
  snooze,
  resetCheckpoint,
  permissions,
  history,
  deploys,
  impact,
  syncHelp,
  open,
  list,
  ack,
  assign,
  note,
  incidentStatus,
  severity,
  resolve,
  sentry,
  merge,
  split,
  timeline,
  exportIncident,
  incidentHelp,
];
