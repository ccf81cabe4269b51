import { createHash } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import { UserError } from "../base/errors.ts";
import type { Http } from "../base/http.ts";
import type { IncidentId } from "../base/ids.ts";
import { actorId } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { readIds } from "../fanout/ids.ts";
import { keepIds, keepIdsOfRun, type ListedIds, listedIds } from "../fanout/lists.store.ts";
import { redactorOf } from "../incidents/redact.ts";
import { factsOf } from "../incidents/signal.ts";
import { signalsAfter } from "../incidents/signals.store.ts";
import type { Run } from "../jobs/runs.store.ts";
import type { Store } from "../store/store.ts";
import type { Asking } from "./contract.ts";
import { type AttachedFile, checkSize, idColumn, type ReadAttached } from "./id-lists-file.ts";
import { createTally, type EntityRule, entityRules, type Naming } from "./id-lists-incident.ts";
import { SENTRY_WITHIN_MS, sentryApiOf, sentryEvents } from "./id-lists-sentry.ts";
import { incidentIdOf } from "./runs-view.ts";

export interface IdListParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly http: Http;
  readonly readAttached: ReadAttached;
}

/** A list that was made for a request, and what is to be said of how it came about. */
export interface MadeList {
  readonly list: ListedIds;
  readonly lines: readonly string[];
}

/** One list a request: the same request, delivered again, has the same. */
const listId = (asking: Asking): string =>
  createHash("sha256").update(`ids ${asking.requestKey}`).digest("base64url").slice(0, 24);

/** Ids that were typed. */
export async function listOfWords(parts: IdListParts, asking: Asking, typed: string): Promise<MadeList> {
  return keep(parts, asking, { words: typed.split(/[,;\s]+/), said: `named by ${asking.actor.name}`, lines: [] });
}

/** The column of ids of a file that was attached to the message. */
export async function listOfFile(parts: IdListParts, asking: Asking, file: AttachedFile): Promise<MadeList> {
  checkSize(file);
  const text = await parts.readAttached(file);
  checkSize({ name: file.name, bytes: Buffer.byteLength(text) });
  return keep(parts, asking, { words: idColumn(text, file.name), said: `from ${file.name}`, lines: [] });
}

/** The ids of a run's items that ended so, or were found so. Throws a `UserError` when there is none. */
export async function listOfRun(
  parts: IdListParts,
  asking: Asking,
  of: { run: Run; state: string; detail?: string; said: string },
): Promise<MadeList> {
  const { store, clock } = parts;
  const about = { id: listId(asking), said: of.said, actor: actorId(asking.actor), at: clock.now() };
  const which = { runId: of.run.id, state: of.state, ...(of.detail === undefined ? {} : { detail: of.detail }) };
  await store.tx((tx) => keepIdsOfRun(tx, about, which));
  const list = await need(parts, about.id);
  if (list.count > 0) return { list, lines: [] };
  throw new UserError("conflict", {
    code: "no_such_ids",
    message: `Run ${of.run.number} has none ${of.said.replace(` run ${of.run.number}`, " it")}.`,
    wayOut: `\`/sync status run ${of.run.number}\` shows what became of its ids.`,
  });
}

const PAGE = 1_000;
const MOST_ISSUES = 20;

/**
 * The ids that an incident's signals name, by the catalogue's `entities` for this job; with Sentry's API also those of
 * the events that Sentry did not send.
 */
export async function listOfIncident(
  parts: IdListParts,
  asking: Asking,
  about: { incident: number; job: string },
): Promise<MadeList> {
  const { store, catalogue } = parts;
  const id = await incidentIdOf(store.db, about.incident);
  if (id === null) {
    throw new UserError("not_found", {
      code: "incident_not_found",
      message: `There is no INC-${about.incident}.`,
      wayOut: "`/incident list` shows those there are.",
    });
  }
  const rules = entityRules(catalogue, about.job);
  if (rules.length === 0) {
    throw new UserError("unsupported", {
      code: "no_entities",
      message: `The catalogue does not say where ${about.job}'s ids are in a signal.`,
      wayOut: "Add it under `entities`, or name the ids with --ids.",
    });
  }
  const found = await search(parts, { incident: id as IncidentId, rules });
  const entities = [...new Set(rules.map(({ entity }) => entity))].join(", ");
  const { ids, redacted } = found.tally.named();
  if (ids.size === 0) {
    throw new UserError("conflict", {
      code: "no_ids",
      message: `No signal of INC-${about.incident} names a ${entities}.`,
      wayOut: found.doubt === null ? "Name the ids with --ids." : `${found.doubt}. Name the ids with --ids.`,
    });
  }
  const lines = [
    `Named in ${found.looked.toLocaleString("en-GB")} signals and events, most often: ${mostNamed(ids)}`,
    ...(redacted === 0 ? [] : [`:warning: ${redacted} were redacted and cannot be read.`]),
    ...(found.doubt === null ? [] : [`:warning: There may be more: ${found.doubt}.`]),
  ];
  return keep(parts, asking, { words: [...ids.keys()], said: `${entities} of INC-${about.incident}`, lines });
}

interface Search {
  readonly tally: ReturnType<typeof createTally>;
  readonly looked: number;
  /** Why there may be more; null: nothing speaks for it. */
  readonly doubt: string | null;
}

async function search(
  parts: IdListParts,
  about: { incident: IncidentId; rules: readonly EntityRule[] },
): Promise<Search> {
  const { store, catalogue } = parts;
  const tally = createTally();
  const issues = new Map<string, EntityRule[]>();
  let looked = 0;
  for (let after = 0; ; ) {
    const signals = await signalsAfter(store.db, about.incident, { after, limit: PAGE });
    const last = signals.at(-1);
    if (last === undefined) break;
    after = last.id;
    looked += signals.length;
    for (const signal of signals) {
      const facts = factsOf(signal, catalogue);
      const holding = about.rules.filter((rule) => rule.matches(facts));
      const naming: Naming = { tags: signal.tags, message: [signal.title, signal.error ?? ""].join("\n") };
      tally.add(idsBy(holding, naming));
      const issue = signal.tags["sentry.issue"];
      if (issue !== undefined && holding.length > 0) issues.set(issue, holding);
    }
  }
  const api = sentryApiOf(catalogue.sources);
  if (api === null || issues.size === 0) return { tally, looked, doubt: null };
  const asked = [...issues.keys()].slice(0, MOST_ISSUES);
  const redact = redactorOf(catalogue);
  const untilMs = parts.clock.machineNow().epochMilliseconds + SENTRY_WITHIN_MS;
  for (const issue of asked) {
    const { events, more } = await sentryEvents({ ...parts, redact }, api, { issue, untilMs });
    looked += events.length;
    for (const event of events) tally.add(idsBy(issues.get(issue) ?? [], event));
    if (more !== null) return { tally, looked, doubt: more };
  }
  const left = issues.size - asked.length;
  return { tally, looked, doubt: left > 0 ? `${left} of ${issues.size} issues were not asked of Sentry` : null };
}

/** What one signal names, each id once: a tag and a message that say the same say it once. */
const idsBy = (rules: readonly EntityRule[], naming: Naming): string[] => [
  ...new Set(rules.flatMap((rule) => rule.idsIn(naming))),
];

const SHOWN = 3;

function mostNamed(ids: ReadonlyMap<string, number>): string {
  return [...ids]
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([id, count]) => `${id} (${count.toLocaleString("en-GB")}×)`)
    .join(", ");
}

async function keep(
  parts: IdListParts,
  asking: Asking,
  what: { words: Iterable<string>; said: string; lines: readonly string[] },
): Promise<MadeList> {
  const { store, clock } = parts;
  const { ids, duplicates } = readIds(what.words);
  const id = listId(asking);
  await store.tx((tx) => keepIds(tx, { id, said: what.said, actor: actorId(asking.actor), at: clock.now(), ids }));
  const left = duplicates === 0 ? [] : [`${duplicates.toLocaleString("en-GB")} named more than once are left out.`];
  return { list: await need(parts, id), lines: [...left, ...what.lines] };
}

async function need({ store }: IdListParts, id: string): Promise<ListedIds> {
  const list = await listedIds(store.db, id);
  if (list === null) throw new Error("a list of ids that was just kept is not there");
  return list;
}
