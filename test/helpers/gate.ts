import { Temporal } from "temporal-polyfill";
import type { GateView } from "../../src/services/gates-contract.ts";

/** A gate that waits: what commands and cards are tried on. */
export const gate3: GateView = {
  number: 3,
  service: "ndw-etl",
  environment: "prod",
  version: "12",
  author: "asha",
  authorKey: "asha",
  authorName: "Asha Rao",
  url: "https://ci.example/runs/1",
  state: "held",
  code: "waits",
  because: "it waits for a person's word",
  role: "release",
  askedAt: Temporal.Instant.from("2021-03-17T05:00:00Z"),
  expiresAt: Temporal.Instant.from("2021-03-17T06:00:00Z"),
  decidedAt: null,
  decidedByName: null,
  supersededBy: null,
  findings: [
    { wanted: "tcs >= 6.2 in prod", met: false, why: "tcs 6.1 is deployed in prod since 2021-03-16 14:30 (UTC)" },
  ],
  may: ["Ben Okafor"],
};
