import { messageOf, UserError } from "../base/errors.ts";
import type { Placed } from "../guard/names.ts";
import type { Connections } from "../jobs/connections.ts";
import { ConnectorError, type Intent } from "../jobs/connectors/contract.ts";
import type { Db } from "../store/store.ts";

/** The version to run, and what shows that it is there. */
export interface ResolvedVersion {
  readonly version: string;
  readonly evidence: string;
}

export interface VersionParts {
  readonly store: { readonly db: Db };
  readonly connections: Connections;
}

export interface WantedVersion {
  readonly placed: Placed;
  /** `previous`, or a version as its target writes it. */
  readonly wanted: string;
  readonly requestKey: string;
  readonly by: { readonly key: string; readonly name: string };
}

export const PREVIOUS = "previous";

/**
 * What `--version=…` means at the job's target. `previous` is the target's word; where it has none, the version of the
 * newest run there that succeeded with another than the newest run had. Asks, and changes nothing. Throws a `UserError`
 * with the way out where the target has no versions, or not this one.
 */
export async function resolveVersion(parts: VersionParts, asked: WantedVersion): Promise<ResolvedVersion> {
  const { placed, wanted } = asked;
  const connection = parts.connections.of(placed.place.target);
  const resolve = connection?.resolveVersion?.bind(connection);
  if (connection === null || resolve === undefined || !connection.capabilities.versions) {
    throw new UserError("unsupported", {
      code: "no_versions",
      message: `${placed.place.target} cannot be told which version of ${placed.job} to run.`,
      wayOut: "Nothing was started. Leave `--version` out to run what is deployed there, or deploy that version first.",
    });
  }
  const ask = (version: string) => resolve(versionIntent(placed, asked), version);
  try {
    return await ask(wanted);
  } catch (error) {
    const none = error instanceof ConnectorError && (error.kind === "invalid" || error.kind === "not_found");
    if (!none) throw notTold(placed, wanted, error);
    if (wanted !== PREVIOUS) throw noSuchVersion(placed, wanted, error);
    const earlier = await earlierVersion(parts.store.db, placed);
    if (earlier === null) throw noPrevious(placed, error);
    const there = await ask(earlier).catch((again: unknown) => {
      throw notTold(placed, earlier, again);
    });
    return { version: there.version, evidence: `${there.evidence}; the version of the last run before that succeeded` };
  }
}

function versionIntent(placed: Placed, asked: Pick<WantedVersion, "requestKey" | "by">): Intent {
  return {
    intentKey: asked.requestKey,
    job: placed.job,
    environment: placed.environment,
    name: placed.name,
    parameters: {},
    version: null,
    requestedBy: asked.by,
  };
}

/** The version of the newest succeeded run that differs from what the newest run with a known version ran. */
async function earlierVersion(db: Db, { job, environment }: Placed): Promise<string | null> {
  const known = db
    .selectFrom("runs")
    .select("version")
    .where("job", "=", job)
    .where("environment", "=", environment)
    .where("kind", "=", "run")
    .where("version", "is not", null)
    .orderBy("id", "desc")
    .limit(1);
  const newest = (await known.executeTakeFirst())?.version ?? null;
  if (newest === null) return null;
  const earlier = await known.where("state", "=", "succeeded").where("version", "!=", newest).executeTakeFirst();
  return earlier?.version ?? null;
}

const noSuchVersion = ({ job, environment, place }: Placed, wanted: string, error: unknown): UserError =>
  new UserError("invalid", {
    code: "unknown_version",
    message: `${place.target} has no version ${wanted} of ${job}: ${wordsOf(error)}.`,
    wayOut: `Nothing was started. \`/sync history ${job} ${environment}\` shows the versions that ran.`,
  });

const noPrevious = ({ job, environment, place }: Placed, error: unknown): UserError =>
  new UserError("invalid", {
    code: "no_previous_version",
    message: `Nobody knows a previous version of ${job} in ${environment}: ${wordsOf(error)}, and no run of another version succeeded there.`,
    wayOut: `Nothing was started. Name the version, as ${place.target} writes it: \`--version=…\`.`,
  });

const notTold = ({ place }: Placed, wanted: string, error: unknown): UserError =>
  new UserError("conflict", {
    code: "version_not_told",
    message: `${place.target} did not tell about version ${wanted}: ${wordsOf(error)}.`,
    wayOut: "Nothing was started. Ask again when it answers.",
  });

const wordsOf = (error: unknown): string => messageOf(error).replace(/\.$/, "");
