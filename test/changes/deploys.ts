import { Temporal } from "temporal-polyfill";
import type { Deploy } from "../../src/changes/deploy.ts";

export const at = (text: string) => Temporal.Instant.from(text);

let ids = 0;

/** A deploy of TCS in prod at 14:30, with whatever `over` says instead. */
export function deployed(over: Partial<Deploy> = {}): Deploy {
  const moment = over.at ?? at("2021-03-16T14:30:00Z");
  ids += 1;
  return {
    id: ids,
    source: "deploys",
    toldAs: `deploy ${ids}`,
    signalId: null,
    service: "tcs",
    environment: "prod",
    environments: [],
    version: "6.2.0",
    sha: null,
    ref: null,
    repository: null,
    outcome: "succeeded",
    title: "TCS was deployed",
    byName: null,
    url: null,
    at: moment,
    saidAt: moment,
    learnedAt: moment,
    ...over,
  };
}
