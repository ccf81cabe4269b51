import type { IncidentId } from "../base/ids.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { foldSignals } from "../incidents/fold.ts";
import { redactorOf } from "../incidents/redact.ts";
import { conditionOf } from "../incidents/signal.ts";
import { saveSignals } from "../incidents/signals.store.ts";
import type { Alert } from "../jobs/late.ts";
import { attachRuns } from "./attach-runs.store.ts";

/**
 * Makes a truth that came after a run's end an alert: it joins the run's incident, reopens the one that had it, or opens
 * one, with the severity and the channel that the catalogue gives to a failure of that job there.
 */
export function createAlertLate(catalogue: Catalogue): Alert {
  const redact = redactorOf(catalogue);
  return async (tx, { run, title, evidence, at }) => {
    const about = {
      source: "nightdesk",
      service: catalogue.jobs[run.job]?.environments[run.environment]?.service ?? null,
      job: run.job,
      cause: "late",
    };
    const [signal] = await saveSignals(tx, [
      {
        ...about,
        inboxId: null,
        ordinal: 0,
        kind: "failed",
        title,
        environment: run.environment,
        environments: [],
        severity: null,
        rid: run.intentKey,
        tags: {},
        counts: null,
        error: redact(evidence),
        url: null,
        at,
        receivedAt: at,
        condition: conditionOf(about, `run ${run.number} after its abort`),
      },
    ]);
    if (signal === undefined) throw new Error("an alert was not saved");
    const incident = run.incidentId as IncidentId | null;
    await attachRuns(tx, await foldSignals(tx, { catalogue, now: at }, [{ signal, run: run.id, incident }]), at);
  };
}
