import type { IncidentId } from "../base/ids.ts";
import { namesOf } from "../config/names.ts";
import { incidentById } from "../incidents/incidents.store.ts";
import type { Facts } from "../incidents/match.ts";
import { routeFor } from "../incidents/routing.ts";
import { type Run, readRun, runEvents } from "../jobs/runs.store.ts";
import { CANNOT_STOP } from "../services/runs-abort.ts";
import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import { type RunCard, runCard, runGist } from "./blocks/run.ts";
import { noteThreadGone } from "./posts.store.ts";
import { type Later, outcome, type ProjectorParts, placeOf } from "./projector.ts";
import { readThread } from "./threads.store.ts";

/** How long a card waits for the thread of its incident. */
const THREAD_MS = 500;

/** Whether this line of a run's history is an abort that its target has no way to carry out. */
const isCannotStop = (evidence: unknown): boolean =>
  typeof evidence === "object" && evidence !== null && "abort" in evidence && evidence.abort === CANNOT_STOP.abort;

/**
 * Keeps a run's card current: in the thread of the incident that it was asked for in, else as the first message of a thread of its own in the
 * channel where it was asked for (asked for elsewhere: where the catalogue routes its environment).
 */
export function createRunCardProjector(
  parts: ProjectorParts & { readonly projectLog?: (run: Run) => Promise<Later | null> },
): (id: number) => Promise<WorkOutcome> {
  const { store, poster, keepRoot, catalogue, clock } = parts;

  return async (id) => {
    const run = await readRun(store.db, id);
    if (run === null) return { done: true };
    // A card that has a thread of its own keeps it, also when the run's failure opened an incident elsewhere.
    const own = await readThread(store.db, "run", id);
    const apart = run.incidentId === null || own !== null;
    const card = { ...(await readCard(run)), incident: apart ? await incidentNumber(run) : null };
    const want = (displaced: string | null) => ({
      key: `run:${run.number}:card`,
      gist: runGist(card),
      draw: () => runCard({ ...card, displaced }),
    });
    const posted =
      run.incidentId !== null && !apart ? await inIncident(run.incidentId, want(null)) : await inOwnThread(run, want);
    return outcome(clock, [posted, await logOf(run)]);
  };

  async function inOwnThread(run: Run, want: Parameters<typeof keepRoot>[0]["want"]): Promise<Later | null> {
    const root = await keepRoot({ subject: { kind: "run", id: run.id }, channel: run.channel ?? routed(run), want });
    return root.kind === "later" ? root : null;
  }

  async function logOf(run: Run): Promise<Later | null> {
    return (await parts.projectLog?.(run)) ?? null;
  }

  async function inIncident(
    incidentId: number,
    wanted: { key: string; gist: string; draw: () => ReturnType<typeof runCard> },
  ): Promise<Later | null> {
    const thread = await readThread(store.db, "incident", incidentId);
    if (thread === null) return askForThread(incidentId);
    const posted = await poster({ ...wanted, channelId: thread.channelId, threadTs: thread.rootTs });
    switch (posted.kind) {
      case "there":
        return null;
      case "later":
        return posted;
      case "gone":
        return { notBefore: clock.machineNow() };
      case "no_thread":
      case "unusable":
        await noteThreadGone(store.db, thread.channelId, thread.rootTs);
        return askForThread(incidentId);
    }
  }

  async function askForThread(incidentId: number): Promise<Later> {
    await store.tx((tx) => requestWork(tx, { kind: "incident", ref: incidentId, dueAt: clock.now() }));
    return { notBefore: clock.machineNow().add({ milliseconds: THREAD_MS }) };
  }

  async function incidentNumber(run: Run): Promise<number | null> {
    if (run.incidentId === null) return null;
    return (await incidentById(store.db, run.incidentId as IncidentId))?.number ?? null;
  }

  async function readCard(run: Run): Promise<Omit<RunCard, "incident">> {
    const events = await runEvents(store.db, run.id);
    const last = events.findLast((event) => event.toState === run.state);
    const parent = run.parentId === null ? null : await readRun(store.db, run.parentId);
    return {
      ...run,
      title: catalogue.jobs[run.job]?.title ?? null,
      place: placeOf(catalogue, run.environment) ?? { name: run.environment, look: "green", protected: false },
      byName: run.requestedByName,
      because: last?.reason ?? null,
      settledBy: run.proof?.kind === "person" ? (last?.actorName ?? "somebody") : null,
      proved: run.proved,
      error: run.error?.message ?? null,
      cannotStop: events.some((event) => isCannotStop(event.evidence)),
      parent: parent?.number ?? null,
      displaced: null,
    };
  }

  function routed(run: Run): string {
    const names = namesOf(catalogue);
    const facts: Facts = {
      source: "nightdesk",
      signal: "opened",
      title: run.job,
      severity: null,
      services: [],
      environments: names.waysToWrite("environment", run.environment),
      jobs: names.waysToWrite("job", run.job),
      tags: {},
    };
    return routeFor(catalogue, facts).channel;
  }
}
