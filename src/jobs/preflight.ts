import type { Catalogue, CatalogueJob } from "../config/catalogue.ts";
import { namesOf } from "../config/names.ts";
import { type Requirement, satisfies } from "../config/requirement.ts";
import type { Db } from "../store/store.ts";
import type { Capabilities, Finding } from "./connectors/contract.ts";
import { type Deployed, lastDeployed } from "./deployed.store.ts";
import type { Run } from "./runs.store.ts";

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
    const deployed = await lastDeployed(db, { ...requirement, service, environment: about.environment });
    return dependencyFinding(requirement, about.environment, deployed);
  });
  return [
    ...(await Promise.all(dependencies)),
    ...(about.kind === "run" ? snapshotFindings(job, by.capabilities) : []),
    ...stoppingFindings(about.kind, by.capabilities),
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

/**
 * Theirs and ours. Of stopping only one of them speaks: the target of a job that it runs, we of what goes out in calls of
 * ours or is never interrupted.
 */
export function allFindings(kind: Run["kind"], theirs: readonly Finding[], own: readonly Finding[]): Finding[] {
  const [first, second] = kind === "run" ? [theirs, own] : [own, theirs];
  const stopping = ({ check }: Finding): boolean => check === "stopping";
  const silenced = first.some(stopping) ? second.filter(stopping) : [];
  return [...theirs, ...own].filter((finding) => !silenced.includes(finding));
}

function stoppingFindings(kind: Run["kind"], can: Capabilities | undefined): Finding[] {
  if (kind === "fanout" || kind === "compare") {
    return [{ check: "stopping", level: "info", text: "it can be paused and aborted" }];
  }
  if (kind === "restore") return [{ check: "stopping", level: "warn", text: "an abort does not interrupt it" }];
  if (can === undefined) return [];
  if (can.abort !== "none") return [{ check: "stopping", level: "info", text: "it can be aborted" }];
  return [{ check: "stopping", level: "warn", text: "once started it cannot be stopped from here" }];
}

function readersFindings({ readers }: CatalogueJob, kind: Run["kind"]): Finding[] {
  if (readers === undefined || kind === "compare") return [];
  return [{ check: "readers", level: "warn", text: `until it has ended: ${readers}` }];
}
