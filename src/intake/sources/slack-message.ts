import { z } from "zod";
import { type Catalogue, type MessagePattern, SEVERITIES } from "../../config/catalogue.ts";
import { matchPattern } from "../../config/scalars.ts";
import { type Fields, fieldsOf, instantOf, isFields, readJson, tagsOf, textOf } from "../reading.ts";
import type { Signal, Source } from "./contract.ts";
import { titleOf } from "./job.ts";

const settings = z.strictObject({
  /** Names of the channels that events name by id. */
  channels: z.record(z.string(), z.string()),
  /** Nightdesk itself: what it posts is no news to it. */
  self: z.strictObject({ botId: z.string().optional(), userId: z.string().optional() }),
});
type Settings = z.output<typeof settings>;

/** A Slack event as Slack sent it. */
export type SlackEvent = Fields & { readonly type: string };

/** The event inside a saved Events API callback, or null when there is none. */
export function eventOf(body: string): SlackEvent | null {
  const event = fieldsOf(readJson(body), "event");
  const type = event["type"];
  return typeof type === "string" ? { ...event, type } : null;
}

/**
 * Messages in watched channels, for jobs that can only talk there. They come by Slack's events, verified by Bolt, not by
 * a hook of their own. Which environment spoke is often not in the text: then the signal carries the candidates.
 */
export const slackMessage: Source<Settings> = {
  kind: "slack-message",
  settings,
  verify: () => ({ ok: false, reason: "Slack's messages come by events, not by a hook" }),
  unsigned: () => null,
  deliveryKey: (request) => ({
    key: textOf(fieldsOf(readJson(request.body.toString("utf8")), "event")["client_msg_id"]) ?? "",
  }),
  parse: (delivery, { channels, self }, catalogue) => {
    const event = eventOf(delivery.body);
    if (event === null) return { kind: "refused", reason: "the callback carries no event" };
    const channel = textOf(event["channel"]) ?? "";
    if (!speaks(event)) return { kind: "ignored", reason: `${event.type} says nothing of a job` };
    if (isFrom(event, self) || isOfApp(event, delivery.body))
      return { kind: "ignored", reason: "Nightdesk's own message" };
    const text = wordsOf(event);
    const watched = catalogue.messages.filter(
      (pattern) => pattern.channel === channel || pattern.channel.replace(/^#/, "") === channels[channel],
    );
    for (const pattern of watched) {
      const groups = matchPattern(pattern.pattern, text);
      if (groups !== null)
        return {
          kind: "signals",
          signals: [signalOf({ event, text, pattern, groups, catalogue, receivedAt: delivery.receivedAt })],
        };
    }
    return { kind: "ignored", reason: watched.length === 0 ? "not a watched channel" : "no pattern fits the message" };
  },
};

/** Whether this is the kind of event that `parse` looks at: a new message at the top of a channel. */
export function speaks(event: SlackEvent): boolean {
  const subtype = event["subtype"];
  const inThread = event["thread_ts"] !== undefined && event["thread_ts"] !== event["ts"];
  return event.type === "message" && (subtype === undefined || subtype === "bot_message") && !inThread;
}

function isFrom(event: SlackEvent, self: Settings["self"]): boolean {
  return (
    (self.botId !== undefined && event["bot_id"] === self.botId) ||
    (self.userId !== undefined && event["user"] === self.userId)
  );
}

/** By the callback's own word, for the time in which Slack has not yet told who Nightdesk's bot is. */
function isOfApp(event: SlackEvent, body: string): boolean {
  const app = textOf(fieldsOf({ callback: readJson(body) }, "callback")["api_app_id"]);
  return app !== undefined && (event["app_id"] === app || fieldsOf(event, "bot_profile")["app_id"] === app);
}

function signalOf(said: {
  event: SlackEvent;
  text: string;
  pattern: MessagePattern;
  groups: Readonly<Record<string, string>>;
  receivedAt: Signal["at"];
  catalogue: Catalogue;
}): Signal {
  const { event, text, pattern, groups } = said;
  const job = textOf(groups["job"]);
  const lines = text.split("\n");
  const line = (lines.find((one) => matchPattern(pattern.pattern, one) !== null) ?? lines[0] ?? text).trim();
  const named = textOf(groups["environment"]);
  const candidates = named === undefined ? pattern.environments : [named];
  const error = textOf(groups["error"]);
  return {
    kind: pattern.signal,
    title: job === undefined ? line : titleOf(said.catalogue, { job, kind: pattern.signal }),
    at: instantOf(event["ts"]) ?? said.receivedAt,
    service: textOf(groups["service"]) ?? pattern.service,
    environment: candidates.length === 1 ? candidates[0] : undefined,
    environments: candidates.length === 1 ? undefined : candidates,
    job,
    cause: textOf(groups["cause"]),
    severity: SEVERITIES.find((severity) => severity === groups["severity"]?.toLowerCase()),
    rid: textOf(groups["rid"]),
    error: error === "null" ? undefined : error,
    url: textOf(groups["url"]),
    tags: {
      ...(pattern.signal === "deployed" ? deployTags(event, text, groups) : {}),
      "slack.channel": pattern.channel,
      "slack.ts": textOf(event["ts"]) ?? "",
      "slack.author": event["bot_id"] === undefined ? "person" : "bot",
    },
  };
}

/** The version that the pattern names, or that of a link to the commit, as notices of pipelines have it. */
function deployTags(event: SlackEvent, text: string, groups: Readonly<Record<string, string>>): Record<string, string> {
  const sha = textOf(groups["sha"]) ?? /\/commit\/([0-9a-f]{7,40})\b/.exec(text)?.[1];
  const [first] = attachmentsOf(event);
  return tagsOf({
    "deploy.version": textOf(groups["version"]) ?? sha?.slice(0, 7),
    "deploy.sha": sha,
    "deploy.status": "succeeded",
    "deploy.by": textOf(groups["by"]) ?? textOf(first?.["author_name"]),
  });
}

/** The text, or what attachments say in its place, as people read it: a field's title and value are lines of their own. */
function wordsOf(event: SlackEvent): string {
  const said = [event["text"], ...attachmentsOf(event).flatMap(wordsOfAttachment)];
  return said
    .filter((part): part is string => typeof part === "string" && part !== "")
    .join("\n")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

function wordsOfAttachment(attachment: Fields): readonly unknown[] {
  const [pretext, title, text, fields] = ["pretext", "title", "text", "fields"].map((key) => attachment[key]);
  const pairs = (Array.isArray(fields) ? fields : []).flatMap((field: unknown) =>
    isFields(field) ? [field["title"], field["value"]] : [],
  );
  const said = [pretext, title, text, ...pairs].filter((part) => typeof part === "string" && part !== "");
  // The fallback repeats what is shown, for those who cannot be shown it.
  return said.length === 0 ? [attachment["fallback"]] : said;
}

function attachmentsOf(event: SlackEvent): readonly Fields[] {
  const attachments: readonly unknown[] = Array.isArray(event["attachments"]) ? event["attachments"] : [];
  return attachments.filter(isFields);
}
