/** `tcs >= 6.2`: a service that has to be deployed in at least, or in exactly, a version. */
export interface Requirement {
  readonly service: string;
  readonly operator: ">=" | "=";
  readonly version: string;
}

/** The requirement that a text writes, and what follows it (` in prod`); null when it is none. */
export function readRequirement(text: string): (Requirement & { readonly rest: string }) | null {
  const found = /^\s*(\S+?)\s*(>=|=)\s*(\S+)(.*)$/s.exec(text);
  const [, service = "", operator = "=", version = "", rest = ""] = found ?? [];
  return found === null ? null : { service, operator: operator === ">=" ? ">=" : "=", version, rest: rest.trim() };
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
