import type { Deploy } from "../changes/deploy.ts";
import type { Suspect } from "../changes/suspects.store.ts";
import { deployName } from "../changes/words.ts";
import type { DeployView, SuspectView } from "./changes-contract.ts";

export { lateness } from "../changes/words.ts";

export function viewDeploy(deploy: Deploy): DeployView {
  return {
    id: deploy.id,
    name: deployName(deploy),
    service: deploy.service,
    environment: deploy.environment,
    candidates: deploy.environment === null ? deploy.environments : [],
    version: deploy.version,
    sha: deploy.sha,
    ref: deploy.ref,
    outcome: deploy.outcome,
    by: deploy.byName,
    url: deploy.url,
    source: deploy.source,
    at: deploy.at,
    learnedAt: deploy.learnedAt,
  };
}

export function viewSuspect({ deploy, rank, reason }: Suspect): SuspectView {
  return { ...viewDeploy(deploy), rank, reason };
}
