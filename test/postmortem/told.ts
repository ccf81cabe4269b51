import { Temporal } from "temporal-polyfill";
import type { TimelineView } from "../../src/incidents/timeline.ts";
import type { Told } from "../../src/postmortem/compose.ts";

export const at = (text: string) => Temporal.Instant.from(text);

export function line(kind: string, when: string, text: string, over: Partial<TimelineView> = {}): TimelineView {
  return {
    kind,
    at: at(when),
    learnedAt: at(when),
    by: "asha",
    byName: "Asha Rao",
    text,
    edited: false,
    deleted: false,
    key: false,
    data: {},
    ...over,
  };
}

/** An incident that crosses midnight, with something of everything. */
export const night: Told = {
  number: 1,
  title: "ESR application record generator fails",
  status: "resolved",
  severity: "sev2",
  environment: "prod",
  services: ["esr-generator", "esr-inbound"],
  jobs: [],
  ownerName: "Asha Rao",
  alerts: 2800,
  firstSeenAt: at("2021-03-16T14:42:00Z"),
  resolvedAt: at("2021-03-17T10:50:00Z"),
  timeline: [
    line("deploy", "2021-03-16T14:30:00Z", "tcs 4f2a was deployed to prod"),
    line("signal", "2021-03-16T14:42:00Z", "esr-generator: cannot read permitToWork", {
      byName: "sentry",
      by: "sentry",
    }),
    line("message", "2021-03-16T23:59:59Z", "Looking at <https://example.org/x|the deploy>", {
      key: true,
      edited: true,
    }),
    line("message", "2021-03-17T00:09:00Z", "", { deleted: true, byName: "Ben Okafor", by: "ben" }),
    line("note", "2021-03-17T03:55:00Z", "Root cause: the enumeration became a string", {
      learnedAt: at("2021-03-17T09:00:00Z"),
    }),
    line("note", "2021-03-17T09:01:00Z", "Action: check consumers of Person before a deploy (@Ben Okafor)"),
    line("reaction", "2021-03-17T09:02:00Z", "eyes"),
    line("export", "2021-03-17T10:40:00Z", "Asha Rao exported the postmortem, version 1"),
    line("status", "2021-03-17T10:50:00Z", "Asha Rao resolved the incident: jobs re-run", { data: { to: "resolved" } }),
  ],
};
