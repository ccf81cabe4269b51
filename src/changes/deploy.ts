import type { Instant } from "../base/clock.ts";
import type { NewSignal, SavedSignal } from "../incidents/signal.ts";

export type DeployOutcome = "started" | "succeeded" | "failed";

/** A deploy as one telling has it, in the catalogue's words. */
export interface NewDeploy {
  readonly source: string;
  /** The sender's own id of it, or what else makes it one deploy. */
  readonly toldAs: string;
  readonly signalId: number | null;
  readonly service: string | null;
  readonly environment: string | null;
  /** Candidates, when the sender cannot say which. */
  readonly environments: readonly string[];
  readonly version: string | null;
  readonly sha: string | null;
  readonly ref: string | null;
  readonly repository: string | null;
  readonly outcome: DeployOutcome;
  readonly title: string;
  readonly byName: string | null;
  readonly url: string | null;
  readonly at: Instant;
}

export interface Deploy extends NewDeploy {
  readonly id: number;
  /** Of the telling that its outcome comes from. */
  readonly saidAt: Instant;
  readonly learnedAt: Instant;
}

/** Two senders tell of one deploy (a pipeline and its message in a channel) within this time. */
const SAME_WITHIN_MS = 15 * 60_000;

/** Whether a signal tells of a deploy: that it is there, or (of senders that say which) that it began or failed. */
export function tellsOfDeploy({ kind, tags }: Pick<NewSignal, "kind" | "tags">): boolean {
  const began = kind === "started" || kind === "failed";
  return kind === "deployed" || (began && Object.hasOwn(tags, "deploy.status"));
}

/** What such a signal says. Senders that know no version say `version`, `revision` or `release`, or nothing. */
export function deployOf(signal: SavedSignal): NewDeploy {
  const tag = (...names: readonly string[]) => firstSaid(signal.tags, names);
  const version = tag("deploy.version", "version", "revision", "release");
  const sha = tag("deploy.sha", "sha");
  const id = tag("deploy.id") ?? signal.rid;
  return {
    source: signal.source,
    toldAs: id ?? `${signal.at.toString()} ${version ?? sha ?? ""}`,
    signalId: signal.id,
    service: signal.service,
    environment: signal.environment,
    environments: signal.environments,
    version,
    sha,
    ref: tag("deploy.ref"),
    repository: tag("deploy.repository"),
    outcome:
      signal.kind === "started" || signal.kind === "failed" ? OUTCOME_OF[signal.kind] : outcomeOf(tag("deploy.status")),
    title: signal.title,
    byName: tag("deploy.by"),
    url: webAddress(tag("deploy.url") ?? signal.url),
    at: signal.at,
  };
}

function firstSaid(tags: NewSignal["tags"], names: readonly string[]): string | null {
  for (const name of names) {
    const said = Object.hasOwn(tags, name) ? tags[name]?.trim() : undefined;
    if (said !== undefined && said !== "") return said;
  }
  return null;
}

const OUTCOME_OF = { started: "started", failed: "failed" } as const;

/** A sender that says nothing of the outcome tells of what is there. */
function outcomeOf(status: string | null): DeployOutcome {
  if (status === null) return "succeeded";
  if (/fail|error|abort|cancel|reject/i.test(status)) return "failed";
  return /progress|pending|queued|start|running|wait/i.test(status) ? "started" : "succeeded";
}

/** Nothing but a plain web address becomes a link. */
function webAddress(url: string | null): string | null {
  return url !== null && /^https?:\/\/[^\s<>|"]+$/i.test(url) ? url : null;
}

/** One telling more of a deploy that is kept: what it adds, the earliest moment, the newest outcome. */
export function toldAgain(kept: Deploy, telling: NewDeploy): Deploy {
  const newer = telling.at.epochMilliseconds >= kept.saidAt.epochMilliseconds;
  const earlier = telling.at.epochMilliseconds < kept.at.epochMilliseconds;
  const same = kept.source === telling.source;
  const [first, second] = newer && same ? [telling, kept] : [kept, telling];
  return {
    ...kept,
    environment: kept.environment ?? telling.environment,
    environments: kept.environment === null && telling.environment === null ? kept.environments : [],
    version: first.version ?? second.version,
    sha: first.sha ?? second.sha,
    ref: first.ref ?? second.ref,
    repository: first.repository ?? second.repository,
    byName: first.byName ?? second.byName,
    url: first.url ?? second.url,
    outcome: newer ? telling.outcome : kept.outcome,
    saidAt: newer ? telling.at : kept.saidAt,
    at: earlier ? telling.at : kept.at,
  };
}

/** Whether two tellings of different senders can be one deploy: the same place and time, and nothing that differs. */
export function canBeOne(kept: Deploy, telling: NewDeploy): boolean {
  const apartMs = Math.abs(kept.at.epochMilliseconds - telling.at.epochMilliseconds);
  return (
    kept.source !== telling.source &&
    kept.service !== null &&
    kept.service === telling.service &&
    placesOf(kept).some((place) => placesOf(telling).includes(place)) &&
    apartMs <= SAME_WITHIN_MS &&
    agree(kept.version, telling.version, sameVersion) &&
    agree(kept.sha, telling.sha, (a, b) => a.startsWith(b) || b.startsWith(a)) &&
    endsAgree(kept, telling)
  );
}

/**
 * After a deploy that failed comes another: a success that names neither its version nor its commit is of that one, perhaps
 * of the version before. What seemed to have gone well may fail afterwards.
 */
function endsAgree(kept: Deploy, telling: NewDeploy): boolean {
  const told = [{ ...kept, at: kept.saidAt }, telling];
  const failed = told.find(({ outcome }) => outcome === "failed");
  const succeeded = told.find(({ outcome }) => outcome === "succeeded");
  if (failed === undefined || succeeded === undefined) return true;
  return sayTheSame(failed, succeeded) || failed.at.epochMilliseconds >= succeeded.at.epochMilliseconds;
}

/** Both say the commit (two that differ are told apart before), or the version in the same words. */
const sayTheSame = (one: NewDeploy, other: NewDeploy): boolean =>
  (one.sha !== null && other.sha !== null) ||
  (one.version !== null && other.version !== null && bare(one.version) === bare(other.version));

/** Where it is, or may be. */
export const placesOf = ({ environment, environments }: Pick<NewDeploy, "environment" | "environments">) =>
  environment === null ? environments : [environment];

const agree = (one: string | null, other: string | null, same: (one: string, other: string) => boolean): boolean =>
  one === null || other === null || same(one, other);

/** A cluster calls what it runs by a revision of its own (`tcs-prod:42`): that contradicts no version. */
function sameVersion(one: string, other: string): boolean {
  const isRevision = (version: string) => /:\d+$/.test(version);
  return isRevision(one) !== isRevision(other) || bare(one) === bare(other);
}

const bare = (version: string): string => version.replace(/^v/i, "").toLowerCase();

const SHA_SHOWN = 7;

/** What was deployed, in a word: the version, else the commit, else the branch or tag; null: nobody said. */
export function labelOf(deploy: Pick<NewDeploy, "version" | "sha" | "ref">): string | null {
  const version = deploy.version;
  if (version !== null) return /^[0-9a-f]{40}$/i.test(version) ? version.slice(0, SHA_SHOWN) : version;
  return deploy.sha?.slice(0, SHA_SHOWN) ?? deploy.ref;
}
