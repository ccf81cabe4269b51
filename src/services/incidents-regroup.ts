import { UserError } from "../base/errors.ts";
import { actorId, actorKey, actorName } from "../config/actor.ts";
import { namesOf } from "../config/names.ts";
import { writeAudit } from "../guard/audit.ts";
import type { Act, Authorised } from "../guard/authorise.ts";
import type { Share } from "../incidents/apart.ts";
import { addEntry } from "../incidents/changes.ts";
import { survivorOf } from "../incidents/family.store.ts";
import type { Incident } from "../incidents/incident.ts";
import { incidentById } from "../incidents/incidents.store.ts";
import { mergeIncidents, splitIncident } from "../incidents/regrouping.ts";
import { conditionOfSignal } from "../incidents/signals.store.ts";
import { isCrossed, type Tx } from "../store/store.ts";
import type { Asking, IncidentView, Services } from "./contract.ts";
import type { IncidentsParts } from "./incidents.ts";
import type { WantedSplit } from "./incidents-contract.ts";
import { carryRunsOf, carryRunsOfJobs, type Written, writtenOf } from "./incidents-regroup.store.ts";
import { needIncident, viewIncidents } from "./incidents-view.ts";

/** So often two people (or a person and the inbox) may want the same incidents crosswise. */
const MOST_CROSSED = 3;

/** Two incidents that are one, and one that is two: asked of the guard for every environment that is touched. */
export function createRegrouping(parts: IncidentsParts): Pick<Services["incidents"], "merge" | "split"> {
  const { store, clock, catalogue, authorise } = parts;

  return {
    merge: async (asking, number, intoNumber, across) => {
      const [from, into] = [await needIncident(store.db, number), await needIncident(store.db, intoNumber)];
      const details = { from: number, into: intoNumber, ...(across === undefined ? {} : { across }) };
      const done = await carryOut(asking, { audit: "incident.merge", about: into, also: from, details }, async (tx) => {
        const by = { by: asking.actor, now: clock.now(), requestKey: asking.requestKey, visible: true };
        const merged = await mergeIncidents(tx, catalogue, { ...by, from: from.id, into: into.id, across });
        if (merged.before) return merged;
        await carryRunsOf(tx, { from: from.id, into: into.id, now: clock.now() });
        await tellWritten(tx, asking, { of: from, to: into });
        return merged;
      });
      return { into: await view(done.into), from: await view(done.from) };
    },
    split: async (asking, number, wanted) => {
      const from = await needIncident(store.db, number);
      const what = await meant(from, wanted);
      const words = wordsOf(wanted);
      const done = await carryOut(
        asking,
        { audit: "incident.split", about: from, details: { what: words } },
        async (tx) => {
          const by = { by: asking.actor, now: clock.now(), requestKey: asking.requestKey, visible: true };
          const split = await splitIncident(tx, catalogue, {
            ...by,
            incident: from.id,
            what,
            words,
            title: wanted.title,
          });
          if (split.before) return split;
          await carryRunsOfJobs(tx, { from: from.id, into: split.own.id, jobs: split.jobs, now: clock.now() });
          if ("merged" in what) await tellWritten(tx, asking, { of: what.merged, to: split.own });
          return split;
        },
      );
      return { from: await view(done.from), own: await view(done.own) };
    },
  };

  /** A postmortem that was written of what goes on elsewhere is found from there. */
  async function tellWritten(
    tx: Tx,
    { actor, requestKey }: Asking,
    { of, to }: { readonly of: Incident; readonly to: Incident },
  ): Promise<void> {
    const written = await writtenOf(tx, of.id);
    if (written.length === 0) return;
    const now = clock.now();
    const entry = {
      ...({ kind: "export", at: now, visible: true } as const),
      ...{ actor: actorId(actor), actorKey: actorKey(actor), actorName: actorName(actor) },
      text: `The postmortem of INC-${of.number} is ${written.map(whereWritten).join("; ")}. \`/incident export INC-${to.number}\` writes the whole.`,
      data: { of: of.number, written },
    };
    await addEntry(tx, catalogue, { incident: to.id, now, requestKey, entry });
  }

  async function carryOut<Done extends { readonly before: boolean }>(
    asking: Asking,
    of: { audit: string; about: Incident; also?: Incident; details: NonNullable<Act["details"]> },
    work: (tx: Tx) => Promise<Done>,
  ): Promise<Done> {
    const { audit, about, also, details } = of;
    const act: Act = { action: "incident", audit, environment: about.environment, incidentId: about.id, details };
    const allowed: Authorised = await authorise.need(asking, act);
    if (also !== undefined && also.environment !== about.environment)
      await authorise.need(asking, { ...act, environment: also.environment, incidentId: also.id });
    for (let crossed = 0; ; crossed += 1) {
      try {
        return await store.tx(async (tx) => {
          const done = await work(tx);
          if (!done.before) await allowed.record(tx);
          return done;
        });
      } catch (error) {
        if (isCrossed(error) && crossed < MOST_CROSSED) continue;
        if (error instanceof UserError) await refused(asking, act, error.message);
        throw error;
      }
    }
  }

  /** What stood in the way after the guard's yes: an attempt too. */
  async function refused(asking: Asking, act: Act, reason: string): Promise<void> {
    const entry = { ...act, action: act.audit, at: clock.now(), actor: asking.actor, surface: asking.surface };
    await store.tx((tx) => writeAudit(tx, { ...entry, outcome: "denied", reason }));
  }

  async function meant(from: Incident, wanted: WantedSplit): Promise<{ share: Share } | { merged: Incident }> {
    const names = namesOf(catalogue);
    if (wanted.incident !== undefined) return { merged: await mergedHere(from, wanted.incident) };
    return {
      share: {
        service: wanted.service === undefined ? null : names.service(wanted.service),
        job: wanted.job === undefined ? null : names.job(wanted.job),
        cause: wanted.cause ?? null,
        condition: wanted.signal === undefined ? null : await conditionIn(from, wanted.signal),
      },
    };
  }

  async function mergedHere(from: Incident, number: number): Promise<Incident> {
    const merged = await needIncident(store.db, number);
    if (merged.id !== from.id && (await survivorOf(store.db, merged.id)) === from.id) return merged;
    throw new UserError("conflict", {
      code: "not_merged",
      message: `INC-${number} was not merged into INC-${from.number}.`,
      wayOut: "Name what to take out: service=…, job=…, cause=… or signal=N.",
    });
  }

  async function conditionIn(from: Incident, signal: number): Promise<string> {
    const condition = await conditionOfSignal(store.db, from.id, signal);
    if (condition !== null) return condition;
    throw new UserError("not_found", {
      code: "no_such_signal",
      message: `INC-${from.number} has no signal ${signal}.`,
      wayOut: `\`/incident timeline INC-${from.number}\` says which there are.`,
    });
  }

  async function view(incident: Incident): Promise<IncidentView> {
    const now = (await incidentById(store.db, incident.id)) ?? incident;
    const [seen] = await viewIncidents(store.db, [now]);
    if (seen === undefined) throw new Error("an incident is gone");
    return seen;
  }
}

/** `version 2 (markdown) at https://…` */
const whereWritten = ({ format, version, url, path }: Written): string =>
  `version ${version} (${format})${url === null && path === null ? "" : ` at ${url ?? path}`}`;

/** `service=tis-sync`, as it was asked for. */
function wordsOf({ service, job, cause, signal, incident }: WantedSplit): string {
  const said = [
    ...(service === undefined ? [] : [`service=${service}`]),
    ...(job === undefined ? [] : [`job=${job}`]),
    ...(cause === undefined ? [] : [`cause=${cause}`]),
    ...(signal === undefined ? [] : [`signal=${signal}`]),
    ...(incident === undefined ? [] : [`incident=INC-${incident}`]),
  ];
  return said.join(" ");
}
