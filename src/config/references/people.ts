import type { Path } from "../document.ts";
import { hintFor } from "../nearest.ts";
import { type Checks, matchesSomething, withAliases } from "./checks.ts";

/** Who is named, and that no two things share a name. */

export function checkPeople({ catalogue, error, warn }: Checks): void {
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

export function checkUniqueNames({ catalogue, error }: Checks): void {
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
