import { type Fields, isFields, textOf } from "../../reading.ts";

/** How a stopped task ended, by its containers and by who stopped it. `stopped`: it was taken down, and that is nobody's trouble. */
export type TaskEnd =
  | { readonly kind: "finished" }
  | { readonly kind: "failed"; readonly why: string; readonly exitCode: string | undefined }
  | { readonly kind: "stopped"; readonly why: string };

/** What the connector of ECS gives as its reason when Nightdesk stops a task: `jobs/connectors/ecs/observe.ts`. */
const STOPPED_BY_US = /^Stopped by Nightdesk\b/;
/** The scheduler takes down what does not answer: then something is wrong with it. */
const UNHEALTHY = /health ?checks?|unhealthy/i;
const SCALING = /^Scaling activity initiated by/i;

/**
 * Failed: an essential container that did not exit with 0, or of which no exit is known. The event does not say which are
 * essential: `essential` does, else all are. A task of a service that its scheduler, a person or Amazon took down did not
 * fail, unless it was unhealthy; the execution of a job that was taken down before its end did.
 */
export function endOfTask(
  detail: Fields,
  by: { readonly ofService: boolean; readonly essential: readonly string[] },
): TaskEnd {
  const reason = textOf(detail["stoppedReason"]);
  const code = textOf(detail["stopCode"]);
  const bad = badContainers(detail, by.essential);
  const told = bad.map(({ said }) => said).join("; ");
  const fail = (...why: readonly (string | undefined)[]): TaskEnd => ({
    kind: "failed",
    why: why.filter((one) => one !== undefined && one !== "").join("; ") || "no exit is known of any container",
    exitCode: bad.find(({ exitCode }) => exitCode !== undefined)?.exitCode,
  });
  const stopped = (why: string): TaskEnd => ({ kind: "stopped", why: reason ?? why });
  const clean = bad.length === 0 && isFields(containersOf(detail)[0]);

  if (STOPPED_BY_US.test(reason ?? "")) return stopped("Nightdesk stopped it");
  if (code === "TaskFailedToStart") return fail("it did not start", reason, told);
  if (by.ofService) {
    const takenDown = code === undefined ? SCALING.test(reason ?? "") : TAKEN_DOWN.has(code);
    if (takenDown && UNHEALTHY.test(reason ?? "")) return fail(reason, told);
    if (takenDown) return stopped("it was taken down");
  }
  if (clean) return { kind: "finished" };
  if (code === "UserInitiated") return fail(`it was stopped by hand: ${reason ?? "without a reason"}`, told);
  if (code === "SpotInterruption" || code === "TerminationNotice")
    return fail("its machine was taken away", reason, told);
  return fail(told, reason);
}

const TAKEN_DOWN: ReadonlySet<string> = new Set([
  "UserInitiated",
  "ServiceSchedulerInitiated",
  "SpotInterruption",
  "TerminationNotice",
]);

const containersOf = (detail: Fields): readonly unknown[] => {
  const listed: unknown = detail["containers"];
  return Array.isArray(listed) ? listed : [];
};

function badContainers(
  detail: Fields,
  essential: readonly string[],
): { readonly said: string; readonly exitCode: string | undefined }[] {
  const all = containersOf(detail).filter(isFields);
  const named = all.filter((one) => essential.includes(textOf(one["name"]) ?? ""));
  return (named.length > 0 ? named : all).flatMap((container) => {
    const exitCode = textOf(container["exitCode"]);
    if (exitCode === "0") return [];
    const ended = exitCode === undefined ? "no exit code" : `exit code ${exitCode}`;
    const reason = textOf(container["reason"]);
    const name = textOf(container["name"]) ?? "a container";
    return [{ said: `${name}: ${ended}${reason === undefined ? "" : ` (${reason})`}`, exitCode }];
  });
}
