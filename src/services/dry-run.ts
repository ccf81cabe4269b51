import { messageOf } from "../base/errors.ts";
import { writeAudit } from "../guard/audit.ts";
import { checkOne, decide, decideWho, type RunInput } from "../guard/decide.ts";
import { CHECKS, type Check } from "../guard/decision.ts";
import { knownFreezes } from "../guard/freezes.store.ts";
import { type KnownGroups, knowGroups } from "../guard/grants.ts";
import { bounded } from "../jobs/ask.ts";
import type { Connection, Finding, Intent } from "../jobs/connectors/contract.ts";
import { allFindings, ownFindings } from "../jobs/preflight.ts";
import type { Asking, DryCheck, DryRunView } from "./contract.ts";
import { type Usual, usualFor, usualWords } from "./runs-expected.ts";
import type { Requesting } from "./runs-request.ts";
import { askAround, othersOf, type Surroundings } from "./runs-surroundings.ts";
import type { WantedRun } from "./runs-wanted.ts";

/** A target that does not answer by then is "not known": the whole answer comes within three seconds. */
const ASK_TARGET_MS = 2_000;

/**
 * What would come of this request, every check's own word, what the target would be told and what was found there.
 * Starts nothing and asks nothing that has an effect; only the audit keeps that it was asked.
 */
export const dryRun = async (parts: Requesting, asking: Asking, wanted: WantedRun): Promise<DryRunView> =>
  judge(parts, asking, await look(parts, asking, wanted));

/** The same of several: their targets are asked all at once, so that one that does not answer is waited for once. */
export async function dryRuns(
  parts: Requesting,
  asking: Asking,
  wanted: readonly WantedRun[],
): Promise<readonly DryRunView[]> {
  const seen = await Promise.all(wanted.map((one) => look(parts, asking, one)));
  const views: DryRunView[] = [];
  for (const one of seen) views.push(await judge(parts, asking, one));
  return views;
}

/** What was seen before the checks are asked for their word. `silent`: this person may not run it and learns nothing. */
interface Seen {
  readonly wanted: WantedRun;
  readonly groups: KnownGroups;
  readonly silent: boolean;
  readonly plan: string | null;
  readonly around: Surroundings;
  readonly theirs: readonly Finding[];
  readonly ours: readonly Finding[];
  readonly usual: Usual | null;
}

async function look(parts: Requesting, asking: Asking, wanted: WantedRun): Promise<Seen> {
  const { store, catalogue, connections } = parts;
  const { placed, action = "run", kind = "run" } = wanted;
  const { job, environment, place } = placed;
  const groups = await knowGroups(catalogue, parts.groupMembers);
  const who = decideWho({ catalogue, groups, actor: asking.actor, wanted: { action, job, environment } });
  const silent = who.kind === "deny";
  const connection = connections.of(place.target);
  const intent = intentFor(asking, wanted);
  const [around, theirs, ours] = await Promise.all([
    askAround(parts, asking, { placed, silent }),
    silent ? [] : askPreflight(connection, intent, place.target),
    silent
      ? []
      : ownFindings(store.db, { job, environment, kind }, { catalogue, capabilities: connection?.capabilities }),
  ]);
  const usual = silent
    ? null
    : await usualFor(store.db, { job, environment, kind, parameters: wanted.parameters }, catalogue);
  const plan = silent || connection === null ? null : (inWords(wanted) ?? connection.plan(intent));
  return { wanted, groups, silent, plan, around, theirs, ours, usual };
}

async function judge(parts: Requesting, asking: Asking, seen: Seen): Promise<DryRunView> {
  const { store, catalogue, connections } = parts;
  const { wanted, groups, silent, plan, around, theirs, ours, usual } = seen;
  const { placed, action = "run", kind = "run" } = wanted;
  const { job, environment, setting } = placed;
  const { checks, next } = await store.tx(async (tx) => {
    const now = parts.clock.now();
    const input: RunInput = {
      ...{ catalogue, groups, actor: asking.actor, action, placed, now, reads: kind === "compare" },
      from: { channel: asking.channel, channelName: asking.channelName },
      freezes: await knownFreezes(tx, catalogue, now),
      override: wanted.override !== undefined,
      confirmed: false,
      others: await othersOf(tx, { placed, around, now, kind, connections }),
    };
    const decision = decide(input);
    await writeAudit(tx, {
      ...{ at: now, actor: asking.actor, action: "run.dry_run", surface: asking.surface, job, environment },
      outcome: silent ? "denied" : "allowed",
      reason: decision.kind === "deny" ? decision.reason : `nothing was started; it would be: ${decision.because}`,
      incidentId: wanted.incidentId,
      details: { ...wanted.parameters },
    });
    // Who may not run it learns nothing else.
    const asked: readonly Check[] = silent ? ["who"] : CHECKS;
    return { checks: asked.map((check) => wordOn(check, input)), next: nextOf(decision, wanted) };
  });

  const expected: Finding[] = usual === null ? [] : [{ check: "expected", level: "info", text: usualWords(usual) }];
  const findings = [...allFindings(kind, theirs, ours), ...expected];
  const blocked = [...checks, ...findings].some(({ level }) => level === "block");
  return {
    ...{ job, environment, look: setting.look, parameters: wanted.parameters, version: wanted.version ?? null },
    ...{ plan, checks, findings, blocked },
    next: blocked ? "It would not be started." : next,
  };
}

/** What is no plain start is told as its question would tell it. */
const inWords = ({ says }: WantedRun): string | null =>
  says?.does === undefined ? null : [says.does, ...(says.lines ?? [])].join(" ");

function wordOn(check: Check, input: RunInput): DryCheck {
  const word = checkOne(check, input);
  if (word.kind === "deny") return { check, level: "block", text: word.reason, wayOut: word.wayOut };
  return { check, level: word.hold === undefined ? "info" : "warn", text: word.because };
}

/** What would happen once it is asked for. */
function nextOf(decision: ReturnType<typeof decide>, { preview = false }: WantedRun): string {
  if (decision.kind === "deny") return "It would be refused.";
  const { freeze, approvals } = decision.hold ?? {};
  const steps = [
    ...(decision.kind === "ask" ? [`you are asked to type "${decision.expected}"`] : []),
    ...(decision.kind === "allow" && preview ? ["you are shown this and asked to say yes"] : []),
    ...(freeze === undefined ? [] : [`it waits for the end of ${freeze.name}`]),
    ...(approvals === undefined
      ? []
      : [`it waits for ${approvals.count} approval${approvals.count === 1 ? "" : "s"} by ${approvals.role}`]),
    "it starts",
  ];
  return `Asked for now: ${steps.join(", then ")}.`;
}

/** The target's own findings; what it does not say in time, or cannot say, is a finding too. */
async function askPreflight(
  connection: Connection | null,
  intent: Intent,
  target: string,
): Promise<readonly Finding[]> {
  if (connection === null) {
    return [{ check: "job", level: "block", text: `the catalogue has no target ${target} that can be used` }];
  }
  const notKnown = (why: string): readonly Finding[] => [
    { check: "job", level: "warn", text: `not known, because ${target} did not say it: ${why}` },
  ];
  const asked = connection.preflight(intent).catch((error: unknown) => notKnown(messageOf(error)));
  return bounded(asked, ASK_TARGET_MS, () => notKnown(`no answer within ${ASK_TARGET_MS / 1_000} s`));
}

function intentFor(asking: Asking, { placed, parameters, version, resumeOf, kind = "run" }: WantedRun): Intent {
  const { key, name, email } = asking.actor;
  return {
    intentKey: asking.requestKey,
    ...{ job: placed.job, environment: placed.environment, name: placed.name, parameters, version: version ?? null },
    kind,
    ...(resumeOf === undefined || resumeOf === null ? {} : { resumeOf }),
    requestedBy: { key, name, ...(email === undefined ? {} : { email }) },
  };
}
