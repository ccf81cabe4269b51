import { actorId, actorKey, actorName, SYSTEM } from "../config/actor.ts";
import { addEntry } from "../incidents/changes.ts";
import type { EntryDraft } from "../incidents/timeline.ts";
import { type Fields, isFields, textOf } from "../intake/reading.ts";
import { SentryError, sentryApis, sentryClient } from "../intake/sentry-api.ts";
import { requestWork, type WorkOutcome } from "../store/outbox.ts";
import type { Tx } from "../store/store.ts";
import { nameOf } from "./sentry.ts";
import type { SentryParts } from "./sentry-catch-up.ts";
import { type Change, type ChangingIssue, endChange, keepIssues, readChange } from "./sentry-changes.store.ts";
import { keepChecked } from "./sentry-issues.store.ts";
import { lookIdOf } from "./sentry-looks.store.ts";

/** Calls of one step: a long list goes on in the next. */
const AT_ONCE = 20;
const FIRST_WAIT_MS = 2_000;
const MOST_WAIT_MS = 60_000;
/** Sentry is asked for so long (domain time); then people are told that it did not answer. */
export const GIVE_UP_MS = 10 * 60_000;

/**
 * Work of kind `sentry-change`: changes each issue by its id, keeps after each what Sentry's answer shows, and tells the
 * thread when all is known. Asked again it does no harm: to resolve what is resolved changes nothing.
 */
export function createSentryCarry(parts: SentryParts): (id: number) => Promise<WorkOutcome> {
  const { store, clock } = parts;
  return async (id) => {
    const change = await readChange(store.db, id);
    if (change === null || change.ended) return { done: true };
    const issues = [...change.issues];
    let calls = 0;
    for (const [index, one] of issues.entries()) {
      if (one.state !== "asked") continue;
      if (calls >= AT_ONCE) return { done: false, dueAt: clock.now() };
      calls += 1;
      const came = await ask(parts, change, one);
      if (came.kind === "later") {
        await keepIssues(store.db, id, { issues, attempts: change.attempts + 1 });
        const waitMs = Math.max(came.retryAfterMs, Math.min(FIRST_WAIT_MS * 2 ** change.attempts, MOST_WAIT_MS));
        const notBefore = clock.machineNow().add({ milliseconds: Math.ceil(waitMs) });
        return { done: false, dueAt: clock.now(), notBefore, error: came.why };
      }
      issues[index] = { ...one, state: came.kind, detail: came.kind === "done" ? null : came.why };
      await keepIssues(store.db, id, { issues, attempts: 0 });
    }
    await store.tx((tx) => tell(tx, parts, { ...change, issues }));
    return { done: true };
  };
}

type Came =
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly why: string }
  | { readonly kind: "later"; readonly why: string; readonly retryAfterMs: number };

async function ask(parts: SentryParts, change: Change, one: ChangingIssue): Promise<Came> {
  const api = sentryApis(parts.catalogue.sources).get(one.source);
  if (api === undefined) {
    return { kind: "failed", why: `the catalogue gives the source ${one.source} no API any more. Do it in Sentry` };
  }
  const client = sentryClient(parts, api);
  try {
    return shows(change, await client.change(one.issue, bodyOf(change)));
  } catch (error) {
    if (!(error instanceof SentryError)) throw error;
    const transient = error.kind === "busy" || error.kind === "away";
    const askedForMs = parts.clock.now().epochMilliseconds - change.askedAt.epochMilliseconds;
    if (transient && askedForMs < GIVE_UP_MS) {
      return { kind: "later", why: error.message, retryAfterMs: error.retryAfterMs ?? 0 };
    }
    return { kind: "failed", why: whyNot(error, one.source) };
  }
}

function bodyOf(change: Change): Fields {
  switch (change.action) {
    case "resolve":
      return { status: "resolved" };
    case "ignore":
      return { status: "ignored", statusDetails: {}, substatus: "archived_until_escalating" };
    case "assign":
      return { assignedTo: change.assignee?.email ?? "" };
  }
}

/** Whether Sentry's answer shows what was asked for. */
function shows(change: Change, answer: Fields): Came {
  const status = textOf(answer["status"]) ?? "nothing";
  switch (change.action) {
    case "resolve":
    case "ignore": {
      const wanted = change.action === "resolve" ? "resolved" : "ignored";
      return status === wanted
        ? { kind: "done" }
        : { kind: "failed", why: `Sentry's answer shows it ${status}. Look at it in Sentry` };
    }
    case "assign": {
      const to = answer["assignedTo"];
      const who = isFields(to) ? [to["email"], to["name"]].map((text) => textOf(text)?.toLowerCase()) : [];
      if (who.includes(change.assignee?.email.toLowerCase())) return { kind: "done" };
      const shown = isFields(to) ? (textOf(to["name"]) ?? textOf(to["email"])) : undefined;
      return { kind: "failed", why: `Sentry's answer shows it assigned to ${shown ?? "nobody"}. Look at it in Sentry` };
    }
  }
}

function whyNot(error: SentryError, source: string): string {
  switch (error.kind) {
    case "auth":
      return `Sentry does not accept the token of the source ${source}. Make a new one in the integration, put it into sources.${source}.api.token, and try again; \`nightdesk doctor\` checks it`;
    case "scope":
      return `the token of the source ${source} lacks the scope event:write. Give its integration "Issue & Event: Read & Write" in Sentry, and try again; \`nightdesk doctor\` checks it`;
    case "gone":
      return "Sentry has no such issue any more: it was deleted, or merged into another";
    case "refused":
      return `${error.message}. Look at it in Sentry`;
    case "busy":
    case "away":
      return `Sentry did not answer for ${GIVE_UP_MS / 60_000} minutes (${error.message}). Whether it was done is not known: look at it in Sentry, or ask again`;
  }
}

/** One line for what was done and one for each reason why something was not; then Sentry is asked what is over. */
async function tell(tx: Tx, parts: SentryParts, change: Change): Promise<void> {
  const now = parts.clock.now();
  if (!(await endChange(tx, change.id, now))) return;
  const add = (key: string, entry: Pick<EntryDraft, "actor" | "actorKey" | "actorName" | "text">) =>
    addEntry(tx, parts.catalogue, {
      incident: change.incident,
      now,
      requestKey: `sentry-change:${change.id}:${key}`,
      entry: { kind: "command", at: now, visible: true, data: { sentry: change.action, change: change.id }, ...entry },
    });
  const done = change.issues.filter(({ state }) => state === "done");
  const { by } = change;
  if (done.length > 0) {
    await add("done", {
      actor: by.id,
      actorKey: by.key,
      actorName: by.name,
      text: `${by.name} ${didTo(change, named(done))}`,
    });
  }
  const reasons = new Map<string, ChangingIssue[]>();
  for (const one of change.issues.filter(({ state }) => state === "failed")) {
    reasons.set(one.detail ?? "", [...(reasons.get(one.detail ?? "") ?? []), one]);
  }
  const us = { actor: actorId(SYSTEM), actorKey: actorKey(SYSTEM), actorName: actorName(SYSTEM) };
  for (const [index, [why, issues]] of [...reasons].entries()) {
    const text = `Sentry did not ${toDo(change, named(issues))}, as ${by.name} asked: ${why}`;
    await add(`failed:${index}`, { ...us, text });
  }
  for (const source of new Set(done.map((one) => one.source))) {
    await keepChecked(
      tx,
      source,
      done.filter((one) => one.source === source).map(({ issue }) => issue),
      null,
    );
    const look = await lookIdOf(tx, source);
    if (look !== null) await requestWork(tx, { kind: "sentry-catch-up", ref: look, dueAt: now });
  }
}

function didTo({ action, assignee }: Change, issues: string): string {
  switch (action) {
    case "resolve":
      return `resolved ${issues} in Sentry`;
    case "ignore":
      return `archived ${issues} in Sentry until it escalates`;
    case "assign":
      return `assigned ${issues} in Sentry to ${assignee?.name ?? ""}`;
  }
}

function toDo({ action, assignee }: Change, issues: string): string {
  switch (action) {
    case "resolve":
      return `resolve ${issues}`;
    case "ignore":
      return `archive ${issues}`;
    case "assign":
      return `assign ${issues} to ${assignee?.name ?? ""}`;
  }
}

const MOST_NAMED = 8;

function named(issues: readonly ChangingIssue[]): string {
  const names = issues.map(nameOf);
  const left = names.length - MOST_NAMED;
  if (left > 0) return `${names.slice(0, MOST_NAMED).join(", ")} and ${left} more`;
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
