import type { Instant } from "../../../base/clock.ts";
import type { SignalKind } from "../../../config/catalogue.ts";
import { type Fields, fieldsOf, firstText, instantOf, tagsOf, textOf } from "../../reading.ts";
import type { Parsed, Signal } from "../contract.ts";
import { cronOf } from "./cron.ts";
import { assigneeOf, ignored, personOf, refused, serviceOf, signals, type Told, tagged, webUrl } from "./told.ts";

/** `archived` is what Sentry's pages call what its webhooks call `ignored`. */
const ISSUE_KINDS: Readonly<Record<string, SignalKind>> = {
  created: "firing",
  unresolved: "firing",
  resolved: "resolved",
  ignored: "resolved",
  archived: "resolved",
  assigned: "noted",
};

/** `issue.*`: an issue, as Sentry tells of it when somebody or something changes it. */
export function ofIssue(told: Told): Parsed {
  const issue = fieldsOf(told.data, "issue");
  const kind = kindOfIssue(told.action);
  if (kind === undefined) return ignored(told);
  const id = textOf(issue["id"]);
  const title = textOf(issue["title"]);
  if (id === undefined || title === undefined) return refused("an issue without id or title");
  // An issue says when it was seen, not when it was resolved or came back: then the delivery's time is the nearest.
  const at = (told.action === "created" ? instantOf(issue["firstSeen"]) : undefined) ?? told.delivery.receivedAt;
  return signals(signalOfIssue(told, { issue, id, title, kind, at }));
}

export function kindOfIssue(action: string): SignalKind | undefined {
  return Object.hasOwn(ISSUE_KINDS, action) ? ISSUE_KINDS[action] : undefined;
}

/** One signal of an issue. */
export function signalOfIssue(
  told: Told,
  of: {
    readonly issue: Fields;
    readonly id: string;
    readonly title: string;
    readonly kind: SignalKind;
    readonly at: Instant;
    /** An event of it, where one is known: it has the tags and the environment, the issue itself has neither. */
    readonly event?: Fields;
  },
): Signal {
  const { issue, id, title, kind, at, event = {} } = of;
  const metadata = fieldsOf(issue, "metadata");
  const project = fieldsOf(issue, "project");
  const tags = { ...tagsOf(issue["tags"]), ...tagsOf(event["tags"]) };
  const state = kind === "resolved" && told.action !== "resolved" ? "ignored" : undefined;
  const projects = [project["slug"], issue["project"], tags["service"], project["name"]];
  const plain: Signal = {
    kind,
    title,
    at,
    service: serviceOf(projects, told.catalogue),
    environment: firstText(issue["environment"], tags["environment"]),
    cause: firstText(metadata["type"], title),
    condition: `issue ${id}`,
    error: saidOf(told, { issue, kind }) ?? textOf(metadata["value"]),
    tags: tagged(
      {
        "sentry.issue": id,
        "sentry.short_id": issue["shortId"],
        "sentry.status": state,
        "sentry.event": event["eventID"],
        level: issue["level"],
      },
      tags,
    ),
    url: webUrl(issue["web_url"], issue["permalink"]),
  };
  return cronOf(plain, { issue, tags, event, projects, ...told }) ?? plain;
}

/** Who did what in Sentry, where that is the news. */
function saidOf(told: Told, { issue, kind }: { issue: Fields; kind: SignalKind }): string | undefined {
  const person = personOf(told.actor);
  const by = person === undefined ? "" : ` by ${person}`;
  if (kind === "noted") {
    const to = assigneeOf(issue);
    return to === undefined ? `its assignment was changed in Sentry${by}` : `assigned to ${to} in Sentry${by}`;
  }
  if (kind !== "resolved") return undefined;
  if (told.action === "resolved") return `resolved in Sentry${by}`;
  return `archived in Sentry${by}${untilOf(issue)}`;
}

const UNTIL: Readonly<Record<string, string>> = {
  archived_until_escalating: " until it escalates",
  archived_until_condition_met: " until a condition is met",
  archived_forever: " for good",
};

function untilOf(issue: Fields): string {
  const substatus = textOf(issue["substatus"]) ?? "";
  return Object.hasOwn(UNTIL, substatus) ? (UNTIL[substatus] ?? "") : "";
}
