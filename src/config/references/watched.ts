import { Temporal } from "temporal-polyfill";
import type { CheckpointMonitor } from "../catalogue.ts";
import { checkContracts } from "../contract-checks.ts";
import type { Path } from "../document.ts";
import { hintFor } from "../nearest.ts";
import { type Checks, checkRelated, checkService } from "./checks.ts";

/** What is expected and when nothing may be started: monitors, services, contracts, entities, freezes. */

export function checkWatched({ catalogue, error, warn }: Checks): void {
  const jobs = Object.keys(catalogue.jobs);
  const checks = { catalogue, error, warn };
  checkMonitors(checks);
  catalogue.entities.forEach((entity, index) => {
    const at = { path: ["entities", index, "resync"], what: "job", known: jobs };
    if (entity.resync !== undefined) checkRelated(checks, entity.resync, at);
  });
  for (const [name, service] of Object.entries(catalogue.services)) {
    service.dependsOn.forEach((other, index) => {
      checkService(checks, other, ["services", name, "dependsOn", index]);
    });
  }
  checkContracts(catalogue.contracts, { warn, service: (name, path) => checkService(checks, name, path) });
  catalogue.freezes.forEach((freeze, index) => {
    const path: Path = ["freezes", index];
    if (freeze.deny === undefined && freeze.allow === undefined) error(path, "a freeze needs deny or allow", "");
    const dated = freeze.from !== undefined || freeze.to !== undefined;
    const recurring = freeze.cron !== undefined && freeze.for !== undefined;
    if (dated === recurring) error(path, "a freeze has either cron with for, or from and to", "");
    for (const key of ["from", "to"] as const) {
      const text = freeze[key];
      if (text === undefined || isMoment(text)) continue;
      error([...path, key], `"${text}" is no moment`, "write 2026-12-24T17:00, read in the freeze's zone, or with Z");
    }
  });
}

/** What a monitor watches has to be there, and what it resets with has to be able to carry a gap. */
function checkMonitors(checks: Checks): void {
  const { catalogue, error, warn } = checks;
  const jobs = Object.keys(catalogue.jobs);
  for (const [name, monitor] of Object.entries(catalogue.monitors)) {
    const path: Path = ["monitors", name];
    const known = Object.keys(catalogue.environments);
    checkRelated(checks, monitor.environment, { path: [...path, "environment"], what: "environment", known });
    if (monitor.job !== undefined)
      checkRelated(checks, monitor.job, { path: [...path, "job"], what: "job", known: jobs });
    if (!("checkpoint" in monitor)) {
      const { startBy, finishBy, before } = monitor;
      if (startBy !== undefined || finishBy !== undefined || before !== undefined) continue;
      warn(path, "nothing is expected of when it starts or ends", "add startBy, finishBy or before");
      continue;
    }
    checkService(checks, monitor.service, [...path, "service"]);
    if (monitor.warn > monitor.page) error([...path, "warn"], "warn is later than page", "");
    const target = monitor.poll?.target;
    const targets = Object.keys(catalogue.targets);
    if (target !== undefined && !targets.includes(target)) {
      error([...path, "poll", "target"], `there is no target "${target}"`, hintFor(target, targets));
    }
    for (const key of ["reset", "resync"] as const) checkGapJob(checks, monitor, { path: [...path, key], key });
  }
}

function checkGapJob(
  { catalogue, error }: Checks,
  monitor: CheckpointMonitor,
  at: { path: Path; key: "reset" | "resync" },
): void {
  const named = monitor[at.key];
  if (named === undefined) return;
  const job = catalogue.jobs[named.job];
  if (job === undefined) {
    error(at.path, `there is no job "${named.job}"`, hintFor(named.job, Object.keys(catalogue.jobs)));
    return;
  }
  if (job.environments[monitor.environment] === undefined) {
    error(at.path, `${named.job} does not run in ${monitor.environment}`, "");
  }
  for (const parameter of [named.from, named.to]) {
    if (job.parameters[parameter]?.type === "string") continue;
    const hint = `add parameters: { ${parameter}: { type: string } } to ${named.job}`;
    error(at.path, `${named.job} has no parameter "${parameter}" that could carry the gap`, hint);
  }
}

function isMoment(text: string): boolean {
  try {
    if (/(Z|[+-]\d\d:?\d\d)$/i.test(text)) Temporal.Instant.from(text);
    else Temporal.PlainDateTime.from(text);
    return true;
  } catch {
    return false;
  }
}
