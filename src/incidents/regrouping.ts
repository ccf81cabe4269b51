import { UserError } from "../base/errors.ts";
import type { IncidentId } from "../base/ids.ts";
import { actorId, actorKey, actorName } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { nextNumber } from "../store/counters.ts";
import { requestWork } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import type { Share } from "./apart.ts";
import type { Change } from "./changes.ts";
import { familyOf } from "./family.store.ts";
import type { Incident } from "./incident.ts";
import { incidentById, incidentByRequest, insertIncident, lockIncident, updateIncident } from "./incidents.store.ts";
import { countMeant, holdForMove, keepSplit, moveAll, moveMeant, takenBy, type What } from "./moves.store.ts";
import { redactorOf } from "./redact.ts";
import { asOwn, beside, merged, withoutTaken } from "./regroup.ts";
import { appendEntries, hasWritten } from "./timeline.store.ts";

/** Two incidents that were found to be one, and one that was found to be two: in the caller's transaction, and once a request. */

export interface Merge extends Change {
  readonly from: IncidentId;
  readonly into: IncidentId;
  /** Why they are one although they are of two environments. */
  readonly across?: string | undefined;
}

/** Merges `from` into `into`, which goes on. Returns both, and whether this request did it before. */
export async function mergeIncidents(
  tx: Tx,
  catalogue: Catalogue,
  what: Merge & { readonly requestKey: string },
): Promise<{ readonly into: Incident; readonly from: Incident; readonly before: boolean }> {
  const [from, into] = await holdForMove(tx, [what.from, what.into]);
  if (from === undefined || into === undefined) throw new Error("an incident to merge is gone");
  if (await hasWritten(tx, what.requestKey, "merge")) return { into, from, before: true };
  checkMerge(catalogue, { from, into, across: what.across });
  const next = merged(into, from, what.now);
  await moveAll(tx, { into: into.id, from: from.id });
  const [keptInto, keptFrom] = [await updateIncident(tx, next.into), await updateIncident(tx, next.from)];
  const because = what.across === undefined ? "" : `, across environments: ${redactorOf(catalogue)(what.across)}`;
  const who = actorName(what.by);
  const counts = { signals: from.signalCount, alerts: from.firingCount };
  await tell(tx, what, {
    incident: into.id,
    key: what.requestKey,
    text: `${who} merged INC-${from.number} into this: ${from.title} (${alerts(from.firingCount)})${because}. Not the same after all? \`/incident split INC-${into.number} incident=INC-${from.number}\``,
    data: { merged: from.number, ...counts },
  });
  await tell(tx, what, {
    incident: from.id,
    key: `${what.requestKey}:from`,
    text: `${who} merged this into INC-${into.number}: ${into.title}${because}. It goes on there; what is written here is kept on the timeline of INC-${into.number}.`,
    data: { into: into.number, ...counts },
  });
  return { into: keptInto, from: keptFrom, before: false };
}

function checkMerge(
  catalogue: Catalogue,
  { from, into, across }: { readonly from: Incident; readonly into: Incident; readonly across: string | undefined },
): void {
  if (from.id === into.id)
    throw conflict("merge_itself", `INC-${into.number} cannot be merged into itself.`, "Name two incidents.");
  for (const one of [from, into])
    if (one.mergedInto !== null)
      throw conflict(
        "merged",
        `INC-${one.number} was merged into another already.`,
        `\`/incident timeline INC-${one.number}\` says which.`,
      );
  if (into.status === "resolved" && from.status !== "resolved") {
    throw conflict(
      "incident_resolved",
      `INC-${into.number} is resolved and INC-${from.number} is not: what still fires would be hidden.`,
      `Merge it the other way: \`/incident merge INC-${into.number} INC-${from.number}\`, or reopen INC-${into.number} first.`,
    );
  }
  if (from.environment === null || into.environment === null || from.environment === into.environment) return;
  if (across !== undefined && across.trim() !== "") return;
  const isProtected = [from, into].some(
    ({ environment }) => catalogue.environments[environment ?? ""]?.protected === true,
  );
  throw conflict(
    "other_environment",
    `INC-${from.number} is of ${from.environment} and INC-${into.number} of ${into.environment}${isProtected ? ", and what is protected is kept apart" : ""}.`,
    `If they are one all the same, say why: \`/incident merge INC-${from.number} INC-${into.number} across="…"\``,
  );
}

export interface SplitOff extends Change {
  readonly incident: IncidentId;
  readonly what: { readonly share: Share } | { readonly merged: Incident };
  /** `service=tis-sync`, as it was asked for. */
  readonly words: string;
  readonly title?: string | undefined;
}

/** Takes a share out of an incident into one of its own. Returns both, and the jobs that are wholly of the new one. */
export async function splitIncident(
  tx: Tx,
  catalogue: Catalogue,
  what: SplitOff & { readonly requestKey: string },
): Promise<{
  readonly from: Incident;
  readonly own: Incident;
  readonly jobs: readonly string[];
  readonly before: boolean;
}> {
  const before = await incidentByRequest(tx, what.requestKey);
  if (before !== null) return { from: await lockIncident(tx, what.incident), own: before, jobs: [], before: true };
  const [from] = await holdForMove(tx, [what.incident]);
  if (from === undefined) throw new Error("an incident to split is gone");
  if (from.mergedInto !== null) throw await goesOnElsewhere(tx, from);
  const meant: What = "share" in what.what ? what.what : { merged: await familyOf(tx, what.what.merged.id) };
  const counted = await countMeant(tx, from.id, meant);
  if (counted.meant === 0)
    throw conflict("nothing_to_split", `INC-${from.number} has no alert with ${what.words}.`, hasWhat(from));
  if (counted.left === 0)
    throw conflict(
      "all_of_it",
      `All alerts of INC-${from.number} have ${what.words}: there is nothing to take apart.`,
      hasWhat(from),
    );

  const title = redactorOf(catalogue)((what.title?.trim() || counted.title) ?? from.title);
  const { rule = null, key = null } = counted.key ?? {};
  const number = await nextNumber(tx, "incident");
  const opened = beside(from, { title, by: actorId(what.by), now: what.now, rule, key });
  const own = await insertIncident(tx, { ...opened, number, requestKey: what.requestKey });
  await moveMeant(tx, { from: from.id, to: own.id, what: meant, now: what.now });
  const [taken, left] = [await takenBy(tx, own.id), await takenBy(tx, from.id)];
  await keepSplit(tx, { from: from.id, to: own.id, what: meant, conditions: taken.conditions, now: what.now });
  const keptOwn = await updateIncident(tx, asOwn(own, taken, from));
  const keptFrom = await updateIncident(tx, withoutTaken(from, taken, left));

  const who = actorName(what.by);
  const counts = { signals: taken.signals, alerts: taken.alerts };
  await tell(tx, what, {
    incident: from.id,
    key: what.requestKey,
    text: `${who} took ${what.words} out of this: INC-${number}, ${title} (${alerts(taken.alerts)}). What comes of it goes there.`,
    data: { split: number, ...counts },
  });
  await tell(tx, what, {
    incident: own.id,
    key: `${what.requestKey}:own`,
    text: `${who} took this out of INC-${from.number}: ${what.words} (${alerts(taken.alerts)}). The same after all? \`/incident merge INC-${number} INC-${from.number}\``,
    data: { from: from.number, ...counts },
  });
  const jobs = taken.jobs.filter((job) => !left.jobs.includes(job));
  return { from: keptFrom, own: keptOwn, jobs, before: false };
}

/** What is asked of a merged incident is asked of the one that it went into. */
export async function goesOnElsewhere(tx: Tx, incident: Incident): Promise<UserError> {
  const into = incident.mergedInto === null ? null : await incidentById(tx, incident.mergedInto);
  const there = into === null ? "another" : `INC-${into.number}`;
  return conflict("merged", `INC-${incident.number} was merged into ${there}.`, `Say it of ${there}.`);
}

async function tell(
  tx: Tx,
  what: Change,
  of: {
    readonly incident: IncidentId;
    readonly key: string;
    readonly text: string;
    readonly data: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  const who = { actor: actorId(what.by), actorKey: actorKey(what.by), actorName: actorName(what.by) };
  await appendEntries(tx, { incident: of.incident, learnedAt: what.now, requestKey: of.key }, [
    { kind: "merge", at: what.now, ...who, text: of.text, data: of.data, visible: true },
  ]);
  await requestWork(tx, { kind: "incident", ref: of.incident, dueAt: what.now });
}

function hasWhat({ services, jobs }: Incident): string {
  const named = [...services.map((service) => `service=${service}`), ...jobs.map((job) => `job=${job}`)];
  return named.length === 0
    ? "Name an alert: signal=N, with N from its timeline."
    : `It has ${named.slice(0, 8).join(", ")}.`;
}

const alerts = (count: number): string => `${count} ${count === 1 ? "alert" : "alerts"}`;

const conflict = (code: string, message: string, wayOut: string): UserError =>
  new UserError("conflict", { code, message, wayOut });
