import { Document, isMap, isScalar, isSeq, type Scalar } from "yaml";
import type { Command, Family } from "./command.ts";

/** The Slack app's manifest, made from the list of commands. `manifest.yml` is this, written down. */

/** The message shortcut's callback: what it sends is `incident note` with the message's text and time. */
export const ADD_TO_TIMELINE = "add_to_timeline";

/** The same for a message with a file of ids: what it sends is `sync resync` with that file. */
export const RESYNC_FROM_FILE = "resync_from_file";

/** All three request URLs are one: Bolt tells them apart. */
export const REQUEST_URL = "https://YOUR-HOST/slack/events";

export interface Scope {
  readonly name: string;
  /** What stops working without it. */
  readonly because: string;
  /** Left out at installation, Nightdesk works with less. */
  readonly optional?: true;
}

/** At most 13: whoever installs the app reads them all. */
export const SCOPES: readonly Scope[] = [
  { name: "commands", because: "/sync, /incident and the message shortcuts" },
  { name: "chat:write", because: "posts and updates the threads of incidents and runs, answers only you can see" },
  { name: "app_mentions:read", because: "commands by mention, in threads too" },
  { name: "channels:read", because: "finds the routed channels by name and sees whether the bot is a member" },
  { name: "channels:history", because: "what people write in a thread becomes its timeline; watched alert channels" },
  { name: "reactions:read", because: "a pushpin marks a line of the timeline as key" },
  { name: "users:read", because: "people's names instead of ids; guests are refused" },
  { name: "files:read", because: "the names of files that are shared in a thread; ids from a file that you attach" },
  { name: "files:write", because: "uploads the postmortem, a run's log and its result per id to the thread" },
  { name: "groups:read", because: "channels:read for private channels", optional: true },
  { name: "groups:history", because: "channels:history for private channels", optional: true },
  { name: "usergroups:read", because: "groups of the catalogue that are Slack user groups", optional: true },
  { name: "users:read.email", because: "finds the catalogue's people by e-mail instead of Slack id", optional: true },
];

/** The events that are subscribed to, and the scope that each needs. */
export const EVENTS: readonly { readonly name: string; readonly scope: string }[] = [
  { name: "app_mention", scope: "app_mentions:read" },
  { name: "message.channels", scope: "channels:history" },
  { name: "message.groups", scope: "groups:history" },
  { name: "reaction_added", scope: "reactions:read" },
  { name: "reaction_removed", scope: "reactions:read" },
];

export interface Manifest {
  readonly display_information: {
    readonly name: string;
    readonly description: string;
    readonly long_description: string;
    readonly background_color: string;
  };
  readonly features: {
    readonly bot_user: { readonly display_name: string; readonly always_online: boolean };
    readonly slash_commands: readonly {
      readonly command: string;
      readonly url: string;
      readonly description: string;
      readonly usage_hint: string;
      readonly should_escape: boolean;
    }[];
    readonly shortcuts: readonly {
      readonly name: string;
      readonly type: "message" | "global";
      readonly callback_id: string;
      readonly description: string;
    }[];
  };
  readonly oauth_config: {
    readonly scopes: { readonly bot: readonly string[]; readonly bot_optional: readonly string[] };
  };
  readonly settings: {
    readonly event_subscriptions: { readonly request_url: string; readonly bot_events: readonly string[] };
    readonly interactivity: { readonly is_enabled: boolean; readonly request_url: string };
    readonly org_deploy_enabled: boolean;
    readonly socket_mode_enabled: boolean;
    readonly token_rotation_enabled: boolean;
  };
}

const DESCRIPTIONS: Readonly<Record<Family, string>> = {
  sync: "Start, watch and stop data-sync jobs",
  incident: "Open, follow and write up incidents",
};

export function manifestOf(commands: readonly Command[]): Manifest {
  const families = [...new Set(commands.map(({ family }) => family))];
  return {
    display_information: {
      name: "Nightdesk",
      description: "The desk for data-sync jobs: alerts become incidents, commands become safe runs.",
      long_description:
        "Nightdesk turns alerts of Sentry, jobs and monitoring into one incident with one thread, runs and stops sync jobs " +
        "on command with the checks that a production night needs, and writes the postmortem from what happened. " +
        "It says only what is proved.",
      background_color: "#1b2a41",
    },
    features: {
      bot_user: { display_name: "nightdesk", always_online: true },
      slash_commands: families.map((family) => ({
        command: `/${family}`,
        url: REQUEST_URL,
        description: DESCRIPTIONS[family],
        usage_hint: commands
          .filter((command) => command.family === family)
          .map(({ name }) => name)
          .join(" | "),
        // People and channels arrive as ids: a handle can change or belong to two people.
        should_escape: true,
      })),
      shortcuts: [
        {
          name: "Add to timeline",
          type: "message",
          callback_id: ADD_TO_TIMELINE,
          description: "Add this message to an incident's timeline",
        },
        {
          name: "Resync from this file",
          type: "message",
          callback_id: RESYNC_FROM_FILE,
          description: "Hand over the ids in this file again",
        },
      ],
    },
    oauth_config: {
      scopes: {
        bot: SCOPES.map(({ name }) => name),
        bot_optional: SCOPES.filter(({ optional }) => optional === true).map(({ name }) => name),
      },
    },
    settings: {
      event_subscriptions: { request_url: REQUEST_URL, bot_events: EVENTS.map(({ name }) => name) },
      interactivity: { is_enabled: true, request_url: REQUEST_URL },
      org_deploy_enabled: false,
      socket_mode_enabled: false,
      token_rotation_enabled: false,
    },
  };
}

/** The text of `manifest.yml`: every scope has its reason beside it. */
export function manifestYaml(commands: readonly Command[]): string {
  const document = new Document(manifestOf(commands));
  document.commentBefore = [
    " The Slack app of Nightdesk: api.slack.com/apps, Create New App, From a manifest.",
    ` Put your own host for YOUR-HOST in the ${countUrls(commands)} URLs first; with Socket Mode leave them as they are.`,
    " Made from the list of commands (src/command/manifest.ts); test/manifest.test.ts says how to write it anew.",
  ].join("\n");
  for (const list of ["bot", "bot_optional"]) {
    const scopes = document.getIn(["oauth_config", "scopes", list]);
    if (!isSeq(scopes)) throw new Error(`the manifest has no list ${list}`);
    for (const item of scopes.items) explain(item, list === "bot");
  }
  const scopes = document.getIn(["oauth_config", "scopes"]);
  if (isMap(scopes))
    scopes.commentBefore = " bot_optional: may be unticked at installation; each is also among bot, as Slack wants it.";
  return document.toString({ lineWidth: 0 });
}

function explain(item: unknown, withReason: boolean): void {
  if (!isScalar(item)) return;
  const scope: Scalar = item;
  const known = SCOPES.find(({ name }) => name === scope.value);
  if (known !== undefined && withReason) scope.comment = ` ${known.because}`;
}

const countUrls = (commands: readonly Command[]): number =>
  JSON.stringify(manifestOf(commands)).split(REQUEST_URL).length - 1;
