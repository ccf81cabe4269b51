import type { Clock } from "../base/clock.ts";
import { UserError } from "../base/errors.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { Authorise } from "../guard/authorise.ts";
import { sentryApis } from "../intake/sentry-api.ts";
import { requestWork } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import { needIncident } from "./incidents-view.ts";
import { type Change, changeByRequest, emailInSlack, keepChange } from "./sentry-changes.store.ts";
import type { SentryChangeView, SentryIssueView, SentryServices, WantedOfSentry } from "./sentry-contract.ts";
import { type IssueOfIncident, issuesOfIncident } from "./sentry-issues.store.ts";

export interface SentryServiceParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly authorise: Authorise;
}

/**
 * What people do in Sentry from an incident's thread. Asked of the guard here, done by `sentry-carry.ts`: nothing is said to
 * be done before Sentry's own answer shows it.
 */
export function createSentry(parts: SentryServiceParts): SentryServices {
  const { store, clock, catalogue, authorise } = parts;
  const apis = sentryApis(catalogue.sources);

  return {
    issues: async (_asking, number) => {
      const incident = await needIncident(store.db, number);
      const issues = await issuesOfIncident(store.db, incident.id);
      return issues.map((issue): SentryIssueView => {
        const { url, firing } = issue;
        return { name: nameOf(issue), url, open: firing, reachable: apis.has(issue.source) };
      });
    },

    change: async (asking, number, wanted) => {
      const incident = await needIncident(store.db, number);
      const { environment, id: incidentId } = incident;
      const act = { action: "incident", audit: `sentry.${wanted.action}`, environment, incidentId } as const;
      const allowed = await authorise.need(asking, act);
      const before = await changeByRequest(store.db, asking.requestKey);
      if (before !== null) return viewOf(before, number);
      const issues = meant(await issuesOfIncident(store.db, incidentId), {
        wanted,
        number,
        reachable: (one) => apis.has(one.source),
      });
      const assignee = wanted.action === "assign" ? await assigneeOf(parts, wanted.person ?? asking.actor.key) : null;
      const change = {
        requestKey: asking.requestKey,
        incident: incidentId,
        action: wanted.action,
        assignee,
        issues: issues.map(({ source, issue, shortId }) => ({
          source,
          issue,
          shortId,
          state: "asked" as const,
          detail: null,
        })),
        by: asking.actor,
        at: clock.now(),
      };
      await store.tx(async (tx) => {
        const id = await keepChange(tx, change);
        if (id === null) return;
        const named = issues.map(nameOf).join(", ").slice(0, 500);
        await allowed.record(tx, { details: { issues: named, ...(assignee === null ? {} : { to: assignee.email }) } });
        await requestWork(tx, { kind: "sentry-change", ref: id, dueAt: change.at });
      });
      return viewOf(change, number);
    },
  };
}

export const nameOf = ({ shortId, issue }: { readonly shortId: string | null; readonly issue: string }): string =>
  shortId ?? `issue ${issue}`;

const viewOf = (change: Pick<Change, "action" | "issues" | "assignee">, incident: number): SentryChangeView => ({
  incident,
  action: change.action,
  issues: change.issues.map(nameOf),
  to: change.assignee?.name ?? null,
});

/** The issues that are asked for, or why there are none. */
function meant(
  all: readonly IssueOfIncident[],
  about: { wanted: WantedOfSentry; number: number; reachable: (issue: IssueOfIncident) => boolean },
): readonly IssueOfIncident[] {
  const { wanted, number } = about;
  if (all.length === 0) {
    throw new UserError("conflict", {
      code: "no_sentry_issue",
      message: `No issue of Sentry's is part of INC-${number}.`,
      wayOut: `\`/incident timeline INC-${number}\` shows what it is made of.`,
    });
  }
  const named = wanted.issues === undefined ? null : wanted.issues.map((name) => issueNamed(all, name, number));
  const open = wanted.action === "assign" ? all : all.filter(({ firing }) => firing);
  const within = open.filter(about.reachable);
  const chosen = named ?? (within.length > 0 ? within : open);
  if (chosen.length === 0) {
    throw new UserError("conflict", {
      code: "sentry_over",
      message: `${listed(all.map(nameOf))} ${all.length === 1 ? "is" : "are"} resolved or archived in Sentry already.`,
      wayOut: `To ask Sentry all the same, name it: \`/incident sentry INC-${number} ${wanted.action} ${nameOf(all[0] ?? { shortId: null, issue: "ID" }).replace("issue ", "")}\``,
    });
  }
  const unreachable = chosen.find((issue) => !about.reachable(issue));
  if (unreachable !== undefined) {
    throw new UserError("unsupported", {
      code: "no_sentry_api",
      message: `Nightdesk cannot change ${nameOf(unreachable)}: the catalogue gives the source ${unreachable.source} no API.`,
      wayOut: unreachable.url === null ? "Do it in Sentry." : `Do it in Sentry: ${unreachable.url}`,
    });
  }
  return chosen;
}

function issueNamed(all: readonly IssueOfIncident[], name: string, number: number): IssueOfIncident {
  const wanted = name.toLowerCase();
  const found = all.find(({ issue, shortId }) => issue === wanted || shortId?.toLowerCase() === wanted);
  if (found !== undefined) return found;
  throw new UserError("not_found", {
    code: "no_such_issue",
    message: `${name} is no issue of INC-${number}.`,
    wayOut: `It has ${listed(all.map(nameOf))}.`,
  });
}

/** Sentry knows its members by their e-mail address. */
async function assigneeOf(parts: SentryServiceParts, person: string): Promise<{ email: string; name: string }> {
  const { people } = parts.catalogue;
  const listed = Object.hasOwn(people, person)
    ? people[person]
    : Object.values(people).find(({ slack }) => slack !== undefined && slack === person);
  if (listed?.email !== undefined) return { email: listed.email, name: listed.name };
  const known = await emailInSlack(parts.store.db, listed?.slack ?? person);
  if (known !== null) return { email: known.email, name: listed?.name ?? known.name };
  throw new UserError("invalid", {
    code: "no_email",
    message: `Nightdesk does not know the e-mail address of ${listed?.name ?? person}, by which Sentry knows its members.`,
    wayOut: "Put it into the catalogue (people: … email), or assign it in Sentry.",
  });
}

const MOST_LISTED = 10;

function listed(names: readonly string[]): string {
  const left = names.length - MOST_LISTED;
  return left > 0 ? `${names.slice(0, MOST_LISTED).join(", ")} and ${left} more` : names.join(", ");
}
