import { messageOf } from "../base/errors.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { type SentryClient, SentryError, sentryApis } from "../intake/sentry-api.ts";
import type { DoctorPorts, Finding } from "./doctor-ports.ts";

const READ = "event:read";
const WRITE = "event:write";

/** The token and its scopes of every Sentry source with `api:`. */
export async function examineSentry(ports: DoctorPorts, catalogue: Catalogue): Promise<Finding[]> {
  const { sentry } = ports;
  if (sentry === undefined) return [];
  const looks = [...sentryApis(catalogue.sources)].map(([name, api]) =>
    examineOne(name, { client: sentry(api), organization: api.organization }),
  );
  return (await Promise.all(looks)).flat();
}

async function examineOne(
  name: string,
  at: { readonly client: SentryClient; readonly organization: string },
): Promise<Finding[]> {
  const { client, organization } = at;
  try {
    const scopes = await client.scopes();
    await client.issues({ query: "is:unresolved", cursor: null });
    return [
      { level: "ok", what: `source ${name}: Sentry shows the issues of ${organization}` },
      ...examineScopes(name, scopes),
    ];
  } catch (error) {
    const where = `sources.${name}.api`;
    const said = `source ${name}: Sentry's API does not answer as it should: ${messageOf(error)}`;
    return [{ level: "fault", what: said, mend: mendOf(error, where) }];
  }
}

function examineScopes(name: string, scopes: readonly string[] | null): Finding[] {
  if (scopes === null) {
    const mend = `see in Sentry that its integration has Issue & Event: Read & Write (${READ}, ${WRITE})`;
    return [{ level: "warn", what: `source ${name}: Sentry did not tell the token's scopes`, mend }];
  }
  if (scopes.includes(WRITE)) {
    return [{ level: "ok", what: `source ${name}: the token may resolve, archive and assign issues` }];
  }
  const mend = "fine when nobody does it from a thread; else give its integration Issue & Event: Read & Write";
  return [{ level: "warn", what: `source ${name}: the token lacks the scope ${WRITE}`, mend }];
}

function mendOf(error: unknown, where: string): string {
  switch (error instanceof SentryError ? error.kind : "away") {
    case "auth":
      return `make a new token in the integration, and set ${where}.token`;
    case "scope":
      return `give its integration Issue & Event: Read & Write (${READ}, ${WRITE})`;
    case "gone":
      return `correct ${where}.organization (the slug in Sentry's addresses) or ${where}.url`;
    default:
      return `see that ${where}.url is right and can be reached from here`;
  }
}
