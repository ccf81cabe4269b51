import { RE2JS } from "re2js";
import { Temporal } from "temporal-polyfill";
import { z } from "zod";
import type { Catalogue, CheckpointMonitor, Parameter } from "./catalogue.ts";
import { checkContracts } from "./contract-checks.ts";
import type { Path } from "./document.ts";
import type { Finding } from "./issues.ts";
import { hintFor, nearest } from "./nearest.ts";

/**
 * What no schema can see: that every name that is used is defined, that no two things share a name, that every
 * declaration can have an effect. `errors` keep Nightdesk from starting, `warnings` are said at start.
 */
export function checkReferences(catalogue: Catalogue): { errors: Finding[]; warnings: Finding[] } {
  const errors: Finding[] = [];
  const warnings: Finding[] = [];
  const say = (into: Finding[]) => (path: Path, message: string, hint: string) =>
    void into.push({ path, message, hint });
  const checks = { catalogue, error: say(errors), warn: say(warnings) };
  checkPeople(checks);
  checkUniqueNames(checks);
  checkJobs(checks);
  checkMessages(checks);
  checkKept(checks);
  checkCrons(checks);
  checkSources(checks);
  checkRouting(checks);
  checkMatches(checks);
  checkGates(checks);
  return { errors, warnings };
}

type Say = (path: Path, message: string, hint: string) => void;
interface Checks {
  readonly catalogue: Catalogue;
  readonly error: Say;
  readonly warn: Say;
}

function checkPeople({ catalogue, error, warn }: Checks): void {
  const people = Object.keys(catalogue.people);
  const groups = Object.keys(catalogue.groups);
  const exists = (name: string, known: readonly string[], at: { path: Path; what: string }) => {
    if (!known.includes(name)) error(at.path, `there is no ${at.what} "${name}"`, hintFor(name, known));
  };
  for (const [group, value] of Object.entries(catalogue.groups)) {
    if (!("members" in value)) continue;
    value.members.forEach((member, index) => {
      exists(member, people, { path: ["groups", group, "members", index], what: "person" });
    });
  }
  for (const name of groups.filter((group) => people.includes(group))) {
    error(["groups", name], `"${name}" is a person too`, "names of people and groups share one space");
  }
  for (const [role, value] of Object.entries(catalogue.roles)) {
    value.members.forEach((member, index) => {
      exists(member, [...people, ...groups], { path: ["roles", role, "members", index], what: "person or group" });
    });
    value.allow.forEach((grant, index) => {
      const path: Path = ["roles", role, "allow", index];
      const jobs = withAliases(catalogue.jobs);
      const environments = withAliases(catalogue.environments);
      matchesSomething(grant.jobs, jobs, { path: [...path, "jobs"], what: "job", warn });
      matchesSomething(grant.environments, environments, {
        path: [...path, "environments"],
        what: "environment",
        warn,
      });
    });
  }
  if (catalogue.rota !== undefined) exists(catalogue.rota, groups, { path: ["rota"], what: "group" });
  catalogue.routes.forEach((route, index) => {
    if (route.mention === undefined) return;
    exists(route.mention, [...groups, ...people], { path: ["routes", index, "mention"], what: "group or person" });
  });
}

/** A name without wildcards that names nothing gives nobody anything: most likely a typo. */
function matchesSomething(
  globs: readonly string[],
  known: readonly string[],
  at: { path: Path; what: string; warn: Say },
): void {
  for (const glob of globs) {
    if (/[*?]/.test(glob) || known.includes(glob)) continue;
    at.warn(at.path, `no ${at.what} is called "${glob}"`, hintFor(glob, known));
  }
}

function checkUniqueNames({ catalogue, error }: Checks): void {
  for (const section of ["environments", "jobs", "services"] as const) {
    const named: Readonly<Record<string, { readonly aliases: readonly string[] }>> = catalogue[section];
    const owners = new Map(Object.keys(named).map((name) => [name.toLowerCase(), name]));
    for (const [name, { aliases }] of Object.entries(named)) {
      aliases.forEach((alias, index) => {
        const owner = owners.get(alias.toLowerCase());
        if (owner === undefined) owners.set(alias.toLowerCase(), name);
        // A job often carries its own name among its aliases; that is no second meaning.
        else if (owner !== name) error([section, name, "aliases", index], `"${alias}" already means ${owner}`, "");
      });
    }
  }
}

function checkJobs({ catalogue, error, warn }: Checks): void {
  const jobs = Object.keys(catalogue.jobs);
  for (const [name, job] of Object.entries(catalogue.jobs)) {
    const path: Path = ["jobs", name];
    for (const key of ["then", "conflicts"] as const) {
      job[key].forEach((other, index) => {
        const at = [...path, key, index];
        if (other === name) error(at, "a job cannot name itself here", "");
        else checkRelated({ catalogue, error, warn }, other, { path: at, what: "job", known: jobs });
      });
    }
    if (Object.keys(job.environments).length === 0)
      error([...path, "environments"], "a job needs an environment to run in", "");
    if (job.destructive && job.snapshot === undefined) {
      const hint = 'say snapshot: { maxAge: 24h }, or snapshot: { none: "why" }';
      error([...path, "destructive"], "a destructive job without a snapshot", hint);
    }
    for (const [parameter, value] of Object.entries(job.parameters)) {
      const problem = parameterProblem(value);
      if (problem !== null) error([...path, "parameters", parameter], problem, "");
    }
    checkJobEnvironments({ catalogue, error, warn }, name);
  }
}

function checkJobEnvironments({ catalogue, error, warn }: Checks, name: string): void {
  for (const [environment, where] of Object.entries(catalogue.jobs[name]?.environments ?? {})) {
    const path: Path = ["jobs", name, "environments", environment];
    const exists = (section: "environments" | "targets" | "roles", wanted: string, at: Path) => {
      const known = Object.keys(catalogue[section]);
      if (known.includes(wanted)) return;
      error(at, `there is no ${section.slice(0, -1)} "${wanted}"`, hintFor(wanted, known));
    };
    exists("environments", environment, path);
    exists("targets", where.target, [...path, "target"]);
    if (where.approvals !== undefined) exists("roles", where.approvals.role, [...path, "approvals", "role"]);
    if (where.service !== undefined) checkService({ catalogue, error, warn }, where.service, [...path, "service"]);
  }
}

/**
 * A name that only relates (runs after, must not run beside, is spoken of): near a known one it is a slip and an error;
 * far from all it may be something that this catalogue does not have, and is said.
 */
function checkRelated(
  { error, warn }: Checks,
  name: string,
  at: { path: Path; what: string; known: readonly string[] },
): void {
  if (at.known.includes(name)) return;
  const slip = nearest(name, at.known) !== null;
  (slip ? error : warn)(at.path, `there is no ${at.what} "${name}"`, hintFor(name, at.known));
}

/** Services need not be declared (the section gives them aliases and order): a name near a declared one is only suspicious. */
function checkService({ catalogue, warn }: Checks, service: string, path: Path): void {
  const known = withAliases(catalogue.services);
  const near = known.includes(service) ? null : nearest(service, known);
  if (near !== null) warn(path, `"${service}" is not among the services`, `did you mean "${near}"?`);
}

function parameterProblem(parameter: Parameter): string | null {
  if (parameter.pattern !== undefined) {
    try {
      RE2JS.compile(parameter.pattern);
    } catch {
      return `pattern: "${parameter.pattern}" is not a regular expression (RE2)`;
    }
  }
  if (parameter.default === undefined) return null;
  const type = typeof parameter.default;
  const wanted = { string: "string", date: "string", enum: "string", integer: "number", boolean: "boolean" }[
    parameter.type
  ];
  if (type !== wanted) return `default must be a ${parameter.type}`;
  const values = parameter.values ?? [];
  const listed = parameter.type !== "enum" || values.includes(String(parameter.default));
  return listed ? null : `default "${parameter.default}" is not one of ${values.join(", ")}`;
}

/** Names under which Nightdesk itself keeps what it hears and finds. */
const RESERVED = ["monitor", "nightdesk", "slack"];

function checkSources(checks: Checks): void {
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

function checkMessages({ catalogue, error, warn }: Checks): void {
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
function checkCrons({ catalogue, error, warn }: Checks): void {
  const known = withAliases(catalogue.jobs);
  for (const [source, { crons }] of Object.entries(catalogue.sources)) {
    if (typeof crons !== "object" || crons === null) continue;
    for (const [monitor, job] of Object.entries(crons)) {
      const at = { path: ["sources", source, "crons", monitor], what: "job", known };
      if (typeof job === "string") checkRelated({ catalogue, error, warn }, job, at);
    }
  }
}

/** Sections that this version keeps: their names have to be right all the same. */
function checkKept({ catalogue, error, warn }: Checks): void {
  const jobs = Object.keys(catalogue.jobs);
  const checks = { catalogue, error, warn };
  checkMonitors(checks);
  catalogue.entities.forEach((entity, index) => {
    const at = { path: ["entities", index, "resync"], what: "job", known: jobs };
    if (entity.resync !== undefined) checkRelated(checks, entity.resync, at);
  });
  for (const [name, service] of Object.entries(catalogue.services)) {
    service.dependsOn.forEach((other, index) => {
      checkService(checks, other, ["services", name, "dependsOn", index]);
    });
  }
  checkContracts(catalogue.contracts, { warn, service: (name, path) => checkService(checks, name, path) });
  catalogue.freezes.forEach((freeze, index) => {
    const path: Path = ["freezes", index];
    if (freeze.deny === undefined && freeze.allow === undefined) error(path, "a freeze needs deny or allow", "");
    const dated = freeze.from !== undefined || freeze.to !== undefined;
    const recurring = freeze.cron !== undefined && freeze.for !== undefined;
    if (dated === recurring) error(path, "a freeze has either cron with for, or from and to", "");
    for (const key of ["from", "to"] as const) {
      const text = freeze[key];
      if (text === undefined || isMoment(text)) continue;
      error([...path, key], `"${text}" is no moment`, "write 2026-12-24T17:00, read in the freeze's zone, or with Z");
    }
  });
}

/** What a monitor watches has to be there, and what it resets with has to be able to carry a gap. */
function checkMonitors(checks: Checks): void {
  const { catalogue, error, warn } = checks;
  const jobs = Object.keys(catalogue.jobs);
  for (const [name, monitor] of Object.entries(catalogue.monitors)) {
    const path: Path = ["monitors", name];
    const known = Object.keys(catalogue.environments);
    checkRelated(checks, monitor.environment, { path: [...path, "environment"], what: "environment", known });
    if (monitor.job !== undefined)
      checkRelated(checks, monitor.job, { path: [...path, "job"], what: "job", known: jobs });
    if (!("checkpoint" in monitor)) {
      const { startBy, finishBy, before } = monitor;
      if (startBy !== undefined || finishBy !== undefined || before !== undefined) continue;
      warn(path, "nothing is expected of when it starts or ends", "add startBy, finishBy or before");
      continue;
    }
    checkService(checks, monitor.service, [...path, "service"]);
    if (monitor.warn > monitor.page) error([...path, "warn"], "warn is later than page", "");
    const target = monitor.poll?.target;
    const targets = Object.keys(catalogue.targets);
    if (target !== undefined && !targets.includes(target)) {
      error([...path, "poll", "target"], `there is no target "${target}"`, hintFor(target, targets));
    }
    for (const key of ["reset", "resync"] as const) checkGapJob(checks, monitor, { path: [...path, key], key });
  }
}

function checkGapJob(
  { catalogue, error }: Checks,
  monitor: CheckpointMonitor,
  at: { path: Path; key: "reset" | "resync" },
): void {
  const named = monitor[at.key];
  if (named === undefined) return;
  const job = catalogue.jobs[named.job];
  if (job === undefined) {
    error(at.path, `there is no job "${named.job}"`, hintFor(named.job, Object.keys(catalogue.jobs)));
    return;
  }
  if (job.environments[monitor.environment] === undefined) {
    error(at.path, `${named.job} does not run in ${monitor.environment}`, "");
  }
  for (const parameter of [named.from, named.to]) {
    if (job.parameters[parameter]?.type === "string") continue;
    const hint = `add parameters: { ${parameter}: { type: string } } to ${named.job}`;
    error(at.path, `${named.job} has no parameter "${parameter}" that could carry the gap`, hint);
  }
}

function isMoment(text: string): boolean {
  try {
    if (/(Z|[+-]\d\d:?\d\d)$/i.test(text)) Temporal.Instant.from(text);
    else Temporal.PlainDateTime.from(text);
    return true;
  } catch {
    return false;
  }
}

function checkRouting({ catalogue, error, warn }: Checks): void {
  if (catalogue.routes.length === 0 && catalogue.fallback === undefined) {
    const hears = catalogue.messages.length > 0 || Object.keys(catalogue.sources).length > 0;
    const hint = "add fallback: CHANNEL, or a route";
    (hears ? error : warn)(["routes"], "there is no channel to tell anything to", hint);
  }
  const channels: [Path, string | undefined][] = [
    ...catalogue.routes.map((route, index): [Path, string] => [["routes", index, "channel"], route.channel]),
    ...catalogue.messages.map((message, index): [Path, string] => [["messages", index, "channel"], message.channel]),
    ...catalogue.gates.rules.map((rule, index): [Path, string | undefined] => [
      ["gates", "rules", index, "channel"],
      rule.channel,
    ]),
    [["fallback"], catalogue.fallback],
  ];
  for (const [path, channel] of channels) {
    if (channel === undefined || /^[\p{Ll}\p{Lo}\p{N}_-]{1,80}$/u.test(channel)) continue;
    error(path, `"${channel}" is not a channel's name`, "write it as Slack shows it, in lower case and without #");
  }
  catalogue.folding.forEach((rule, index) => {
    const first = catalogue.folding.findIndex((other) => other.name === rule.name);
    if (first !== index) error(["folding", index, "name"], `the name "${rule.name}" is taken`, "");
  });
}

/** A rule for an environment that is none holds for nothing. */
function checkMatches({ catalogue, warn }: Checks): void {
  const { folding, severity, routes, entities, gates } = catalogue;
  const known = withAliases(catalogue.environments);
  const rules = { folding, severity, routes, entities };
  const matched: [Path, Match][] = Object.entries(rules).flatMap(([section, of]) =>
    of.map(({ match }, index): [Path, Match] => [[section, index, "match"], match]),
  );
  matched.push(...gates.rules.map(({ match }, index): [Path, Match] => [["gates", "rules", index, "match"], match]));
  for (const [path, match] of matched) {
    for (const key of ["environment", "environments"] as const) {
      matchesSomething(match[key] ?? [], known, { path: [...path, key], what: "environment", warn });
    }
  }
}

type Match = Pick<Catalogue["routes"][number]["match"], "environment" | "environments">;

function checkGates({ catalogue, error, warn }: Checks): void {
  const roles = Object.keys(catalogue.roles);
  catalogue.gates.rules.forEach((rule, index) => {
    const path: Path = ["gates", "rules", index];
    if (rule.role === undefined) return;
    const role = catalogue.roles[rule.role];
    if (role === undefined) error([...path, "role"], `there is no role "${rule.role}"`, hintFor(rule.role, roles));
    else if (!role.allow.some(({ actions }) => actions.some((action) => action === "*" || action === "gate"))) {
      warn(
        [...path, "role"],
        `the role ${rule.role} has no grant of "gate": nobody can open it`,
        "add it to its actions",
      );
    }
  });
}

function withAliases(section: Readonly<Record<string, { aliases: readonly string[] }>>): string[] {
  return Object.entries(section).flatMap(([name, { aliases }]) => [name, ...aliases]);
}
