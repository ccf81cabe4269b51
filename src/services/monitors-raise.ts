import type { Catalogue, Monitor } from "../config/catalogue.ts";
import { namesOf } from "../config/names.ts";
import { redactorOf } from "../incidents/redact.ts";
import type { RaiseMonitor } from "../monitors/tell.ts";
import { openIncidentsOf } from "./monitors.store.ts";
import { raise } from "./raise.ts";

/**
 * Makes an expectation that does not hold an alert of the source `monitor`: of the job's service, where the job runs, with the
 * cause that the job's own messages have, so that it folds to what else is heard of it. Over when what was missing has come.
 */
export function createRaiseMonitor(catalogue: Catalogue): RaiseMonitor {
  const redact = redactorOf(catalogue);
  return async (tx, { name, monitor, kind, key, ...alert }) => {
    const job = monitor.job ?? null;
    const [open] = alert.more ? await openIncidentsOf(tx, name) : [];
    await raise(tx, { catalogue, now: alert.now }, [
      {
        ...{ source: "monitor", kind, job, title: redact(alert.title), severity: alert.severity, at: alert.at },
        ...{ rid: alert.rid, run: alert.run, incident: open?.id ?? null },
        service: serviceOf(catalogue, monitor),
        environments: [namesOf(catalogue).environment(monitor.environment)],
        cause: job ?? `place of ${name}`,
        condition: `${name} ${key}`,
        error: alert.detail === null ? null : redact(alert.detail),
        tags: {
          monitor: name,
          ...(alert.page ? { "monitor.page": "true" } : {}),
          ...(alert.silent ? { "monitor.silent": "true" } : {}),
        },
      },
    ]);
  };
}

function serviceOf(catalogue: Catalogue, monitor: Monitor): string | null {
  if ("checkpoint" in monitor) return namesOf(catalogue).service(monitor.service);
  const service = catalogue.jobs[monitor.job]?.environments[monitor.environment]?.service;
  return service === undefined ? null : namesOf(catalogue).service(service);
}
