import { lasting } from "../base/duration.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { type Deploy, type DeployOutcome, labelOf, type NewDeploy, placesOf } from "./deploy.ts";
import type { Suspicion } from "./rank.ts";
import { contractBetween } from "./upstream.ts";

type Named = Pick<NewDeploy, "service" | "title" | "version" | "sha" | "ref">;

/** `tcs 6.2.0`; a deploy of which nobody said the service is called by its title. */
export function deployName(deploy: Named): string {
  if (deploy.service === null) return deploy.title;
  const label = labelOf(deploy);
  return label === null ? deploy.service : `${deploy.service} ${label}`;
}

const OUTCOME_WORDS = {
  started: "was being deployed",
  succeeded: "was deployed",
  failed: "was being deployed, which failed,",
} as const satisfies Record<DeployOutcome, string>;

/** `tcs 6.2.0 was deployed in prod by Ben Okafor` */
export function deploySentence(
  deploy: Named & Pick<NewDeploy, "outcome" | "environment" | "environments" | "byName">,
): string {
  const places = placesOf(deploy);
  const where = places.length === 0 ? "" : ` in ${places.join(" or ")}`;
  const by = deploy.byName === null ? "" : ` by ${deploy.byName}`;
  return `${deployName(deploy)} ${OUTCOME_WORDS[deploy.outcome]}${where}${by}`;
}

/** `12 min before the first alert, upstream of esr-generator and esr-inbound, which read its Person` */
export function reasonOf(catalogue: Catalogue, { deploy, depth, path, reached, beforeMs, of }: Suspicion): string {
  const service = deploy.service ?? "";
  const far = `${distance(beforeMs)}${of === undefined ? "" : ` of INC-${of}`}`;
  if (depth === 0) return far;
  const contracts = reached.map((reader) => contractBetween(catalogue, reader, service));
  const [contract] = contracts.filter((one) => one !== null);
  const through = depth === 1 ? "" : ` through ${path.slice(1, -1).reverse().join(" and ")}`;
  const reads = contract === undefined || contract === null ? "" : `, ${readers(contracts, contract)}`;
  return `${far}, upstream of ${some(reached)}${through}${reads}`;
}

/** How many of those that it reached read the contract. */
function readers(contracts: readonly (string | null)[], contract: string): string {
  const count = contracts.filter((one) => one !== null).length;
  if (count < contracts.length) return `${count} of which read${count === 1 ? "s" : ""} its ${contract}`;
  return count === 1 ? `which reads its ${contract}` : `which read its ${contract}`;
}

const NAMED = 4;

/** All of a few, else the first and how many more. */
function some(names: readonly string[]): string {
  const shown = names.length <= NAMED ? names : names.slice(0, NAMED - 1);
  const more = names.length - shown.length;
  const words = more === 0 ? shown : [...shown, `${more} more`];
  return words.length <= 1 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
}

/** `12 min before the first alert` */
export function distance(beforeMs: number): string {
  if (Math.abs(beforeMs) < 1_000) return "at the time of the first alert";
  return `${lasting(Math.abs(beforeMs))} ${beforeMs < 0 ? "after" : "before"} the first alert`;
}

const LATE_MS = 10 * 60_000;

/** `told 45 min later`, of a deploy that was heard of long after it happened; null of others. */
export function lateness({ at, learnedAt }: Pick<Deploy, "at" | "learnedAt">): string | null {
  const ms = learnedAt.epochMilliseconds - at.epochMilliseconds;
  return ms < LATE_MS ? null : `told ${lasting(ms)} later`;
}
