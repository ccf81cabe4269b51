import { clusterOf, type Fingerprint, isAddress, sameness, type TroubleKind } from "./fingerprint.ts";
import type { Kin } from "./kin.ts";
import { distance, type Evidence, evidence, MINUTE, ONGOING_MS, type Pair, type Told } from "./pair.ts";
import { CAUGHT, has, OWN, type Said } from "./said.ts";

/** The rules by which two troubles may be one, each with what it found and how much that says. */

const ERROR_MS = 4 * 3_600_000;
const CONTRACT_MS = 12 * 3_600_000;
/** A queue fills, and fills, before somebody reads what is in it. */
const EXPLAINED_MS = 3_600_000;
/** From one job's failure to that of the job after it, at most. */
const CHAIN_MS = 3 * 3_600_000;

export function sameError({ a, b, said, prints, texts, time, ongoing, apartMs }: Pair): Evidence | null {
  if (apartMs > ERROR_MS) return null;
  const others = otherHosts(prints) && !ofOneCluster(prints);
  if (said[0].sentence !== null && said[0].sentence === said[1].sentence && !others) {
    const why = `the same error: ${short(texts[0])}`;
    if (a.service !== null && a.service === b.service) return evidence("same-error", 100 + time, why);
    // A library says the same of everybody's database or null; a sentence of one's own is written for one thing.
    if (prints.some(({ kinds }) => kinds.size === 0) && ongoing > 0) return evidence("same-error", 90 + ongoing, why);
  }
  const { shared, part, names } = sameness(prints[0], prints[1]);
  // What alarms are called is no error; only what they name in it (a host, a queue) is particular.
  const alarms = said[0].alarm || said[1].alarm;
  const hosts = [...prints[0].hosts].filter((host) => prints[1].hosts.has(host));
  const things = alarms
    ? names.filter((name) => prints[0].resources.has(name) || prints[1].resources.has(name))
    : names;
  const named = hosts.length + things.length;
  if (named === 0 && (alarms || shared < 4)) return null;
  // Brokers of one cluster say the same of the same queue; about nothing in particular each may have a trouble of its own.
  if (others || (otherHosts(prints) && (part < 0.6 || things.length === 0))) return null;
  const why = hosts.length > 0 && part < 0.6 ? `both name ${hosts[0]}` : `the same error: ${short(texts[0])}`;
  if (!alarms && part >= 0.6 && shared >= 3) {
    const sure = shared >= 4.5 || (part >= 0.75 && named > 0);
    return evidence("same-error", (sure ? 100 : 85) + time, why);
  }
  if (named === 0) return null;
  const alike = sameKind(prints) ? 10 : 0;
  const points =
    55 + Math.min(40, named * 20) + (hosts.length > 0 ? 5 : 0) + alike + (a.service === b.service ? 10 : 0);
  return evidence("same-error", points + ongoing, `both name ${hosts[0] ?? things[0]}`);
}

export function sameContract({ a, b, kin, said, prints, time, ongoing, apartMs }: Pair): Evidence | null {
  if (apartMs > CONTRACT_MS || a.service === null || b.service === null) return null;
  const [mine, others] = [said[0].contracts, said[1].contracts];
  const [myContracts, otherContracts] = [kin.contractsOf(a.service), kin.contractsOf(b.service)];
  const schema = [prints[0].kinds.has("schema"), prints[1].kinds.has("schema")];
  let best: Evidence | null = null;
  for (const contract of new Set([...myContracts, ...otherContracts, ...mine.keys()])) {
    const named = [mine.get(contract), others.get(contract)];
    const members = myContracts.has(contract) && otherContracts.has(contract);
    const among = members && schema.some(Boolean) ? `contract ${contract}` : null;
    const both = named[0] !== undefined && named[1] !== undefined;
    const ordinary = !/[a-z][A-Z]|[_-]/.test(named[0] ?? named[1] ?? "");
    const points = both
      ? (ordinary && !(schema[0] && schema[1]) ? 50 : 85) + (members ? 20 : 0) + (schema.some(Boolean) ? 10 : 0)
      : members && time > 0 && a.service !== b.service
        ? byMembership({ named, schema, ordinary })
        : 0;
    if (points === 0) continue;
    const why = both
      ? `both name ${named[0]}${named[0] === contract ? "" : ` of the contract ${contract}`}`
      : `both are of the contract ${contract}, and ${a.service} and ${b.service} failed ${gap(a, b)}`;
    const one = { points: points + (both ? ongoing : time), rule: "same-contract", why, among } as const;
    if (best === null || one.points > best.points) best = one;
  }
  return best;
}

/** Both are of one contract, and at most one of them names it. */
function byMembership(told: {
  readonly named: readonly (string | undefined)[];
  readonly schema: readonly boolean[];
  readonly ordinary: boolean;
}): number {
  if (told.schema[0] && told.schema[1]) return 80;
  const namer = told.named.findIndex((one) => one !== undefined);
  if (namer === -1 || (told.ordinary && !told.schema[namer])) return 0;
  return told.schema[1 - namer] ? 85 : told.ordinary ? 0 : 40;
}

export function ofUpstream(pair: Pair): Evidence | null {
  const { a, b, kin } = pair;
  if (a.service === null || b.service === null || a.service === b.service || pair.ongoing === 0) return null;
  const down = kin.upstreamsOf(a.service).has(b.service) ? 0 : kin.upstreamsOf(b.service).has(a.service) ? 1 : null;
  if (down === null) return null;
  const [lower, upper] = down === 0 ? [a, b] : [b, a];
  const steps = kin.upstreamsOf(lower.service ?? "").get(upper.service ?? "") ?? 1;
  const print = pair.prints[down];
  const above = pair.prints[1 - down] as Fingerprint;
  const named = (pair.said[down] as Said).services;
  const names = named.has(upper.service ?? "");
  const others = [...named].some((one) => one !== upper.service && one !== lower.service);
  if (others && !names) return null;
  const base = steps === 1 ? 45 : 30;
  const kind = kindPoints(print);
  if (!names && (kind === null || pair.time === 0)) return null;
  // Whose trouble is a wrong value in one of its rows makes nobody else time out.
  const harmless = [...above.kinds].some((one) => ["bug", "data", "schema"].includes(one)) && !has(above, CAUGHT);
  const points = base + (names ? 60 + pair.ongoing : (kind ?? 0) + pair.time) - (harmless && !names ? 25 : 0);
  const why = `${lower.service} depends on ${upper.service}, which failed ${order(upper, lower)}${names ? `, and it names ${upper.service}` : ""}`;
  return evidence("upstream", points, why);
}

export function ofCommonUpstream(pair: Pair): Evidence | null {
  const { a, b, kin, said, prints, time, ongoing } = pair;
  if (a.service === null || b.service === null || a.service === b.service || ongoing === 0) return null;
  const [mine, others] = [said[0].services, said[1].services];
  const named = [...mine].find((one) => others.has(one) && one !== a.service && one !== b.service);
  if (named !== undefined) {
    const known = kin.upstreamsOf(a.service).has(named) && kin.upstreamsOf(b.service).has(named);
    const why = `both name ${named}`;
    return {
      points: (known ? 85 : 75) + (sameKind(prints) ? 10 : 0) + ongoing,
      rule: "common-upstream",
      why,
      among: `upstream ${named}`,
    };
  }
  if (time === 0) return null;
  const foreign = (names: ReadonlySet<string>, own: string | null) => [...names].filter((one) => one !== own);
  if (foreign(mine, a.service).length > 0 && foreign(others, b.service).length > 0) return null;
  if (otherHosts(prints)) return null;
  const shared = kin
    .sharedUpstreams(a.service, b.service)
    .filter((one) => [...foreign(mine, a.service), ...foreign(others, b.service)].every((name) => name === one));
  const [upstream] = shared;
  if (upstream === undefined || !sameKind(prints)) return null;
  const kinds = [kindPoints(prints[0]), kindPoints(prints[1])];
  if (kinds[0] === null || kinds[1] === null) return null;
  const both = Math.min(kinds[0] ?? 0, kinds[1] ?? 0);
  const why = `${a.service} and ${b.service} depend on ${upstream} and failed ${gap(a, b)} with the same kind of error`;
  return { points: 40 + both + time, rule: "common-upstream", why, among: `upstream ${upstream}` };
}

/** How well an error fits a service whose upstream is in trouble; null when it has a trouble of its own. */
function kindPoints(print: Fingerprint): number | null {
  if (print.kinds.has("connect")) return 40;
  if ([...print.kinds].some((kind) => OWN.includes(kind))) return null;
  if (has(print, CAUGHT)) return 35;
  if (print.kinds.size === 0) return print.names.size === 0 && print.hosts.size === 0 ? 30 : null;
  return null;
}

/** A job that comes after another in the catalogue has nothing to work on when that one failed. */
export function afterJob({ a, b, kin, prints }: Pair): Evidence | null {
  if (a.job === null || b.job === null || a.job === b.job) return null;
  const down = kin.stepsAfter(a.job, b.job) !== null ? 0 : kin.stepsAfter(b.job, a.job) !== null ? 1 : null;
  if (down === null) return null;
  const [lower, upper] = down === 0 ? [a, b] : [b, a];
  const steps = kin.stepsAfter(lower.job ?? "", upper.job ?? "") ?? 1;
  const lag = lower.since - upper.since;
  // It fails after what it waits for, and before the next round of it.
  if (lag < -5 * MINUTE || lag > CHAIN_MS) return null;
  const own = [...(prints[down] as Fingerprint).kinds].some((kind) => OWN.includes(kind) && kind !== "data");
  const points = (steps === 1 ? 90 : 80) + (lag <= CHAIN_MS / 3 ? 20 : 10) - (own ? 40 : 0);
  return evidence("after-job", points, `${lower.job} comes after ${upper.job}, which failed ${order(upper, lower)}`);
}

export function ofService({ a, b, kin, said, prints, time, ongoing }: Pair): Evidence | null {
  const same = a.service !== null && a.service === b.service;
  const [mine, others] = [targetOf(a, kin), targetOf(b, kin)];
  const target = mine !== null && mine === others ? mine : null;
  const spoken = same ? null : spokenOf(a, b, said);
  const when = Math.max(time, explains(a, b, said) || explains(b, a, [said[1], said[0]]) ? ongoing : 0);
  if ((!same && target === null && spoken === null) || when === 0 || otherHosts(prints)) return null;
  const tools = a.source !== b.source;
  const vague = [said[0].vague, said[1].vague];
  const jobs = a.job !== null && b.job !== null && a.job !== b.job;
  // Two jobs that are both late wait for one thing; one that is late and one that brought too little do not.
  const together = vague[0] && vague[1] && sameKind(prints);
  const { part, shared } = sameness(prints[0], prints[1]);
  const alike = part >= 0.6 && shared > 0 && !vague[0] && !vague[1];
  const kind = specificKind(prints);
  let points = same || spoken !== null ? 40 : 30;
  if (target !== null) points += 10;
  if (tools && !jobs) points += 20;
  if (vague[0] || vague[1]) points += jobs && !together ? 0 : tools && !jobs ? 30 : 25;
  if (alike) points += 35;
  if (kind === "same")
    points += prints[0].kinds.has("connect") && prints[1].kinds.has("connect") ? 40 : tools ? 30 : 20;
  if (kind === "other") points -= 45;
  const where = same
    ? `the same service ${a.service}`
    : spoken !== null
      ? `it speaks of ${spoken}`
      : `the same target ${target}`;
  const how = tools && !jobs ? ", told by another tool" : alike ? ", with the same kind of error" : "";
  return evidence("same-service", points + when, `${where}, ${gap(a, b)}${how}`);
}

/** An alarm of the last hour that goes on says that something is wrong; what its service says meanwhile is what. */
function explains(alarm: Told, error: Told, [first, second]: Pair["said"]): boolean {
  const begunBefore = error.since - alarm.since;
  const goesOn = distance(alarm, error) <= ONGOING_MS && begunBefore >= 0 && begunBefore <= EXPLAINED_MS;
  return goesOn && first.alarm && first.vague && !second.alarm;
}

/** The service of one that the other speaks of, where that one has none or is the one that carries its messages. */
function spokenOf(a: Told, b: Told, said: Pair["said"]): string | null {
  if (b.service !== null && said[0].services.has(b.service)) return b.service;
  if (a.service !== null && said[1].services.has(a.service)) return a.service;
  return null;
}

const targetOf = ({ job, place }: Told, kin: Kin): string | null => (job === null ? null : kin.targetOf(job, place));

/** Whether both say what sort of trouble it is, and the same one. */
function specificKind(prints: Pair["prints"]): "same" | "other" | "not known" {
  const told = prints.map(({ kinds }) => [...kinds].filter((kind) => !["late", "symptom", "queue"].includes(kind)));
  const [mine, others] = told as [TroubleKind[], TroubleKind[]];
  if (mine.length === 0 || others.length === 0) return "not known";
  return mine.some((kind) => others.includes(kind)) ? "same" : "other";
}

const sameKind = ([a, b]: Pair["prints"]): boolean => [...a.kinds].some((kind) => b.kinds.has(kind));

/** Both name whom they have trouble with, and it is not the same one. An address changes with every start of a machine. */
function otherHosts([a, b]: Pair["prints"]): boolean {
  const [mine, others] = [hostNames(a), hostNames(b)];
  return mine.length > 0 && others.length > 0 && !mine.some((host) => others.includes(host));
}

const hostNames = ({ hosts }: Fingerprint): readonly string[] => [...hosts].filter((host) => !isAddress(host));

/** Hosts whose names differ in nothing but their numbers: `kafka-2.internal`, `kafka-4.internal`. */
function ofOneCluster([a, b]: Pair["prints"]): boolean {
  const clusters = (print: Fingerprint) => hostNames(print).map(clusterOf);
  const others = clusters(b);
  return clusters(a).some((cluster) => others.includes(cluster));
}

const short = (text: string): string => {
  const line = text.split("\n")[0]?.trim() ?? "";
  return line.length > 120 ? `${line.slice(0, 119)}…`.toWellFormed() : line;
};

/** `within 4 min of each other` */
function gap(a: Told, b: Told): string {
  const minutes = Math.ceil(Math.abs(a.since - b.since) / MINUTE);
  return minutes <= 1 ? "at the same time" : `within ${minutes} min of each other`;
}

function order(upper: Told, lower: Told): string {
  const minutes = Math.round((lower.since - upper.since) / MINUTE);
  return minutes === 0 ? "at the same time" : minutes > 0 ? `${minutes} min earlier` : `${-minutes} min later`;
}
