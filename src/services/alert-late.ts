import type { Catalogue } from "../config/catalogue.ts";
import { redactorOf } from "../incidents/redact.ts";
import type { Alert } from "../jobs/late.ts";
import { raise } from "./raise.ts";

/**
 * Makes a truth that came after a run's end an alert: it joins the run's incident, reopens the one that had it, or opens
 * one, with the severity and the channel that the catalogue gives to a failure of that job there.
 */
export function createAlertLate(catalogue: Catalogue): Alert {
  const redact = redactorOf(catalogue);
  return async (tx, { run, title, evidence, at }) => {
    await raise(tx, { catalogue, now: at }, [
      {
        ...{ source: "nightdesk", kind: "failed", title, cause: "late", job: run.job, at },
        service: catalogue.jobs[run.job]?.environments[run.environment]?.service ?? null,
        environments: [run.environment],
        condition: `run ${run.number} after its abort`,
        rid: run.intentKey,
        error: redact(evidence),
        run: run.id,
        incident: run.incidentId,
      },
    ]);
  };
}
