import { z } from "zod";
import type { Path } from "../document.ts";
import { hintFor } from "../nearest.ts";
import { type Checks, checkRelated, checkService, withAliases } from "./checks.ts";

/** What is heard: sources, and messages of watched channels. */

/** Names under which Nightdesk itself keeps what it hears and finds. */
const RESERVED = ["monitor", "nightdesk", "slack"];

export function checkSources(checks: Checks): void {
  for (const [name, entry] of Object.entries(checks.catalogue.sources)) {
    if (RESERVED.includes(name))
      checks.error(["sources", name], `"${name}" is a source of Nightdesk's own`, "choose another name");
    if (entry.kind === "github") checkGithub(checks, entry, ["sources", name]);
    if (entry.kind === "aws") checkAws(checks, entry, ["sources", name]);
  }
}

/** What GitHub's repositories and deployments are called here; its shape is the plug-in's to check. */
function checkGithub(checks: Checks, entry: Readonly<Record<string, unknown>>, path: Path): void {
  const { services, deploys } = githubNames.safeParse(entry).data ?? { services: {}, deploys: [] };
  for (const [repository, service] of Object.entries(services)) {
    checkService(checks, service, [...path, "services", repository]);
  }
  deploys.forEach(({ service, environment }, index) => {
    const at: Path = [...path, "deploys", index];
    if (service !== undefined) checkService(checks, service, [...at, "service"]);
    const known = withAliases(checks.catalogue.environments);
    checkRelated(checks, environment, { path: [...at, "environment"], what: "environment", known });
  });
}

const githubNames = z.object({
  services: z.record(z.string(), z.string()).default({}),
  deploys: z.array(z.object({ service: z.string().optional(), environment: z.string() })).default([]),
});

/** Where Amazon's accounts and clusters are here: an environment that is none would route and page nobody. */
function checkAws(checks: Checks, entry: Readonly<Record<string, unknown>>, path: Path): void {
  const { environment, environments } = awsNames.safeParse(entry).data ?? { environments: {} };
  const known = withAliases(checks.catalogue.environments);
  const named: [string, Path][] = Object.entries(environments).map(([at, name]) => [name, ["environments", at]]);
  if (environment !== undefined) named.push([environment, ["environment"]]);
  for (const [name, at] of named) checkRelated(checks, name, { path: [...path, ...at], what: "environment", known });
}

const awsNames = z.object({
  environment: z.string().optional(),
  environments: z.record(z.string(), z.string()).default({}),
});

/** What a pattern's named groups may say; another name would say nothing. */
const GROUPS = ["job", "service", "environment", "error", "cause", "rid", "severity", "url", "version", "sha", "by"];

export function checkMessages({ catalogue, error, warn }: Checks): void {
  const environments = Object.keys(catalogue.environments);
  catalogue.messages.forEach((message, index) => {
    const path: Path = ["messages", index];
    message.environments.forEach((environment, place) => {
      const at = { path: [...path, "environments", place], what: "environment", known: environments };
      checkRelated({ catalogue, error, warn }, environment, at);
    });
    const groups = Object.keys(message.pattern.regexp.namedGroups());
    for (const group of groups.filter((one) => !GROUPS.includes(one))) {
      warn([...path, "pattern"], `nothing is read from a group "${group}"`, hintFor(group, GROUPS));
    }
    if (groups.includes("job") || ["firing", "resolved", "deployed", "noted"].includes(message.signal)) return;
    const hint = "add a group (?<job>…) around the job's name";
    const says = `signal ${message.signal} is about a job and this pattern does not say which`;
    // A failure without a job can still be an incident; a start or an end without one says nothing.
    (message.signal === "failed" ? warn : error)([...path, "pattern"], says, hint);
  });
}

/** Monitors of other systems and the jobs that they watch: a name that is no job would name none at night. */
export function checkCrons({ catalogue, error, warn }: Checks): void {
  const known = withAliases(catalogue.jobs);
  for (const [source, { crons }] of Object.entries(catalogue.sources)) {
    if (typeof crons !== "object" || crons === null) continue;
    for (const [monitor, job] of Object.entries(crons)) {
      const at = { path: ["sources", source, "crons", monitor], what: "job", known };
      if (typeof job === "string") checkRelated({ catalogue, error, warn }, job, at);
    }
  }
}
