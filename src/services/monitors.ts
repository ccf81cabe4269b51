import { Temporal } from "temporal-polyfill";
import type { Instant } from "../base/clock.ts";
import { lasting } from "../base/duration.ts";
import { UserError } from "../base/errors.ts";
import { actorId, actorKey, actorName } from "../config/actor.ts";
import type { CheckpointMonitor } from "../config/catalogue.ts";
import { hintFor } from "../config/nearest.ts";
import type { Authorise } from "../guard/authorise.ts";
import { redactorOf } from "../incidents/redact.ts";
import { appendEntries, hasWritten } from "../incidents/timeline.store.ts";
import { placeOf } from "../monitors/checkpoints.store.ts";
import { holdMonitor, keepSnooze, wakeMonitors } from "../monitors/monitors.store.ts";
import { digestOf } from "../monitors/plan.ts";
import { clock as clockOf } from "../monitors/words.ts";
import { requestWork } from "../store/outbox.ts";
import type { Asking, Outcome, RunView } from "./contract.ts";
import { gapOfQuestion, openIncidentsOf } from "./monitors.store.ts";
import type { MonitorServices, MonitorView } from "./monitors-contract.ts";
import { viewMonitors } from "./monitors-view.ts";
import { wantedRun } from "./runs-asked.ts";
import { type Requesting, requestRun } from "./runs-request.ts";
import { viewRun } from "./runs-view.ts";
import type { WantedRun } from "./runs-wanted.ts";

type Parts = Requesting & { readonly authorise: Authorise };

/** The use cases over monitors, as commands call them. */
export function createMonitors(parts: Parts): MonitorServices {
  const { store, clock, catalogue, authorise } = parts;

  const viewed = async (name: string): Promise<MonitorView> => {
    const view = (await viewMonitors(parts)).find((one) => one.name === name);
    if (view === undefined) throw new Error(`monitor ${name} has no view`);
    return view;
  };

  return {
    list: () => viewMonitors(parts),

    snooze: async (asking, { monitor: typed, forMs, because }) => {
      const { name, monitor } = needMonitor(parts, typed);
      const { environment } = monitor;
      const act = { action: "incident", audit: "monitor.snooze", environment } as const;
      const allowed = await authorise.need(asking, act);
      const reason = redactorOf(catalogue)(because);
      await store.tx(async (tx) => {
        const now = clock.now();
        await holdMonitor(tx, name, { digest: digestOf(monitor), at: now });
        const until = forMs === null ? null : now.add({ milliseconds: forMs });
        const by = { by: actorId(asking.actor), byName: asking.actor.name };
        await keepSnooze(tx, name, until === null ? null : { until, because: reason, ...by });
        const why = reason === "" ? "" : `: ${reason}`;
        const text =
          forMs === null
            ? `${asking.actor.name} ended the snooze of ${name}${why}`
            : `${asking.actor.name} snoozed ${name} for ${lasting(forMs)}${why}. Nothing more is told of it before`;
        const entry = {
          ...({ kind: "monitor", at: now, text, visible: true, data: { monitor: name } } as const),
          ...{ actor: actorId(asking.actor), actorKey: actorKey(asking.actor), actorName: actorName(asking.actor) },
        };
        const [incident] = await openIncidentsOf(tx, name);
        if (incident !== undefined && !(await hasWritten(tx, asking.requestKey, "monitor"))) {
          const to = { incident: incident.id, learnedAt: now, requestKey: asking.requestKey };
          await appendEntries(tx, to, [entry]);
          await requestWork(tx, { kind: "incident", ref: incident.id, dueAt: now });
        }
        await wakeMonitors(tx, [name], now);
        await allowed.record(tx, {
          ...(incident === undefined ? {} : { incidentId: incident.id }),
          details: { monitor: name, until: until?.toString() ?? null, because: reason },
        });
      });
      // What it says in its row is as it will be once it was looked at again.
      const view = await viewed(name);
      return view.snooze === null ? view : { ...view, state: "snoozed" };
    },

    reset: async (asking, wanted) => {
      const { name, monitor } = needMonitor(parts, wanted.monitor);
      if (!("checkpoint" in monitor) || monitor.reset === undefined) throw cannotReset(name);
      if (monitor.environment !== wanted.environment) {
        throw new UserError("invalid", {
          code: "other_environment",
          message: `${name} watches ${monitor.environment}, not ${wanted.environment}.`,
          wayOut: "Nothing was changed. Name the environment that it watches.",
        });
      }
      const gap = await gapOf(parts, asking, { name, to: wanted.to });
      const { job, from, to } = monitor.reset;
      const run = await wantedRun(parts, asking, {
        ...{ job, environment: monitor.environment },
        parameters: { [from]: gap.from.toString(), [to]: gap.to.toString() },
        ...(wanted.reason === undefined ? {} : { reason: wanted.reason }),
        ...(wanted.override === undefined ? {} : { override: wanted.override }),
      });
      const [incident] = await openIncidentsOf(store.db, name);
      return done(
        parts,
        await requestRun(parts, asking, {
          ...run,
          ...says(parts, { name, monitor, ...gap, environment: run.placed.environment }),
          incidentId: run.incidentId ?? incident?.id ?? null,
          audit: "checkpoint.reset",
          bound: { monitor: name, gapFrom: gap.from.toString(), gapTo: gap.to.toString() },
          preview: true,
        }),
      );
    },
  };
}

async function done(parts: Parts, outcome: Awaited<ReturnType<typeof requestRun>>): Promise<Outcome<RunView>> {
  return outcome.kind === "ask" ? outcome : { kind: "done", value: await viewRun(parts, outcome.value) };
}

interface Gap {
  readonly from: Instant;
  readonly to: Instant;
}

/** From where it stands to where it is put. The answer to a question is about the gap that was shown, or about none. */
async function gapOf(
  { store, clock }: Parts,
  asking: Asking,
  of: { name: string; to: Instant | undefined },
): Promise<Gap> {
  const { name } = of;
  const { placeAt } = await placeOf(store.db, name);
  if (placeAt === null) {
    throw new UserError("conflict", {
      code: "place_unknown",
      message: `${name} never told where it stands: nobody can say what a reset would skip.`,
      wayOut: "Nothing was changed. `/sync monitors` says what is known of it.",
    });
  }
  const now = clock.now();
  const asked = asking.confirmation === undefined ? null : await gapOfQuestion(store.db, asking.confirmation.id);
  const from = placeAt;
  const to = asked === null ? (of.to ?? now) : Temporal.Instant.from(asked.to);
  if (asked !== null && asked.from !== from.toString()) {
    throw new UserError("conflict", {
      code: "place_moved",
      message: `${name} has moved since you were asked: it stands at ${from.toString({ smallestUnit: "second" })}.`,
      wayOut: "Nothing was changed. Ask again: the gap is another one.",
    });
  }
  if (to.epochMilliseconds > from.epochMilliseconds) return { from, to: wholeMs(to) };
  throw new UserError("invalid", {
    code: "place_backwards",
    message: `${name} stands at ${from.toString({ smallestUnit: "second" })} already: a reset puts it to a later place.`,
    wayOut: "Nothing was changed.",
  });
}

const wholeMs = (at: Instant): Instant => Temporal.Instant.fromEpochMilliseconds(at.epochMilliseconds);

/** The gap to the second, before anything is done; and what becomes of what lies in it. */
function says(
  { catalogue, clock }: Parts,
  of: Gap & { name: string; monitor: CheckpointMonitor; environment: string },
): Pick<WantedRun, "says"> {
  const { name, monitor, from, to, environment } = of;
  const zone = monitor.zone ?? catalogue.zone;
  const at = (instant: Instant) => clockOf(instant, zone, clock.now());
  const lasts = lasting(to.epochMilliseconds - from.epochMilliseconds);
  const oldest = clock.now().subtract({ milliseconds: monitor.retention });
  const gone = oldest.epochMilliseconds > from.epochMilliseconds;
  return {
    says: {
      title: `${environment.toUpperCase()}: reset the place of ${name}?`,
      does: `*${name}* stands at *${at(from)}* (${zone}) and is put to *${at(to)}*: what changed in these ${lasts} is skipped.`,
      submit: "Reset it",
      lines: [
        `The gap: \`${from.toString({ smallestUnit: "second" })}\` to \`${to.toString({ smallestUnit: "second" })}\`.`,
        gone
          ? `Its log keeps ${lasting(monitor.retention)}: what is older than ${at(oldest)} it could not read any more.`
          : ":warning: Its log still has all of the gap: it could go on from where it stands.",
        monitor.resync === undefined
          ? ":warning: No job is named that copies a gap: what was skipped has to be copied by hand."
          : `Afterwards *${monitor.resync.job}* copies the gap: its run is offered when this one has succeeded.`,
      ],
    },
  };
}

function needMonitor({ catalogue }: Parts, typed: string) {
  const names = Object.keys(catalogue.monitors);
  const name = names.find((one) => one.toLowerCase() === typed.toLowerCase());
  const monitor = name === undefined ? undefined : catalogue.monitors[name];
  if (name !== undefined && monitor !== undefined) return { name, monitor };
  const hint = hintFor(typed, names);
  throw new UserError("not_found", {
    code: "monitor_not_found",
    message: `There is no monitor ${typed}.`,
    wayOut: hint === "" ? "`/sync monitors` lists those there are." : hint.charAt(0).toUpperCase() + hint.slice(1),
  });
}

const cannotReset = (name: string): UserError =>
  new UserError("unsupported", {
    code: "cannot_reset",
    message: `${name} has no way to be reset from here.`,
    wayOut: `Nothing was changed. A job has to be named for it in the catalogue: monitors.${name}.reset.`,
  });
