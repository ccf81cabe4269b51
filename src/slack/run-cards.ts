import type { IncidentId } from "../base/ids.ts";
import { namesOf } from "../config/names.ts";
import { incidentById } from "../incidents/incidents.store.ts";
import type { Facts } from "../incidents/match.ts";
import { routeFor } from "../incidents/routing.ts";
import { type Run, readRun } from "../jobs/runs.store.ts";
import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import { runCard, runGist } from "./blocks/run.ts";
import { noteThreadGone } from "./posts.store.ts";
import { type Later, outcome, type ProjectorParts } from "./projector.ts";
import { type FactParts, readCard } from "./run-facts.ts";
import { readThread } from "./threads.store.ts";

/** How long a card waits for the thread of its incident. */
const THREAD_MS = 500;

/**
 * Keeps a run's card current: in the thread of the incident that it was asked for in, else as the first message of a thread of its own in the
 * channel where it was asked for (asked for elsewhere: where the catalogue routes its environment).
 */
export function createRunCardProjector(
  parts: ProjectorParts & FactParts & { readonly projectLog?: (run: Run) => Promise<Later | null> },
): (id: number) => Promise<WorkOutcome> {
  const { store, poster, keepRoot, catalogue, clock } = parts;

  return async (id) => {
    const run = await readRun(store.db, id);
    if (run === null) return { done: true };
    // A card that has a thread of its own keeps it, also when the run's failure opened an incident elsewhere.
    const own = await readThread(store.db, "run", id);
    const apart = run.incidentId === null || own !== null;
    const card = { ...(await readCard(parts, run)), incident: apart ? await incidentNumber(run) : null };
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
