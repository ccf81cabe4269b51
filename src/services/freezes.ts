import type { Instant } from "../base/clock.ts";
import { UserError } from "../base/errors.ts";
import type { PersonActor } from "../config/actor.ts";
import { writeAudit } from "../guard/audit.ts";
import type { Authorise } from "../guard/authorise.ts";
import { endFreeze, keepFreeze, knownFreezes } from "../guard/freezes.store.ts";
import { covers, type Freeze, holdsUntil, OVERRIDE_MS } from "../guard/freezes.ts";
import { allPlaced } from "../guard/names.ts";
import { redactorOf } from "../incidents/redact.ts";
import { keepRun } from "../jobs/record.ts";
import { activeRuns, lockRun } from "../jobs/runs.store.ts";
import { isWaiting } from "../jobs/states.ts";
import { leaveFreeze } from "../jobs/waiting.ts";
import { requestWork } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import type { Asking, FreezeView, Services } from "./contract.ts";
import type { Requesting } from "./runs-request.ts";
import { needRun, viewRun } from "./runs-view.ts";

/** Times in which nothing is started: those of the catalogue, and those that people make. */
export function createFreezes(parts: Requesting & { readonly authorise: Authorise }): Services["freezes"] {
  const { store, clock, catalogue, authorise } = parts;
  const redact = redactorOf(catalogue);

  /** A freeze is everybody's in all that it covers: so whoever makes or ends one needs the grant in all of it. */
  const needAll = async (asking: Asking, freeze: Pick<Freeze, "jobs" | "environments">, audit: string) => {
    const places = allPlaced(catalogue).filter((placed) => covers({ ...NOTHING, ...freeze }, placed));
    const [first] = places;
    if (first === undefined) throw nothingThere(freeze);
    for (const { job, environment } of places) {
      const may = await authorise.may(asking.actor, { action: "freeze", job, environment });
      if (may.kind === "deny") await authorise.need(asking, { action: "freeze", audit, job, environment });
    }
    return authorise.need(asking, { action: "freeze", audit, job: first.job, environment: first.environment });
  };

  const audited = async (
    tx: Tx,
    asking: Asking,
    about: { audit: string; because: string; freeze: Freeze; why: string },
  ) => {
    const { name, mode, jobs, environments } = about.freeze;
    await writeAudit(tx, {
      ...{ at: clock.now(), actor: asking.actor, action: about.audit, surface: asking.surface, outcome: "allowed" },
      reason: about.because,
      environment: environments.length === 1 ? (environments[0] ?? null) : null,
      details: { name, mode, jobs: jobs.join(", "), environments: environments.join(", "), because: about.why },
    });
  };

  return {
    list: async () => {
      const now = clock.now();
      return (await knownFreezes(store.db, catalogue, now)).map((freeze) => viewOf(freeze, now));
    },

    add: async (asking, wanted) => {
      const allowed = await needAll(asking, wanted, "freeze.add");
      const because = redact(wanted.because);
      return store.tx(async (tx) => {
        const now = clock.now();
        const from = wanted.from ?? now;
        const made = { by: asking.actor, at: now, requestKey: asking.requestKey };
        const freeze = await keepFreeze(tx, { ...wanted, from, because }, made);
        await audited(tx, asking, { audit: "freeze.add", because: allowed.because, freeze, why: because });
        const goingOn = (await activeRuns(tx, {})).filter((run) => covers(freeze, run) && !isWaiting(run.state));
        return { ...viewOf(freeze, now), goingOn: goingOn.map((run) => run.number) };
      });
    },

    end: async (asking, name, why) => {
      const now = clock.now();
      const known = (await knownFreezes(store.db, catalogue, now)).find((one) => one.name === name);
      if (known === undefined) throw unknown(name);
      if (known.byName === null) throw inCatalogue(name);
      const allowed = await needAll(asking, known, "freeze.end");
      const because = redact(why);
      return store.tx(async (tx) => {
        const ended = await endFreeze(tx, name, { by: asking.actor, at: now, because });
        if (ended === null) throw unknown(name);
        await audited(tx, asking, { audit: "freeze.end", because: allowed.because, freeze: ended, why: because });
        // Whatever waited for its end looks at once whether it may go on.
        for (const run of await activeRuns(tx, {})) {
          if (covers(ended, run)) await requestWork(tx, { kind: "run", ref: run.id, dueAt: now });
        }
        return { ...viewOf(ended, now), holds: false, until: null };
      });
    },

    override: async (asking, number, why) => {
      const asked = await needRun(store.db, number);
      const { job, environment } = asked;
      const act = { action: "freeze", audit: "freeze.override", job, environment, runId: asked.id } as const;
      const allowed = await authorise.need(asking, { ...act, incidentId: asked.incidentId });
      const reason = redact(why);
      const run = await store.tx(async (tx) => {
        const held = await lockRun(tx, asked.id);
        const now = clock.now();
        if (held.state !== "deferred") return null;
        const freeze = held.deferredBy ?? "a freeze";
        await allowed.record(tx, { runId: held.id, details: { freeze, because: reason } });
        const lifted = overrideOf({ freeze, by: asking.actor, reason, now });
        const words = `${asking.actor.name} overrode ${freeze}: ${reason}`;
        const kept = await keepRun(tx, held, { set: { freezeOverride: lifted } });
        const gone = await leaveFreeze(tx, kept, { catalogue, at: now, actor: asking.actor, reason: words });
        await requestWork(tx, { kind: "run", ref: gone.id, dueAt: now });
        return gone;
      });
      if (run !== null) return viewRun(parts, run);
      throw new UserError("conflict", {
        code: "nothing_to_override",
        message: `Run ${number} is not held back by a freeze: it is ${asked.state.replaceAll("_", " ")}.`,
        wayOut: "Nothing was changed.",
      });
    },
  };
}

const overrideOf = (by: { freeze: string; by: PersonActor; reason: string; now: Instant }) => ({
  freeze: by.freeze,
  by: by.by.name,
  reason: by.reason,
  until: by.now.add({ milliseconds: OVERRIDE_MS }).toString(),
});

const NOTHING: Freeze = {
  ...{ name: "", mode: "deny", jobs: [], environments: [], except: null, held: "refuse", because: "", byName: null },
  window: { kind: "between", from: null, to: null },
};

function viewOf(freeze: Freeze, now: Instant): FreezeView {
  const holding = holdsUntil(freeze, now);
  const { window } = freeze;
  const { name, mode, jobs, environments, held, because, byName } = freeze;
  return {
    ...{ name, mode, jobs, environments, held, because, byName },
    holds: holding !== null,
    until: holding?.until ?? null,
    from: window.kind === "unreadable" ? null : window.from,
    to: window.kind === "unreadable" ? null : window.to,
    cron: window.kind === "recurring" ? { expression: window.cron, forMs: window.forMs, zone: window.zone } : null,
    goingOn: [],
  };
}

const unknown = (name: string): UserError =>
  new UserError("not_found", {
    code: "freeze_not_found",
    message: `There is no freeze ${name}, or it is over.`,
    wayOut: "`/sync freezes` lists those there are.",
  });

const inCatalogue = (name: string): UserError =>
  new UserError("conflict", {
    code: "freeze_of_catalogue",
    message: `${name} stands in the catalogue and is ended there.`,
    wayOut: 'A single run starts in spite of it with `--override="why"`, for whoever may freeze there.',
  });

const nothingThere = (freeze: Pick<Freeze, "jobs" | "environments">): UserError =>
  new UserError("not_found", {
    code: "nothing_to_freeze",
    message: `No job is called ${freeze.jobs.join(", ")} in ${freeze.environments.join(", ")}.`,
    wayOut: "`/sync jobs` lists what there is; `*` matches any run of characters.",
  });
