import type { Agenda } from "./agenda.ts";
import { type Behaviour, type Execution, going, Refusal } from "./staged-sync-shapes.ts";

interface Around {
  readonly now: () => number;
  readonly agenda: Agenda;
  readonly behaviour: () => Behaviour;
  readonly counts: { aborts: number; abortCalls: number; pauses: number };
  readonly end: (execution: Execution, ending: { state: "aborted" }, atMs: number) => void;
}

/** Abort, pause and resume, in the manner that the drill has set. Each throws a `Refusal` when it is not done. */
export function openStops({ now, agenda, behaviour, counts, end }: Around) {
  const stopped = (execution: Execution, at: number) => {
    if (going(execution)) end(execution, { state: "aborted" }, at);
  };
  const needGoing = (execution: Execution) => {
    if (!going(execution) || execution.lying) throw new Refusal(409, "ended", `${execution.id} has ended`);
  };

  function abort(execution: Execution, mode: "soft" | "hard"): void {
    const { abortable, abortSeconds } = behaviour();
    if (abortable === "no") throw new Refusal(405, "cannot_be_stopped", "a full sync cannot be stopped");
    if (execution.kind === "restore") throw new Refusal(405, "cannot_be_stopped", "a restore is not stopped half-way");
    needGoing(execution);
    counts.abortCalls++;
    const first = !execution.stopping;
    if (first) {
      counts.aborts++;
      execution.log.push("asked to stop");
    }
    execution.stopping = true;
    if (abortable === "yes" || (abortable === "slow" && mode === "hard")) stopped(execution, now());
    else if (abortable === "slow" && first) {
      const at = now() + abortSeconds * 1_000;
      agenda.at(at, () => stopped(execution, at));
    } else if (abortable === "lies") {
      execution.lying = true;
      execution.stopping = false;
      execution.endedAt = now();
      execution.evidence = "stopped as asked";
    }
  }

  function pause(execution: Execution): void {
    if (execution.kind === "restore") throw new Refusal(405, "cannot_be_paused", "a restore cannot be paused");
    needGoing(execution);
    if (execution.state === "paused") return;
    counts.pauses++;
    execution.state = "paused";
    execution.passage?.halt();
    execution.log.push("paused");
  }

  function resume(execution: Execution): void {
    needGoing(execution);
    if (execution.state !== "paused") return;
    execution.state = "running";
    execution.log.push("resumed");
    execution.passage?.goOn();
  }

  return { abort, pause, resume };
}
