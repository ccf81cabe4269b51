import { RE2JS } from "re2js";
import type { Parameter } from "../catalogue.ts";
import type { Path } from "../document.ts";
import { hintFor } from "../nearest.ts";
import { type Checks, checkRelated, checkService } from "./checks.ts";

/** Jobs, and what they name. */

export function checkJobs({ catalogue, error, warn }: Checks): void {
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
