import type { Clock } from "../../../base/clock.ts";
import { lasting } from "../../../base/duration.ts";
import { ConnectorError, type Finding, type Intent } from "../contract.ts";
import type { JobAnswer, SnapshotAnswer } from "./answers.ts";
import type { Calls } from "./calls.ts";
import { number } from "./observation.ts";
import { capabilitiesOf, type JobContractSettings } from "./settings.ts";

interface About {
  readonly calls: Calls;
  readonly settings: JobContractSettings;
  readonly target: string;
  readonly clock: Clock;
  readonly namesOf: (environment: string) => readonly string[];
}

/** Asks the target who it is, what it knows of the job and what it has kept; nothing there changes by it. */
export async function preflight(about: About, intent: Intent): Promise<Finding[]> {
  const { calls, settings, target } = about;
  const who = intent.requestedBy.key;
  try {
    const { environment } = await calls.identity(who);
    const place = identityFinding(about, { intent, environment });
    if (place.level === "block") return [place];
    const credential = { check: "credential", level: "info", text: `${target} accepts Nightdesk's token` } as const;
    const [job, latest] = await Promise.all([
      calls.job(intent.name, who),
      capabilitiesOf(settings).restore ? calls.latestSnapshot(intent.name, who) : null,
    ]);
    return [place, credential, ...jobFindings(about, { intent, job }), ...snapshotFinding(about, { job, latest })];
  } catch (error) {
    if (error instanceof ConnectorError && error.kind === "auth") {
      const wayOut = `Give Nightdesk a token that ${target} accepts, as targets.${target}.token in the catalogue.`;
      return [{ check: "credential", level: "block", text: error.message, wayOut }];
    }
    if (error instanceof ConnectorError && error.kind === "not_found") {
      const wayOut = `Correct \`name\` of ${intent.job} in ${intent.environment} in the catalogue.`;
      return [{ check: "job", level: "block", text: `${target} does not know a job ${intent.name}`, wayOut }];
    }
    throw error;
  }
}

function identityFinding(about: About, said: { intent: Intent; environment: string }): Finding {
  const { target, settings } = about;
  const wanted = settings.identity === undefined ? about.namesOf(said.intent.environment) : [settings.identity];
  const is = about.calls.exchange.quote(said.environment) || "nothing";
  if (wanted.includes(said.environment)) {
    return { check: "identity", level: "info", text: `${target} says that it is ${is}` };
  }
  return {
    check: "identity",
    level: "block",
    text: `${target} says that it is ${is}, and it should be ${wanted.join(" or ")}: this is not the same place`,
    wayOut: `Correct the url or the identity of targets.${target} in the catalogue.`,
  };
}

function jobFindings(about: About, said: { intent: Intent; job: JobAnswer }): Finding[] {
  const { target } = about;
  const { intent, job } = said;
  const { quote } = about.calls.exchange;
  const execution = job.execution ? ` (${quote(job.execution)})` : "";
  const free: Finding =
    job.state === "idle"
      ? { check: "running", level: "info", text: `${target} says that ${intent.name} is not running` }
      : {
          check: "running",
          level: "block",
          text: `${target} says that ${intent.name} is ${job.state}${execution}; Nightdesk did not start that`,
          wayOut: "Wait until it has ended, then ask again.",
        };
  return [
    free,
    ...versionFinding(about, said),
    ...(job.size === undefined
      ? []
      : [{ check: "expected", level: "info", text: `${number(job.size)} items` } as const]),
    ...(job.readers ? [{ check: "readers", level: "info", text: quote(job.readers) } as const] : []),
    ...stoppingFinding(about, job),
    ...missing(about, job),
  ];
}

function versionFinding(about: About, { intent, job }: { intent: Intent; job: JobAnswer }): Finding[] {
  const { quote } = about.calls.exchange;
  const versions = job.can?.versions;
  if (intent.version === null) {
    return job.version ? [{ check: "version", level: "info", text: `version ${quote(job.version)} runs there` }] : [];
  }
  if (versions === undefined || versions.includes(intent.version)) {
    return [{ check: "version", level: "info", text: `version ${intent.version} will run` }];
  }
  const text = `${about.target} cannot run version ${intent.version}; it has ${quote(versions.join(", ")) || "none"}`;
  return [{ check: "version", level: "block", text, wayOut: "Ask for one of these." }];
}

function stoppingFinding({ target, settings }: About, job: JobAnswer): Finding[] {
  const weaker = { none: 0, soft: 1, hard: 2 } as const;
  const declared = capabilitiesOf(settings).abort;
  const told = job.can?.abort ?? declared;
  const can = weaker[told] < weaker[declared] ? told : declared;
  if (can === "none") {
    return [{ check: "stopping", level: "warn", text: `${target} cannot stop it: once started it goes on to its end` }];
  }
  return can === "soft"
    ? [{ check: "stopping", level: "info", text: `${target} can be asked to stop it, and not be made to` }]
    : [];
}

/** What the catalogue names and the target does not do is a mistake to mend before; what nobody named is said. */
function missing({ target, settings }: About, job: JobAnswer): Finding[] {
  const can = job.can ?? {};
  const named = settings.can;
  const lacks = (what: "snapshot" | "restore" | "pause" | "resumeFrom" | "compare") => can[what] === false;
  const block = (["snapshot", "restore", "pause", "resumeFrom", "compare"] as const).filter(
    (what) => named[what] === true && lacks(what),
  );
  const wayOut = `Correct \`can\` of targets.${target} in the catalogue.`;
  const blocks = block.map((what): Finding => {
    const check = what === "snapshot" || what === "restore" ? "snapshot" : "job";
    return { check, level: "block", text: `the catalogue says that ${target} has ${what}, and it has not`, wayOut };
  });
  const declared = capabilitiesOf(settings);
  const silent = (["snapshot", "restore"] as const).filter(
    (what) => declared[what] && named[what] === undefined && lacks(what),
  );
  return silent.length === 0
    ? blocks
    : [
        ...blocks,
        {
          check: "snapshot",
          level: "warn",
          text: `${target} has no ${silent.join(" and no ")} of this job: nothing can be brought back`,
        },
      ];
}

function snapshotFinding(about: About, said: { job: JobAnswer; latest: SnapshotAnswer | null }): Finding[] {
  const { latest, job } = said;
  const { restore, snapshot } = capabilitiesOf(about.settings);
  if (!restore || job.can?.restore === false) return [];
  if (latest === null) {
    if (snapshot && job.can?.snapshot !== false) return [];
    return [{ check: "snapshot", level: "warn", text: `${about.target} keeps no snapshot of it yet` }];
  }
  const ms = about.clock.now().epochMilliseconds - latest.takenAt.epochMilliseconds;
  // By two clocks: an age below zero is one of them being wrong, and not told as an age.
  const age = ms < 0 ? "" : `, ${lasting(ms)} ago`;
  const items = latest.items === undefined ? "" : ` with ${number(latest.items)} items`;
  const ref = about.calls.exchange.quote(latest.ref);
  return [{ check: "snapshot", level: "info", text: `the last snapshot there is ${ref}${items}${age}` }];
}
