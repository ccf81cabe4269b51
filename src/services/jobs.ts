import type { Clock, Instant } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Authorise } from "../guard/authorise.ts";
import { decideWho } from "../guard/decide.ts";
import { type GroupMembers, hasRole, type KnownGroups, knowGroups } from "../guard/grants.ts";
import { allPlaced, needEnvironment, needJob, needPlaced, type Placed } from "../guard/names.ts";
import { askAll } from "../jobs/ask.ts";
import type { Connections } from "../jobs/connections.ts";
import type { Observation } from "../jobs/connectors/contract.ts";
import { describeCapabilities } from "../jobs/connectors/describe/capabilities.ts";
import { openExecutions } from "../jobs/observed.store.ts";
import { openPins } from "../jobs/pins.store.ts";
import { activeRuns, lastRuns, runHistory } from "../jobs/runs.store.ts";
import type { Store } from "../store/store.ts";
import type { Asking, JobView, RunView, Services } from "./contract.ts";
import { viewPin } from "./pins-view.ts";
import { describeParameters } from "./runs-parameters.ts";
import { viewRuns } from "./runs-view.ts";

/** Targets are asked at once and waited for this long; who has not answered by then is said not to have. */
const ASK_TARGETS_MS = 3_000;
const SHOWN_ACTIONS = ["view", "run", "abort", "settle", "approve", "resync", "pin", "freeze"] as const;

export interface JobsParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly connections: Connections;
  readonly groupMembers: GroupMembers;
  readonly authorise: Authorise;
}

/** What there is to run, how it is, and how it was. Only what the asker may see. */
export function createJobs(parts: JobsParts): Services["jobs"] {
  const { store, catalogue, authorise } = parts;

  const seenBy = async (asking: Asking, filter: { job?: string; environment?: string }) => {
    const groups = await knowGroups(catalogue, parts.groupMembers);
    const wanted = placesOf(catalogue, filter);
    const seen = wanted.map((placed) => ({ placed, may: actionsOf(catalogue, { asking, placed, groups }) }));
    const open = seen.filter((one) => one.may.length > 0);
    // Named and not to be seen is a refusal, with its audit; a list only leaves it out.
    const [hidden] = seen;
    if (open.length === 0 && hidden !== undefined && filter.job !== undefined) {
      const { job, environment } = hidden.placed;
      await authorise.need(asking, { action: "view", audit: "job.view", job, environment });
    }
    return open;
  };

  const views = async (seen: Awaited<ReturnType<typeof seenBy>>, words: readonly TargetWord[]) => {
    const active = await runsByPlace(parts, await activeRuns(store.db, {}));
    const last = await runsByPlace(parts, await lastRuns(store.db));
    const pins = new Map((await openPins(store.db)).map((pin) => [keyOf(pin), viewPin(pin)]));
    return seen.map(({ placed, may }, index): JobView => {
      const { job, environment, definition, setting, place } = placed;
      const word = words[index];
      const capabilities = parts.connections.of(place.target)?.capabilities;
      return {
        job,
        title: definition.title ?? job,
        environment,
        protected: setting.protected,
        look: setting.look,
        destructive: definition.destructive,
        abortable: (capabilities?.abort ?? "none") !== "none",
        may,
        active: active.get(keyOf(placed)) ?? null,
        ...(word === undefined ? {} : { target: word.text, targetSays: word.says, ...heardSince(word) }),
        last: last.get(keyOf(placed)) ?? null,
        parameters: describeParameters(definition),
        then: definition.then.filter((next) => catalogue.jobs[next]?.environments[environment] !== undefined),
        pin: pins.get(keyOf(placed)) ?? null,
        at: place.target,
        can: capabilities === undefined ? [] : describeCapabilities(capabilities),
      };
    });
  };

  return {
    list: async (asking, filter) => {
      const seen = await seenBy(asking, filter);
      return views(seen, []);
    },

    status: async (asking, filter) => {
      const seen = await seenBy(asking, filter);
      const words = await askAll(seen, {
        ask: ({ placed }) => wordOf(parts, asking, placed),
        late: ({ placed }): TargetWord => ({
          text: `${placed.place.target} did not answer within ${ASK_TARGETS_MS / 1_000} s`,
          says: "not_known",
        }),
        withinMs: ASK_TARGETS_MS,
      });
      return views(seen, words);
    },

    history: async (asking, filter) => {
      const job = filter.job === undefined ? undefined : needJob(catalogue, filter.job).name;
      const environment =
        filter.environment === undefined ? undefined : needEnvironment(catalogue, filter.environment).name;
      const of = { ...(job === undefined ? {} : { job }), ...(environment === undefined ? {} : { environment }) };
      const seen = new Set((await seenBy(asking, of)).map(({ placed }) => keyOf(placed)));
      const runs = await runHistory(store.db, { ...of, limit: Math.min(filter.limit * 5, 500) });
      return viewRuns(parts, runs.filter((run) => seen.has(keyOf(run))).slice(0, filter.limit));
    },
  };
}

function placesOf(catalogue: Catalogue, filter: { job?: string; environment?: string }): Placed[] {
  if (filter.job !== undefined && filter.environment !== undefined) {
    return [needPlaced(catalogue, { job: filter.job, environment: filter.environment })];
  }
  const job = filter.job === undefined ? null : needJob(catalogue, filter.job).name;
  const environment = filter.environment === undefined ? null : needEnvironment(catalogue, filter.environment).name;
  return allPlaced(catalogue).filter(
    (placed) => (job === null || placed.job === job) && (environment === null || placed.environment === environment),
  );
}

function actionsOf(catalogue: Catalogue, about: { asking: Asking; placed: Placed; groups: KnownGroups }): string[] {
  const { job, environment, place } = about.placed;
  const role = place.approvals?.role;
  return SHOWN_ACTIONS.filter((action) => {
    // An approval is given by having the role that the job names there, whatever else is granted.
    if (action === "approve") {
      return role !== undefined && hasRole(catalogue, role, { someone: about.asking.actor, groups: about.groups });
    }
    const wanted = { action, job, environment };
    return decideWho({ catalogue, groups: about.groups, actor: about.asking.actor, wanted }).kind === "allow";
  });
}

interface TargetWord {
  readonly text: string;
  readonly says: NonNullable<JobView["targetSays"]>;
  readonly since?: Instant;
}

const heardSince = ({ since }: TargetWord) => (since === undefined ? {} : { heardSince: since });

/** What the target says, and what was heard of executions that Nightdesk did not start. */
async function wordOf(parts: JobsParts, asking: Asking, placed: Placed): Promise<TargetWord> {
  const { job, environment, name, place } = placed;
  const heard = await openExecutions(parts.store.db, { jobs: [job], environments: [environment] });
  const also =
    heard.length === 0
      ? ""
      : `; ${heard.some((one) => one.environments.length === 1) ? "a start by something else was heard" : "a start by something else was heard, here or elsewhere"}, its end was not`;
  const connection = parts.connections.of(place.target);
  if (connection === null) {
    return { text: `not known: the connector of ${place.target} is not built yet${also}`, says: "not_known" };
  }
  const requestedBy = { key: asking.actor.key, name: asking.actor.name };
  const intent = { intentKey: asking.requestKey, job, environment, name, parameters: {}, version: null, requestedBy };
  const said = await connection.look(intent).then(
    (seen): TargetWord => ({ text: seen.evidence, says: saysOf(seen.phase) }),
    (error: unknown): TargetWord => ({ text: `not known: ${messageOf(error)}`, says: "not_known" }),
  );
  const heardOf = heard.length > 0 && said.says !== "running" ? "elsewhere" : said.says;
  const since = heard.findLast((one) => one.startedAt !== null)?.startedAt ?? null;
  return { text: `${said.text}${also}`, says: heardOf, ...(since === null ? {} : { since }) };
}

function saysOf(phase: Observation["phase"]): TargetWord["says"] {
  if (phase === "running") return "running";
  return phase === "unknown" || phase === "not_found" ? "not_known" : "not_running";
}

async function runsByPlace(
  parts: JobsParts,
  runs: Awaited<ReturnType<typeof activeRuns>>,
): Promise<ReadonlyMap<string, RunView>> {
  const views = await viewRuns(parts, runs);
  return new Map(views.map((view) => [keyOf(view), view]));
}

const keyOf = (place: { job: string; environment: string }): string => `${place.environment} ${place.job}`;
