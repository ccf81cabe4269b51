import type { Catalogue } from "../catalogue.ts";
import type { Path } from "../document.ts";
import { hintFor } from "../nearest.ts";
import { type Checks, matchesSomething, withAliases } from "./checks.ts";

/** Who is told where, and who may let a deploy go on. */

export function checkRouting({ catalogue, error, warn }: Checks): void {
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
export function checkMatches({ catalogue, warn }: Checks): void {
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

export function checkGates({ catalogue, error, warn }: Checks): void {
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
