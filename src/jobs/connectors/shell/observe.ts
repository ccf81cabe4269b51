import type { Handle, Intent, Observation } from "../contract.ts";
import { fieldAt } from "../http/fields.ts";
import type { About } from "./about.ts";
import { lastError, newLines, progressOf } from "./log.ts";
import { groupLives, processLives } from "./processes.ts";
import { folderOf, readState, wasStopped } from "./records.ts";
import type { State } from "./state.ts";

/** One look: at what the runner has kept, and at whether its process group is still there. */
export async function observe(
  about: About,
  { handle, intent, cursor }: { handle: Handle; intent: Intent; cursor: unknown },
): Promise<Observation> {
  const { here, target } = about;
  const host = fieldAt(handle.opaque, "host");
  if (typeof host === "string" && host !== here.host) {
    return { phase: "unknown", evidence: `it was started on ${host}, and this is ${here.host}` };
  }
  const key = fieldAt(handle.opaque, "key");
  const folder = folderOf(about.base, typeof key === "string" ? key : intent.intentKey);
  const state = readState(folder);
  if (state === null) return { phase: "not_found", evidence: `${target} knows nothing of it on ${here.host}` };
  if (state.host !== here.host) {
    return { phase: "unknown", evidence: `it was started on ${state.host}, and this is ${here.host}` };
  }
  const judged = await judge(about, { state, folder });
  const ended = !["running", "unknown"].includes(judged.phase);
  const { words, redact } = about;
  const log = await newLines(folder, cursor, { words, redact, whole: ended });
  const progress = await progressOf(folder);
  return {
    ...judged,
    cursor: log.cursor,
    ...(log.lines.length > 0 ? { logLines: log.lines } : {}),
    ...(progress === null ? {} : { progress }),
  };
}

async function judge(about: About, seen: { state: State; folder: string }): Promise<Observation> {
  const { here, target } = about;
  const { state, folder } = seen;
  if (state.phase === "ended") return endOf(about, seen);
  if (state.boot !== here.boot) {
    return {
      phase: "not_found",
      evidence: `${here.host} was restarted since: it no longer runs, and nobody saw how far it came`,
    };
  }
  const { leader } = state;
  if (leader === undefined) {
    const what = processLives(state.runner) ? "is about to begin" : "went away before it told what it had begun";
    return { phase: "unknown", evidence: `the runner of ${target} ${what}` };
  }
  const group = `process group ${leader.pid} on ${here.host}`;
  if (groupLives(leader)) {
    const evidence =
      state.phase === "leaving" ? `it ${exitOf(state)}, and others of its ${group} go on` : `${group} runs`;
    return { phase: "running", evidence };
  }
  if (state.phase === "leaving") return endOf(about, seen);
  if (wasStopped(folder)) return { phase: "aborted", evidence: `nobody is left of its ${group}` };
  return processLives(state.runner)
    ? { phase: "unknown", evidence: `nobody is left of its ${group}; how it ended is being written down` }
    : { phase: "not_running", evidence: `nobody is left of its ${group}, and nobody saw how it ended` };
}

async function endOf({ words }: About, { state, folder }: { state: State; folder: string }): Promise<Observation> {
  if (state.failure !== undefined) {
    const message = `it could not be run: ${words.quote(state.failure)}`;
    return { phase: "failed", evidence: message, error: { kind: "not_run", message } };
  }
  const exit = exitOf(state);
  // A command that ends well when it is told to stop has not done its work.
  if (wasStopped(folder))
    return { phase: "aborted", evidence: `it was told to stop, and ${exit}; nobody of its group is left` };
  if (state.code === 0) return { phase: "succeeded", evidence: `it ${exit}, and nobody of its group is left` };
  const last = await lastError(folder);
  const message = last === null ? `it ${exit}` : `it ${exit}: ${words.quote(last)}`;
  return {
    phase: "failed",
    evidence: message,
    error: { kind: state.signal ? `signal ${state.signal}` : `exit ${state.code}`, message },
  };
}

const exitOf = ({ code, signal }: State): string =>
  signal ? `was ended by ${signal}` : `exited with code ${code ?? "unknown"}`;
