import type { Instant } from "../base/clock.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { DeployView, ImpactView, IncidentView } from "../services/contract.ts";
import { lateness } from "../services/deploys.ts";
import type { AnswerSection } from "./answer.ts";
import { count, escaped, linked, list, near } from "./format.ts";
import { environmentName } from "./say.ts";

/** How deploys, suspects and the reach of a change are told. */

const OUTCOMES = {
  started: ":hourglass_flowing_sand:",
  succeeded: ":package:",
  failed: ":heavy_multiplication_x:",
} as const satisfies Record<DeployView["outcome"], string>;

const OUTCOME_WORDS = {
  started: ", still going on",
  succeeded: "",
  failed: ", *failed*",
} as const satisfies Record<DeployView["outcome"], string>;

/** `*tcs 6.2.0* in :red_circle: *prod* 14:30, by Ben Okafor` */
export function deployLine(catalogue: Catalogue, deploy: DeployView, now: Instant): string {
  const { name, outcome, by, at } = deploy;
  const late = lateness(deploy);
  const who = by === null ? "" : `, by ${escaped(by)}`;
  const whose = deploy.service === null ? ", whose it is was not said" : "";
  return `${OUTCOMES[outcome]} ${linked(`*${escaped(name)}*`, deploy.url)} ${whereOf(catalogue, deploy)} ${near(at, now)}${who}${OUTCOME_WORDS[outcome]}${late === null ? "" : ` (${late})`}${whose}`;
}

/** Deploys that may be why an incident began, each with its place among them and why it is one; nothing without any. */
export function suspectSections(catalogue: Catalogue, { suspects = [] }: IncidentView, now: Instant): AnswerSection[] {
  if (suspects.length === 0) return [];
  const lines = suspects.map(
    (suspect) => `${suspect.rank}. ${deployLine(catalogue, suspect, now)}: ${escaped(suspect.reason)}`,
  );
  return [{ title: "Suspects", lines }];
}

function whereOf(catalogue: Catalogue, { environment, candidates }: DeployView): string {
  if (environment !== null) {
    const known = Object.hasOwn(catalogue.environments, environment);
    return `in ${environmentName(catalogue, environment)}${known ? "" : " (which the catalogue does not have)"}`;
  }
  if (candidates.length === 0) return "(where was not said)";
  return `in ${candidates.map((name) => environmentName(catalogue, name)).join(" or ")} (the sender does not say which)`;
}

type Impact = ImpactView["contracts"][number];

/** One paragraph a shape: whose it is, then everyone whom a change of it reaches, with the way. */
export function impactSection({ contract, owner, carries, readers, carriers }: Impact): {
  title: string;
  lines: readonly string[];
} {
  const inside = carries.length === 0 ? "" : ` It carries ${escaped(list(carries))}.`;
  const reach = readers.length === 0 ? "Nobody is said to read it." : `${count(readers.length, "service")} to tell:`;
  const only = carriers.filter(({ service }) => ![owner, ...readers.map((one) => one.service)].includes(service));
  return {
    title: `${escaped(contract)}, ${owner === null ? "of which nobody is said to be the owner" : `owned by ${escaped(owner)}`}`,
    lines: [
      `${reach}${inside}`,
      ...readers.map((reader) => `• ${readerLine(reader)}`),
      ...only.map((one) => `• ${readerLine(one)} (owns ${escaped(one.paths[0]?.[0] ?? "")})`),
    ],
  };
}

const MOST_WAYS = 3;

/** `tis-sync — via Person → PermitToWork`; `esr-generator — directly` */
function readerLine({ service, paths }: Impact["readers"][number]): string {
  const ways = paths.slice(0, MOST_WAYS).map((path) => (path.length === 1 ? "directly" : `via ${path.join(" → ")}`));
  const more = paths.length - ways.length;
  return `*${escaped(service)}* — ${escaped([...ways, ...(more > 0 ? [`${more} more ways`] : [])].join(", and "))}`;
}
