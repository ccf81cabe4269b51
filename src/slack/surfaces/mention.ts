import type { ReceivedCommand } from "../../services/command-requests.ts";
import type { AttachedFile } from "../../services/id-lists-file.ts";
import { asRecord, recordOf, stringOf } from "../api.ts";
import { attachedTo } from "../attached.ts";

type Envelope = Readonly<Record<string, unknown>>;

/** A command by mention, before its thread is looked up. */
export interface Mention {
  readonly key: string;
  readonly user: string;
  readonly text: string;
  readonly channel: string;
  readonly threadTs: string | null;
  readonly ts: string;
  readonly file: AttachedFile | undefined;
}

/** The command in an `app_mention` event; null when it was not a person who wrote it. */
export function mentionOf(envelope: Envelope): Mention | null {
  const event = recordOf(envelope, "event") ?? {};
  const user = stringOf(event, "user");
  const channel = stringOf(event, "channel");
  const ts = stringOf(event, "ts");
  const text = stringOf(event, "text");
  if (user === undefined || channel === undefined || ts === undefined || text === undefined) return null;
  // A bot that repeats what it reads would talk with us for ever.
  if (event["bot_id"] !== undefined || event["subtype"] === "bot_message") return null;
  return {
    key: `mention:${channel}:${ts}`,
    user,
    text: afterMention(text, botUserOf(envelope)),
    channel,
    threadTs: stringOf(event, "thread_ts") ?? null,
    ts,
    file: attachedTo(event),
  };
}

/** What follows the mention; a mention in the middle of a sentence counts too. */
export function afterMention(text: string, botUser: string | null): string {
  const mention = botUser === null ? /^\s*<@[UW][A-Z0-9]+(?:\|[^>]*)?>/ : new RegExp(`<@${botUser}(?:\\|[^>]*)?>`);
  const found = mention.exec(text);
  const rest = found === null ? text : text.slice(found.index + found[0].length);
  return rest.replace(/^[\s,:;]+/, "").trim();
}

/** A mention as a received command. */
export function mentionCommand(
  mention: Mention,
  at: { incident: number | null; run: number | null; channelName: string | null },
): ReceivedCommand {
  return {
    key: mention.key,
    surface: "mention",
    actorSlackId: mention.user,
    text: mention.text,
    context: {
      channel: mention.channel,
      channelName: at.channelName,
      threadTs: mention.threadTs,
      messageTs: mention.ts,
      ...(mention.file === undefined ? {} : { file: mention.file }),
      incident: at.incident,
      run: at.run,
    },
  };
}

/** The bot's own user id, as Slack names it with each event. */
function botUserOf(envelope: Envelope): string | null {
  const authorizations = envelope["authorizations"];
  if (!Array.isArray(authorizations)) return null;
  const first = asRecord(authorizations[0]);
  const user = first === undefined ? undefined : stringOf(first, "user_id");
  return user !== undefined && /^[UW][A-Z0-9]+$/.test(user) ? user : null;
}
