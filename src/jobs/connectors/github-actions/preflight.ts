import { z } from "zod";
import { ConnectorError, type Finding, type Intent, type PermissionAnswer } from "../contract.ts";
import { type About, isOurs, readAs, runsOf, workflowOf } from "./about.ts";
import { echoes, readWorkflow } from "./echo.ts";
import { otherOf } from "./start.ts";
import { commitOf } from "./versions.ts";

const repository = z.object({
  full_name: z.string(),
  archived: z.boolean().default(false),
  permissions: z.object({ push: z.boolean().default(false) }).optional(),
});

/** The right repository, are we let in, the workflow, what would run, is it free; what blocks ends the look. */
export async function preflight(about: About, intent: Intent): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const check of [place, workflow, version, echo, free]) {
    try {
      found.push(...(await check(about, intent)));
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error;
      const block = blockOf(about, error);
      if (block === null) throw error;
      found.push(block);
    }
    if (found.some((finding) => finding.level === "block")) break;
  }
  return found;
}

function blockOf({ target, settings }: About, error: ConnectorError): Finding | null {
  const text = error.message;
  const entry = `targets.${target}`;
  switch (error.kind) {
    case "auth":
      return {
        check: "credential",
        level: "block",
        text,
        wayOut: `Give ${entry} a token that may read and write Actions of ${settings.repository}.`,
      };
    case "not_found":
      return {
        check: "job",
        level: "block",
        text: `${text}: it is not there, or the token may not see it`,
        wayOut: `Correct repository or workflow of ${entry} in the catalogue, or the token's repositories.`,
      };
    case "invalid":
      return { check: "job", level: "block", text, wayOut: `Correct ${entry} in the catalogue.` };
    default:
      return null;
  }
}

async function place(about: About): Promise<Finding[]> {
  const { settings, target } = about;
  const is = readAs(about, repository, await about.api.read("GET "));
  const name = about.api.words.quote(is.full_name);
  if (is.full_name.toLowerCase() !== settings.repository.toLowerCase()) {
    return [
      {
        check: "identity",
        level: "block",
        text: `${target} says that it is ${name}, and the catalogue says ${settings.repository}: this is not the same place`,
        wayOut: `Correct the url or the repository of targets.${target} in the catalogue.`,
      },
    ];
  }
  if (is.archived) {
    return [
      { check: "job", level: "block", text: `${name} is archived`, wayOut: "Unarchive it, or run it elsewhere." },
    ];
  }
  const identity: Finding = { check: "identity", level: "info", text: `${target} says that it is ${name}` };
  if (is.permissions?.push !== false) return [identity];
  return [
    identity,
    {
      check: "credential",
      level: "block",
      text: `Nightdesk's token may not write to ${name}`,
      wayOut: `Give targets.${target} a token that may read and write Actions of ${name}.`,
    },
  ];
}

async function workflow(about: About, intent: Intent): Promise<Finding[]> {
  const { state } = await readWorkflow(about, intent);
  const name = workflowOf(about, intent);
  return state === "active"
    ? [{ check: "credential", level: "info", text: `${about.target} lets Nightdesk's token see ${name}` }]
    : [
        {
          check: "job",
          level: "block",
          text: `${about.target} says that ${name} is ${about.api.words.quote(state)}`,
          wayOut: "Enable the workflow at GitHub.",
        },
      ];
}

async function version(about: About, intent: Intent): Promise<Finding[]> {
  const ref = intent.version ?? about.settings.ref;
  const sha = await commitOf(about, ref);
  if (sha !== null) {
    return [
      {
        check: "version",
        level: "info",
        text: `${workflowOf(about, intent)} of ${ref} (commit ${sha.slice(0, 7)}) would run`,
      },
    ];
  }
  const wayOut = "Name a branch or a tag that is there.";
  return [{ check: "version", level: "block", text: `${about.settings.repository} has no ${ref}`, wayOut }];
}

async function echo(about: About, intent: Intent): Promise<Finding[]> {
  if ((await echoes(about, intent)) !== false) return [];
  const { input } = about.settings;
  return [
    {
      check: "job",
      level: "block",
      text: `${workflowOf(about, intent)} does not show its input ${input} in its run's name: an interrupted start could not be found again`,
      wayOut: `Add to the workflow: run-name: "… \${{ inputs.${input} }}"`,
    },
  ];
}

async function free(about: About, intent: Intent): Promise<Finding[]> {
  const { runs } = await runsOf(about, intent, { pages: 1 });
  const other = otherOf(
    about,
    runs.filter((run) => !isOurs(run, intent)),
  );
  if (other === null) return [{ check: "running", level: "info", text: `${about.target} has no other run under way` }];
  const wayOut = "Wait until it has ended, then ask again.";
  return [{ check: "running", level: "block", text: `${other}; Nightdesk did not start that`, wayOut }];
}

export async function askOwn(about: About, action: string): Promise<PermissionAnswer> {
  const { settings, target } = about;
  try {
    const { permissions } = readAs(about, repository, await about.api.read("GET "));
    if (action === "view") return { kind: "yes", evidence: `Nightdesk's token sees ${settings.repository}` };
    if (permissions === undefined) return { kind: "not_known", why: `${target} does not tell what the token may do` };
    const wayOut = `Give targets.${target} a token that may read and write Actions of ${settings.repository}.`;
    return permissions.push
      ? { kind: "yes", evidence: `Nightdesk's token may write to ${settings.repository}` }
      : { kind: "no", evidence: `Nightdesk's token may not write to ${settings.repository}`, wayOut };
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    if (error.kind !== "auth") return { kind: "not_known", why: error.message };
    return { kind: "no", evidence: error.message, wayOut: `Give targets.${target} a token that GitHub accepts.` };
  }
}

const holding = z.object({ permission: z.string() });

/** A person by the login at GitHub. */
export async function askPerson(about: About, action: string, login: string): Promise<PermissionAnswer> {
  const { repository: name } = about.settings;
  try {
    const reply = await about.api.read("GET /collaborators/{username}/permission", { username: login });
    const { permission } = readAs(about, holding, reply);
    const enough = action === "view" ? permission !== "none" : permission === "admin" || permission === "write";
    const evidence = `${login} holds ${about.api.words.quote(permission)} on ${name}`;
    return enough ? { kind: "yes", evidence } : { kind: "no", evidence, wayOut: `Give ${login} write on ${name}.` };
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    return { kind: "not_known", why: error.message };
  }
}
