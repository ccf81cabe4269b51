import type { Catalogue, CatalogueJob } from "../config/catalogue.ts";
import { namesOf } from "../config/names.ts";
import type { Db } from "../store/store.ts";
import type { Capabilities, Finding } from "./connectors/contract.ts";
import { type Deployed, lastDeployed } from "./deployed.store.ts";
import type { Run } from "./runs.store.ts";

type Requirement = CatalogueJob["requires"][number];

/**
 * What Nightdesk itself finds before a start, beside what the target says. Nothing is asked of the target. `restore`s and
 * comparisons depend on nothing that is deployed.
 */
export async function ownFindings(
  db: Db,
  about: Pick<Run, "job" | "environment" | "kind">,
  by: { readonly catalogue: Catalogue; readonly capabilities: Capabilities | undefined },
): Promise<Finding[]> {
  const job = by.catalogue.jobs[about.job];
  if (job === undefined) return [];
  const requires = about.kind === "run" || about.kind === "fanout" ? job.requires : [];
  const names = namesOf(by.catalogue);
  const dependencies = requires.map(async (requirement) => {
    const service = names.keyOf("service", requirement.service) ?? requirement.service;
    const deployed = await lastDeployed(db, { service, environment: about.environment });
    return dependencyFinding(requirement, about.environment, deployed);
  });
  return [
    ...(await Promise.all(dependencies)),
    ...(about.kind === "run" ? snapshotFindings(job, by.capabilities) : []),
    ...stoppingFindings(by.capabilities),
    ...readersFindings(job, about.kind),
  ];
}

/** Whether what the job needs is there. A person who knows better has it deployed, or changes the catalogue. */
export function dependencyFinding(needs: Requirement, environment: string, deployed: Deployed | null): Finding {
  const { service, operator, version } = needs;
  const wanted = `it needs ${service} ${operator} ${version}`;
  if (deployed?.version == null) {
    const why = deployed === null ? "no deploy of it was heard of" : "its last deploy did not say which version";
    return {
      check: "dependencies",
      level: "warn",
      text: `${wanted}, and nobody knows what is deployed in ${environment}: ${why}`,
    };
  }
  const there = `${service} ${deployed.version} is deployed in ${environment}`;
  if (satisfies(deployed.version, needs)) return { check: "dependencies", level: "info", text: `${there}; ${wanted}` };
  return {
    check: "dependencies",
    level: "block",
    text: `${wanted}, and ${there}`,
    wayOut: `Deploy ${service} ${version} in ${environment} first, then ask again.`,
  };
}

/** `6.10` is newer than `6.9`; a leading `v` and what follows a `+` do not count. */
export function satisfies(deployed: string, { operator, version }: Pick<Requirement, "operator" | "version">): boolean {
  const order = compareVersions(deployed, version);
  return operator === "=" ? order === 0 : order >= 0;
}

function compareVersions(one: string, other: string): number {
  const [a, b] = [partsOf(one), partsOf(other)];
  for (let at = 0; at < Math.max(a.release.length, b.release.length); at += 1) {
    const order = comparePart(a.release[at] ?? "0", b.release[at] ?? "0");
    if (order !== 0) return order;
  }
  // What leads up to a release is before it: 6.2-rc.1 < 6.2.
  if (a.before === b.before) return 0;
  if (a.before === "" || b.before === "") return a.before === "" ? 1 : -1;
  return comparePart(a.before, b.before);
}

function partsOf(version: string): { release: string[]; before: string } {
  const [bare = ""] = version.trim().replace(/^v/i, "").split("+");
  const dash = bare.indexOf("-");
  return dash === -1
    ? { release: bare.split("."), before: "" }
    : { release: bare.slice(0, dash).split("."), before: bare.slice(dash + 1) };
}

function comparePart(one: string, other: string): number {
  return Math.sign(one.localeCompare(other, "en", { numeric: true }));
}

function snapshotFindings({ destructive, snapshot }: CatalogueJob, can: Capabilities | undefined): Finding[] {
  if (!destructive) return [];
  const finding = (level: Finding["level"], text: string): Finding[] => [{ check: "snapshot", level, text }];
  if (snapshot === undefined) return finding("warn", "it replaces what is there, and no snapshot is kept");
  if ("none" in snapshot)
    return finding("warn", `it replaces what is there, and no snapshot is kept: ${snapshot.none}`);
  if (can?.snapshot !== true)
    return finding("block", "a snapshot is demanded before it starts, and its target cannot take one");
  return finding("info", "a snapshot is kept before its first step; without one it does not start");
}

function stoppingFindings(can: Capabilities | undefined): Finding[] {
  if (can === undefined) return [];
  if (can.abort !== "none") return [{ check: "stopping", level: "info", text: "it can be aborted" }];
  return [{ check: "stopping", level: "warn", text: "once started it cannot be stopped from here" }];
}

function readersFindings({ readers }: CatalogueJob, kind: Run["kind"]): Finding[] {
  if (readers === undefined || kind === "compare") return [];
  return [{ check: "readers", level: "warn", text: `until it has ended: ${readers}` }];
}
