import type { Clock } from "../base/clock.ts";
import { lasting } from "../base/duration.ts";
import { UserError } from "../base/errors.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { number } from "../fanout/counts.ts";
import { bearFanout, readFanout } from "../fanout/fanouts.store.ts";
import { type ListedIds, listedIds, listOfQuestion } from "../fanout/lists.store.ts";
import { type FanoutPlan, lastsMs, planOf } from "../fanout/plan.ts";
import type { Authorise } from "../guard/authorise.ts";
import type { GroupMembers } from "../guard/grants.ts";
import { allPlaced, needPlaced, type Placed } from "../guard/names.ts";
import { redactorOf } from "../incidents/redact.ts";
import type { Connections } from "../jobs/connections.ts";
import type { Run } from "../jobs/runs.store.ts";
import { isTerminal } from "../jobs/states.ts";
import type { Asking, DryRunView, Outcome, RunView } from "./contract.ts";
import { dryRun } from "./dry-run.ts";
import type { Only, WantedResync } from "./fanouts-contract.ts";
import { type IdListParts, listOfFile, listOfIncident, listOfRun, listOfWords, type MadeList } from "./id-lists.ts";
import { requestRun } from "./runs-request.ts";
import { incidentIdOf, needRun, viewRun } from "./runs-view.ts";
import type { WantedRun } from "./runs-wanted.ts";

export interface ResyncParts extends IdListParts {
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly connections: Connections;
  readonly groupMembers: GroupMembers;
  readonly authorise: Authorise;
}

/** What is handed over, and what it is for. */
export interface HandOver {
  readonly placed: Placed;
  readonly op: "resync" | "delete";
  readonly parent: Run | null;
  readonly incidentId: number | null;
  readonly reason: string | null;
  /** Redacted. */
  readonly override?: string;
  /** Makes the list of ids; not asked when the question about it is being answered. */
  readonly list: () => Promise<MadeList>;
}

/** Hands over the ids that were typed, attached, named by an incident, or left over by a run. */
export const resync = async (parts: ResyncParts, asking: Asking, wanted: WantedResync): Promise<Outcome<RunView>> =>
  handOver(parts, asking, await meant(parts, asking, wanted));

/** What of it would be handed over, and what stands in its way. Only the list is kept, and that it was asked. */
export const dryResync = async (parts: ResyncParts, asking: Asking, wanted: WantedResync): Promise<DryRunView> =>
  dryHandOver(parts, asking, await meant(parts, asking, wanted));

async function meant(parts: ResyncParts, asking: Asking, wanted: WantedResync): Promise<HandOver> {
  oneSource(asking, wanted);
  const parent = wanted.run === undefined ? null : await needRun(parts.store.db, wanted.run);
  const placed = placeOf(parts, wanted, parent);
  const op = parent === null ? "resync" : await opOf(parts, parent);
  const redact = redactorOf(parts.catalogue);
  return {
    placed,
    op,
    parent,
    incidentId: await incidentOf(parts, asking, { wanted, parent }),
    reason: wanted.reason === undefined ? null : redact(wanted.reason),
    ...(wanted.override === undefined ? {} : { override: redact(wanted.override) }),
    list: () => listOf(parts, asking, { wanted, placed, parent }),
  };
}

/** Guard, question, run: for every fan-out there is. */
export async function handOver(parts: ResyncParts, asking: Asking, what: HandOver): Promise<Outcome<RunView>> {
  const { job, environment } = what.placed;
  const plan = planFor(parts, what.placed.place.target);
  // Nobody learns ids, and no file is fetched, for whoever may not.
  await parts.authorise.need(asking, { action: "resync", audit: "run.request", job, environment });
  const outcome = await requestRun(parts, asking, wantedFanout(what, plan, await listed(parts, asking, what)));
  return outcome.kind === "ask" ? outcome : { kind: "done", value: await viewRun(parts, outcome.value) };
}

/** The same checks and the same list for every fan-out there is; nothing is handed over or asked. */
export async function dryHandOver(parts: ResyncParts, asking: Asking, what: HandOver): Promise<DryRunView> {
  const plan = planFor(parts, what.placed.place.target);
  const { job, environment } = what.placed;
  await parts.authorise.need(asking, { action: "resync", audit: "run.dry_run", job, environment });
  return dryRun(parts, asking, wantedFanout(what, plan, await what.list()));
}

/** The run that hands this list over, as the guard is asked for it. */
function wantedFanout(what: HandOver, plan: FanoutPlan, made: MadeList): WantedRun {
  const { placed, op, parent } = what;
  const { job, environment } = placed;
  const target = placed.place.target;
  return {
    placed,
    parameters: {},
    reason: what.reason,
    ...(what.override === undefined ? {} : { override: what.override }),
    parent,
    incidentId: what.incidentId,
    kind: "fanout",
    action: "resync",
    bound: { ids: made.list.id, op },
    preview: true,
    says: {
      title: `${environment.toUpperCase()}: ${op} ${countOf(made.list)} of ${job}?`,
      does: doesLine(target, op, made.list),
      submit: op === "delete" ? "Delete them" : "Resync them",
      lines: [...endsLines(made.list), ...made.lines, paceLine(made.list, target, plan)],
    },
    afterBirth: (tx, run) =>
      bearFanout(tx, {
        ...plan,
        runId: run.id,
        op,
        said: made.list.said,
        total: made.list.count,
        listId: made.list.id,
      }),
  };
}

/** What was shown is what is sent: an answer is about the list of its question, however much has changed since. */
async function listed({ store }: ResyncParts, asking: Asking, what: HandOver): Promise<MadeList> {
  if (asking.confirmation === undefined) return what.list();
  const id = await listOfQuestion(store.db, asking.confirmation.id);
  const list = id === null ? null : await listedIds(store.db, id);
  if (list !== null) return { list, lines: [] };
  throw new UserError("denied", {
    code: "confirmation_unknown",
    message: "This form is not known.",
    wayOut: "Nothing was done. Ask again.",
  });
}

/** Every job in every environment whose target takes ids. */
export function placesThatTakeIds(
  catalogue: Catalogue,
  connections: Connections,
): { job: string; environment: string }[] {
  return allPlaced(catalogue)
    .filter(({ place }) => (connections.of(place.target)?.capabilities.items ?? null) !== null)
    .map(({ job, environment }) => ({ job, environment }));
}

function planFor({ connections, catalogue }: ResyncParts, target: string): FanoutPlan {
  const most = connections.of(target)?.capabilities.items ?? null;
  const settings = catalogue.targets[target]?.fanout;
  if (most !== null && settings !== undefined) return planOf(settings, most);
  throw new UserError("unsupported", {
    code: "takes_no_ids",
    message: `${target} takes no ids: it can only run a job as a whole.`,
    wayOut: "Run the job instead: `/sync run`.",
  });
}

const countOf = ({ count }: ListedIds): string => `${number(count)} ${count === 1 ? "id" : "ids"}`;

function doesLine(target: string, op: "resync" | "delete", list: ListedIds): string {
  const what = `This hands *${countOf(list)}* (${list.said}) to ${target} by reference`;
  return op === "delete"
    ? `:warning: ${what} to be *deleted* there. Each is looked at again at its turn; one that the source has again is left alone.`
    : `${what} to be *resynced*: each is read again at its turn. One that the source no longer has is reported as missing.`;
}

function endsLines({ first, last }: ListedIds): string[] {
  const shown = (ids: readonly string[]) => ids.map((id) => `\`${id.replaceAll("`", "'")}\``).join(", ");
  return [last.length === 0 ? shown(first) : `${shown(first)} … ${shown(last)}`];
}

function paceLine(list: ListedIds, target: string, plan: FanoutPlan): string {
  const ms = lastsMs(list.count, plan.perSecond);
  return ms === null
    ? `As fast as ${target} answers, ${plan.batch} ids a call.`
    : `About ${lasting(ms)} at ${number(plan.perSecond ?? 0)} a second.`;
}

function oneSource(asking: Asking, wanted: WantedResync): void {
  const given = [wanted.ids, wanted.incident, wanted.run, asking.file].filter((one) => one !== undefined);
  if (given.length === 1) return;
  throw new UserError("usage", {
    code: "which_ids",
    message: given.length === 0 ? "Which ids?" : "Ids from one place at a time.",
    wayOut: "Give --ids=a,b, --incident=INC-7 or --run=12 --only=failed, or attach a CSV file to a mention.",
  });
}

function placeOf({ catalogue }: ResyncParts, wanted: WantedResync, parent: Run | null): Placed {
  const typed =
    wanted.job !== undefined && wanted.environment !== undefined
      ? { job: wanted.job, environment: wanted.environment }
      : parent;
  if (typed === null) throw new UserError("usage", { code: "usage", message: "Which job, and where?" });
  const placed = needPlaced(catalogue, typed);
  if (parent === null || (parent.job === placed.job && parent.environment === placed.environment)) return placed;
  throw new UserError("invalid", {
    code: "other_place",
    message: `Run ${parent.number} is of ${parent.job} in ${parent.environment}.`,
    wayOut: "Leave job and environment out, or name those.",
  });
}

/** Only a fan-out that has ended has a rest. */
async function opOf({ store }: ResyncParts, parent: Run): Promise<"resync" | "delete"> {
  const fanout = await readFanout(store.db, parent.id);
  if (fanout === null || fanout.op === "compare") {
    throw new UserError("invalid", {
      code: "no_fanout",
      message: `Run ${parent.number} handed no ids over.`,
      wayOut:
        fanout === null
          ? `\`/sync rerun run ${parent.number}\` runs it again as a whole.`
          : `\`/sync repair run ${parent.number} --delete\` or \`--resync\` mends what it found.`,
    });
  }
  if (isTerminal(parent.state)) return fanout.op;
  throw new UserError("conflict", {
    code: "not_over",
    message: `Run ${parent.number} is ${parent.state.replaceAll("_", " ")}: what is left of it is not known yet.`,
    wayOut: "Wait for its end, or abort it.",
  });
}

function listOf(
  parts: ResyncParts,
  asking: Asking,
  about: { wanted: WantedResync; placed: Placed; parent: Run | null },
): Promise<MadeList> {
  const { wanted, placed, parent } = about;
  if (parent !== null) {
    const only = wanted.only ?? needOnly();
    return listOfRun(parts, asking, { run: parent, state: only, said: `${only} in run ${parent.number}` });
  }
  if (wanted.incident !== undefined) {
    return listOfIncident(parts, asking, { incident: wanted.incident, job: placed.job });
  }
  if (wanted.ids !== undefined) return listOfWords(parts, asking, wanted.ids);
  if (asking.file === undefined) throw new Error("a resync without a source of ids");
  return listOfFile(parts, asking, asking.file);
}

function needOnly(): Only {
  throw new UserError("usage", {
    code: "which_ids",
    message: "Which of its ids?",
    wayOut: "Add --only=failed, --only=skipped or --only=missing.",
  });
}

/** For the incident whose thread it is asked in, the one that named the ids, or the one of the run that is continued. */
async function incidentOf(
  { store }: ResyncParts,
  asking: Asking,
  about: { wanted: WantedResync; parent: Run | null },
): Promise<number | null> {
  const here = await incidentIdOf(store.db, asking.incident ?? about.wanted.incident ?? null);
  return here ?? about.parent?.incidentId ?? null;
}
