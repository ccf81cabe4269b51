import type { Agenda } from "./agenda.ts";
import type { Follower } from "./cdc-follower.ts";
import { Refusal, thousands } from "./staged-sync-shapes.ts";

export type CdcJob = "reset" | "resync";

export interface CdcExecution {
  readonly id: string;
  /** What the caller calls the job. */
  readonly job: string;
  readonly key: string;
  readonly startedAt: number;
  readonly total: number;
  state: "running" | "succeeded" | "failed" | "aborted";
  endedAt: number | null;
  error: string | null;
  evidence: string;
  readonly log: string[];
  /** Takes its end off the agenda. */
  cancel: () => void;
}

const RESET_MS = 2_000;

/** The two jobs that the follower's keeper can be asked for: a new place, and a copy of what a gap has. */
export function openCdcJobs(about: {
  follower: Follower;
  agenda: Agenda;
  now: () => number;
  /** Changes a second that a copy makes. */
  copyRate: () => number;
}) {
  const { follower, agenda, now } = about;
  const executions = new Map<string, CdcExecution>();
  const counts = { starts: 0, resyncs: 0, aborts: 0 };
  const instant = (ms: number) => new Date(ms).toISOString();

  const busy = (): CdcExecution | null => [...executions.values()].find((one) => one.state === "running") ?? null;

  /** The same key again is the same execution. */
  function start(
    kind: CdcJob,
    asked: { job: string; key: string; parameters: Readonly<Record<string, unknown>> },
  ): { execution: CdcExecution; first: boolean } {
    const known = [...executions.values()].find((one) => one.key === asked.key);
    if (known !== undefined) return { execution: known, first: false };
    const under = busy();
    if (under !== null) throw new Refusal(409, "already_running", `${under.id} is under way`);
    const { job, key, parameters } = asked;
    const place = follower.place().at;
    const from = instantIn(parameters["from"]) ?? place;
    const to = instantIn(parameters["to"]) ?? now();
    // What was shown is what is done: whoever asks for a gap that is another by now asks again.
    if (kind === "reset" && from !== place) {
      throw new Refusal(422, "place_moved", `the follower stands at ${instant(place)}, not at ${instant(from)}`);
    }
    if (to < from || to > now()) throw new Refusal(422, "bad_gap", "a gap ends after it begins, and not in the future");
    const total = kind === "reset" ? 1 : follower.changesIn({ from, to });
    counts.starts++;
    const execution: CdcExecution = {
      ...{ id: `ex-${counts.starts}`, job, key, startedAt: now(), total, state: "running", endedAt: null },
      ...{ error: null, evidence: "", log: [`${kind} of ${instant(from)} to ${instant(to)}`], cancel: () => {} },
    };
    executions.set(execution.id, execution);
    const lasts = kind === "reset" ? RESET_MS : Math.max(1_000, (total / about.copyRate()) * 1_000);
    execution.cancel = agenda.at(now() + lasts, () => {
      if (kind === "reset") {
        follower.reset(to);
        execution.evidence = `the follower stands at ${instant(to)} and reads again`;
      } else {
        counts.resyncs++;
        const copied = follower.resync({ from, to });
        execution.evidence = `${thousands(copied)} changes from ${instant(from)} to ${instant(to)} were copied`;
      }
      end(execution, "succeeded");
    });
    return { execution, first: true };
  }

  function abort(execution: CdcExecution): void {
    if (execution.state !== "running") throw new Refusal(409, "ended", `${execution.id} has ended`);
    counts.aborts++;
    execution.cancel();
    execution.evidence = "nothing was changed";
    end(execution, "aborted");
  }

  function end(execution: CdcExecution, state: "succeeded" | "aborted"): void {
    execution.state = state;
    execution.endedAt = now();
    execution.log.push(`${state}: ${execution.evidence}`);
  }

  return {
    start,
    abort,
    busy,
    find: (id: string) => executions.get(id) ?? null,
    byKey: (key: string) => [...executions.values()].find((one) => one.key === key) ?? null,
    counts: () => ({ ...counts, active: busy() === null ? 0 : 1 }),
  };
}

function instantIn(value: unknown): number | null {
  if (value === undefined || value === null || value === "" || value === "now") return null;
  const at = typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at)) throw new Refusal(422, "not_an_instant", `${JSON.stringify(value)} is no instant`);
  return at;
}
