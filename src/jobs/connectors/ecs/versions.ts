import type { TaskDefinition } from "@aws-sdk/client-ecs";
import type { Target } from "@aws-sdk/client-eventbridge";
import { ConnectorError, type Intent } from "../contract.ts";
import { filledName } from "../vendor/template.ts";
import { type About, definitionName, familyOf, revisionOf } from "./about.ts";

/** The word for a task definition without a revision: ECS then takes the newest. */
const LATEST = "latest";
type Named = { readonly version: string; readonly evidence: string };

/**
 * What a start without a version runs: what the schedule would run, so that a pin holds for a person's run too. Without
 * a schedule, the newest revision.
 */
export async function definitionToRun(about: About, intent: Intent): Promise<string> {
  const family = familyOf(about, intent);
  if (intent.version !== null) return intent.version === LATEST ? family : `${family}:${intent.version}`;
  if (about.settings.rule === undefined) return family;
  return definitionName((await scheduled(about, intent)).arn);
}

/** Throws `invalid` when there is none. */
export async function describe(about: About, definition: string): Promise<TaskDefinition> {
  const ecs = await about.ecs();
  const { taskDefinition } = await about.calls.read(() => ecs.describeTaskDefinition({ taskDefinition: definition }));
  if (taskDefinition?.taskDefinitionArn === undefined) {
    throw new ConnectorError("unavailable", `${about.target} did not say what ${definition} is`);
  }
  return taskDefinition;
}

export async function resolveVersion(about: About, intent: Intent, wanted: string): Promise<Named> {
  const family = familyOf(about, intent);
  if (wanted === "previous") return previous(about, intent);
  const revision = wanted === LATEST ? null : revisionFrom(family, wanted);
  const found = await describe(about, revision === null ? family : `${family}:${revision}`);
  if (found.status !== "ACTIVE") {
    throw new ConnectorError("invalid", `${family}:${wanted} is ${found.status ?? "of no state"}: it cannot be run`);
  }
  const version = String(found.revision);
  return { version, evidence: `${family}:${version} is registered and active` };
}

/** The highest active revision below the one that the schedule (or else the newest start) uses. */
async function previous(about: About, intent: Intent): Promise<Named> {
  const family = familyOf(about, intent);
  const atSchedule = about.settings.rule === undefined ? null : revisionOf((await scheduled(about, intent)).arn);
  const current = atSchedule === null ? (await describe(about, family)).revision : Number(atSchedule);
  if (current === undefined) throw new ConnectorError("invalid", `nothing says which revision ${family} is at`);
  const below = (await activeRevisions(about, family)).filter((revision) => revision < current);
  if (below.length === 0) {
    throw new ConnectorError("invalid", `${family} has no active revision before ${current}`);
  }
  const version = Math.max(...below);
  const which = atSchedule === null ? "the newest" : "what the schedule runs";
  return { version: String(version), evidence: `${family}:${version} is the active one before ${current}, ${which}` };
}

async function activeRevisions(about: About, family: string): Promise<number[]> {
  const ecs = await about.ecs();
  const found: number[] = [];
  let nextToken: string | undefined;
  do {
    const page = await about.calls.read(() =>
      ecs.listTaskDefinitions({
        familyPrefix: family,
        status: "ACTIVE",
        sort: "DESC",
        ...(nextToken === undefined ? {} : { nextToken }),
      }),
    );
    const names = (page.taskDefinitionArns ?? []).map(definitionName).filter((name) => name.startsWith(`${family}:`));
    found.push(...names.flatMap((name) => revisionOf(name) ?? []).map(Number));
    nextToken = page.nextToken;
  } while (nextToken !== undefined && nextToken !== "");
  return found;
}

function revisionFrom(family: string, wanted: string): string {
  const revision = wanted.startsWith(`${family}:`) ? wanted.slice(family.length + 1) : wanted;
  if (/^[1-9]\d*$/.test(revision)) return revision;
  throw new ConnectorError("invalid", `${wanted} is no revision of ${family}: write 12, ${family}:12 or previous`);
}

/** The rule's target that runs this job. */
async function scheduled(about: About, intent: Intent): Promise<{ target: Target; arn: string; rule: RuleName }> {
  const { rule } = about.settings;
  if (rule === undefined) throw new ConnectorError("invalid", `${about.target} has no schedule in the catalogue`);
  const named = { Rule: filledName(rule.name, intent), EventBusName: rule.bus };
  const events = await about.events();
  const { Targets } = await about.calls.read(() => events.listTargetsByRule(named));
  const family = familyOf(about, intent);
  const own = (Targets ?? []).filter(({ Id, EcsParameters }) =>
    rule.targetId === undefined
      ? definitionName(EcsParameters?.TaskDefinitionArn ?? "").split(":")[0] === family
      : Id === filledName(rule.targetId, intent),
  );
  const [target] = own;
  const arn = target?.EcsParameters?.TaskDefinitionArn;
  if (own.length !== 1 || target === undefined || arn === undefined) {
    throw new ConnectorError(
      "invalid",
      `the rule ${named.Rule} has ${own.length} targets that run ${family}: correct rule of targets.${about.target}`,
    );
  }
  return { target, arn, rule: named };
}
type RuleName = { readonly Rule: string; readonly EventBusName: string };

/** `latest` when the rule names no revision. */
export async function pinned(about: About, intent: Intent): Promise<Named> {
  const { arn, rule } = await scheduled(about, intent);
  return { version: revisionOf(arn) ?? LATEST, evidence: `the rule ${rule.Rule} runs ${definitionName(arn)}` };
}

/** Everything else of the rule's target stays as it is. */
export async function pin(about: About, intent: Intent, version: string): Promise<Named> {
  const { target, arn, rule } = await scheduled(about, intent);
  const whole = arn.replace(/:\d+$/, "");
  const unpinned = revisionOf(arn) === null ? arn : whole;
  const wanted =
    version === LATEST ? unpinned : `${unpinned}:${(await resolveVersion(about, intent, version)).version}`;
  const events = await about.events();
  const changed: Target = { ...target, EcsParameters: { ...target.EcsParameters, TaskDefinitionArn: wanted } };
  const answer = await about.calls.act(() => events.putTargets({ ...rule, Targets: [changed] }));
  const [failed] = answer.FailedEntries ?? [];
  if (failed !== undefined) {
    const why = about.calls.words.quote(`${failed.ErrorCode ?? ""} ${failed.ErrorMessage ?? ""}`);
    throw new ConnectorError("invalid", `the rule ${rule.Rule} was not changed: ${why}`);
  }
  const now = await scheduled(about, intent);
  if (now.arn !== wanted) {
    throw new ConnectorError(
      "ambiguous",
      `the rule ${rule.Rule} still runs ${definitionName(now.arn)} after the change`,
    );
  }
  return {
    version: revisionOf(wanted) ?? LATEST,
    evidence: `the rule ${rule.Rule} now runs ${definitionName(wanted)}`,
  };
}
