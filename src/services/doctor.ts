import { ConfigError, messageOf } from "../base/errors.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { DatabaseProbe, DoctorPorts, Finding } from "./doctor-ports.ts";
import { examineSentry } from "./doctor-sentry.ts";
import { examineSlack } from "./doctor-slack.ts";

export const OLDEST_POSTGRES = 14;
const SHORTEST_SECRET = 16;

/** Looks at everything that Nightdesk stands on. Throws nothing: what cannot be asked is a finding. */
export async function examine(ports: DoctorPorts): Promise<readonly Finding[]> {
  const { findings: catalogueFindings, catalogue } = examineCatalogue(ports);
  const [slack, sentry, database, redis] = await Promise.all([
    examineSlack(ports, catalogue),
    catalogue === null ? [] : examineSentry(ports, catalogue),
    examineDatabase(ports.database),
    examineRedis(ports),
  ]);
  return [
    ...examineVariables(ports),
    ...catalogueFindings,
    ...(catalogue === null ? [] : [...examineSecrets(catalogue), ...examineTargets(ports, catalogue)]),
    ...slack,
    ...sentry,
    ...database,
    ...redis,
  ];
}

/** The findings as a person reads them, and the exit code: 1 when there is a fault. */
export function renderFindings(findings: readonly Finding[]): { readonly text: string; readonly exitCode: 0 | 1 } {
  const count = (level: Finding["level"]) => findings.filter((finding) => finding.level === level).length;
  const lines = findings.flatMap(({ level, what, mend }) => [
    `${LABEL[level]}  ${what}`,
    ...(mend === undefined ? [] : [`       -> ${mend}`]),
  ]);
  const faults = count("fault");
  const sum = `${count("ok")} ok, ${plural(count("warn"), "warning")}, ${plural(faults, "fault")}`;
  return { text: [...lines, "", sum].join("\n"), exitCode: faults > 0 ? 1 : 0 };
}

const LABEL = { ok: "ok   ", warn: "warn ", fault: "FAULT" } as const;

function examineVariables({ config, configProblems }: DoctorPorts): Finding[] {
  const faults = configProblems.map((line): Finding => {
    const [what = line, ...mend] = line.split(/: (.*)/s);
    return { level: "fault", what, mend: mend.join("") || "correct it" };
  });
  const variables: Finding[] =
    faults.length > 0 ? faults : [{ level: "ok", what: "every variable that is needed is set" }];
  if (config.publicUrl === null) {
    variables.push({
      level: "warn",
      what: "NIGHTDESK_PUBLIC_URL is not set: answers cannot name the address of hooks and exports",
      mend: "set it to the https address at which Slack and your alert senders reach Nightdesk",
    });
  } else {
    variables.push({ level: "ok", what: `public address: ${config.publicUrl}` });
  }
  variables.push(apiTokenFinding(config.apiToken));
  return variables;
}

function apiTokenFinding(token: string | null): Finding {
  if (token === null) return { level: "ok", what: "the API is closed (NIGHTDESK_API_TOKEN is not set)" };
  if (token.length >= SHORTEST_SECRET) return { level: "ok", what: "the API is open to who has NIGHTDESK_API_TOKEN" };
  const what = `NIGHTDESK_API_TOKEN is shorter than ${SHORTEST_SECRET} characters, and whoever guesses it may act`;
  return { level: "warn", what, mend: "make one with: openssl rand -hex 32" };
}

function examineCatalogue(ports: DoctorPorts): { findings: Finding[]; catalogue: Catalogue | null } {
  const mend = `correct ${ports.config.catalogueFile}; "nightdesk check" says the same`;
  try {
    const { catalogue, warnings } = ports.loadCatalogue();
    const jobs = Object.keys(catalogue.jobs).length;
    return {
      catalogue,
      findings: [
        { level: "ok", what: `catalogue ${ports.config.catalogueFile}: ${plural(jobs, "job")}` },
        ...warnings.map((what): Finding => ({ level: "warn", what, mend: "nothing to do if it is meant so" })),
      ],
    };
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [messageOf(error)];
    return { catalogue: null, findings: problems.map((what): Finding => ({ level: "fault", what, mend })) };
  }
}

/** What can be done where, as the connectors declare it: nobody is surprised at night. */
function examineTargets(ports: DoctorPorts, catalogue: Catalogue): Finding[] {
  return [...ports.describeTargets(catalogue)].map(([target, can]): Finding => {
    const connector = String(catalogue.targets[target]?.connector ?? "");
    return { level: "ok", what: `target ${target} (${connector}): ${can.join("; ")}` };
  });
}

function examineSecrets(catalogue: Catalogue): Finding[] {
  const owners = new Map<string, string>();
  return Object.entries(catalogue.sources).map(([name, source]): Finding => {
    const secret = source["secret"];
    const mend = `make one with: openssl rand -hex 32; give it to the sender, and to sources.${name}.secret by \${env.NAME}`;
    if (typeof secret !== "string") return { level: "warn", what: `source ${name} has no secret`, mend };
    if (secret.length < SHORTEST_SECRET) {
      return {
        level: "warn",
        what: `the secret of source ${name} is shorter than ${SHORTEST_SECRET} characters`,
        mend,
      };
    }
    const other = owners.get(secret);
    owners.set(secret, name);
    if (other !== undefined) return { level: "warn", what: `sources ${other} and ${name} share one secret`, mend };
    return { level: "ok", what: `source ${name} has a secret` };
  });
}

async function examineDatabase(database: DatabaseProbe | null): Promise<Finding[]> {
  if (database === null) return [];
  try {
    const version = await database.version();
    if (version < OLDEST_POSTGRES) {
      const mend = `move to PostgreSQL ${OLDEST_POSTGRES} or newer`;
      return [{ level: "fault", what: `the database is PostgreSQL ${version}`, mend }];
    }
    const { missing, ahead } = await database.migrations();
    const findings: Finding[] = [{ level: "ok", what: `the database answers: PostgreSQL ${version}` }];
    if (ahead.length > 0) {
      findings.push({
        level: "fault",
        what: `the database was prepared by a newer Nightdesk (${ahead.join(", ")})`,
        mend: "start that version, or restore a back-up from before it",
      });
    }
    if (missing.length > 0) {
      const what = `the database is not prepared: ${plural(missing.length, "migration")} to apply`;
      findings.push({ level: "warn", what, mend: "nightdesk migrate; a start does it too" });
    }
    if (ahead.length + missing.length === 0)
      findings.push({ level: "ok", what: "the database is prepared for this version" });
    return findings;
  } catch (error) {
    const mend = "see that DATABASE_URL is right and that the server can be reached from here";
    return [{ level: "fault", what: `the database does not answer: ${messageOf(error)}`, mend }];
  }
}

async function examineRedis({ redisSettings }: DoctorPorts): Promise<Finding[]> {
  if (redisSettings === null) return [{ level: "ok", what: "no REDIS_URL: the queue lives in Postgres" }];
  try {
    const { maxmemoryPolicy, appendonly } = await redisSettings();
    const findings: Finding[] = [];
    if (maxmemoryPolicy !== "noeviction") {
      const what = `Redis may throw away keys (maxmemory-policy ${maxmemoryPolicy})`;
      findings.push({ level: "fault", what, mend: "CONFIG SET maxmemory-policy noeviction, and in redis.conf" });
    }
    if (appendonly !== "yes") {
      const what = "Redis forgets at a restart (appendonly no): work is then found again seconds later";
      findings.push({ level: "warn", what, mend: "CONFIG SET appendonly yes, and in redis.conf" });
    }
    return findings.length > 0 ? findings : [{ level: "ok", what: "Redis answers: noeviction, append-only" }];
  } catch (error) {
    const mend = "see that REDIS_URL is right, or unset it: the queue then lives in Postgres";
    return [{ level: "fault", what: `Redis does not answer: ${messageOf(error)}`, mend }];
  }
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
