import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { HttpFailure } from "../base/http.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { DoctorPorts, Finding, RequiredScope, SlackProbe, SlackSelf } from "./doctor-ports.ts";

/** Slack refuses signatures that are older than five minutes: half of it is no longer chance. */
const WORST_SKEW_S = 150;
const NOTICEABLE_SKEW_S = 5;

/** Token, scopes, clock, Socket Mode and membership. Without a catalogue there are no channels to ask about. */
export async function examineSlack(ports: DoctorPorts, catalogue: Catalogue | null): Promise<Finding[]> {
  const { slack } = ports;
  if (slack === null) return [];
  let self: SlackSelf;
  try {
    self = await slack.whoAmI();
  } catch (error) {
    return [error instanceof HttpFailure ? unreachable(error) : refused(error)];
  }
  return [
    { level: "ok", what: `Slack knows the token: ${self.bot} in ${self.team}` },
    ...examineScopes(self, ports.requiredScopes),
    ...examineSkew(self, ports.clock),
    ...(await examineAppToken(ports, slack)),
    ...(catalogue === null ? [] : await examineChannels(slack, catalogue, self.bot)),
  ];
}

function unreachable(error: HttpFailure): Finding {
  const mend = "let this machine reach slack.com by https (proxy, firewall, name server)";
  return { level: "fault", what: `Slack cannot be reached: ${error.message}`, mend };
}

function refused(error: unknown): Finding {
  const mend = "copy the Bot User OAuth Token again; reinstall the app if it was revoked";
  return { level: "fault", what: `Slack does not accept SLACK_BOT_TOKEN: ${messageOf(error)}`, mend };
}

function examineScopes(self: SlackSelf, required: readonly RequiredScope[]): Finding[] {
  if (self.scopes === null) {
    return [
      { level: "warn", what: "Slack did not tell the token's scopes", mend: "compare them with manifest.yml by hand" },
    ];
  }
  const { scopes } = self;
  const missing = required.filter((scope) => !scopes.includes(scope.name));
  if (missing.length === 0) return [{ level: "ok", what: "all scopes of manifest.yml were granted" }];
  return missing.map(({ name, because, optional }) => ({
    level: optional ? "warn" : "fault",
    what: `the token lacks the scope ${name} (${because})`,
    mend: optional
      ? "fine without; else add it on the app's page OAuth & Permissions and reinstall"
      : "add it on the app's page OAuth & Permissions, reinstall the app, and set the new SLACK_BOT_TOKEN",
  }));
}

function examineSkew(self: SlackSelf, clock: Clock): Finding[] {
  if (self.date === null) return [];
  const seconds = Math.round((clock.machineNow().epochMilliseconds - self.date.epochMilliseconds) / 1000);
  const away = Math.abs(seconds);
  if (away <= NOTICEABLE_SKEW_S) return [{ level: "ok", what: "this machine's clock agrees with Slack's" }];
  const what = `this machine's clock is ${away} s ${seconds > 0 ? "ahead of" : "behind"} Slack's`;
  const mend = "let it follow a time server (timedatectl set-ntp true); past 5 minutes every signed request is refused";
  return [{ level: away >= WORST_SKEW_S ? "fault" : "warn", what, mend }];
}

async function examineAppToken({ config }: DoctorPorts, slack: SlackProbe): Promise<Finding[]> {
  if (config.slack?.appToken == null) return [];
  try {
    await slack.tryAppToken();
    return [{ level: "ok", what: "Socket Mode: Slack accepts SLACK_APP_TOKEN" }];
  } catch (error) {
    const mend = "make an app-level token with the scope connections:write, and switch Socket Mode on";
    return [{ level: "fault", what: `Slack does not accept SLACK_APP_TOKEN: ${messageOf(error)}`, mend }];
  }
}

async function examineChannels(slack: SlackProbe, catalogue: Catalogue, bot: string): Promise<Finding[]> {
  let channels: Awaited<ReturnType<SlackProbe["channels"]>>;
  try {
    channels = await slack.channels();
  } catch (error) {
    const mend = "see that the token has channels:read, and try again";
    return [{ level: "fault", what: `Slack does not list its channels: ${messageOf(error)}`, mend }];
  }
  return usesOf(catalogue).map(([name, uses]): Finding => {
    const channel = channels.get(name);
    const label = `#${name} (${uses.join(", ")})`;
    const invite = `write /invite @${bot} there`;
    if (channel === undefined) {
      const mend = `make it, or correct the name in the catalogue; if it is private, ${invite}`;
      return { level: "fault", what: `there is no channel ${label} that Nightdesk can see`, mend };
    }
    if (channel.archived)
      return { level: "fault", what: `${label} is archived`, mend: "unarchive it, or name another in the catalogue" };
    if (!channel.member) return { level: "fault", what: `Nightdesk is not in ${label}`, mend: invite };
    return { level: "ok", what: `Nightdesk is in ${label}` };
  });
}

/** Every channel of the catalogue, and what it is for. */
function usesOf(catalogue: Catalogue): [string, string[]][] {
  const uses = new Map<string, Set<string>>();
  const add = (channel: string | undefined, use: string) => {
    if (channel !== undefined) uses.set(channel, (uses.get(channel) ?? new Set()).add(use));
  };
  for (const route of catalogue.routes) add(route.channel, "routed");
  add(catalogue.fallback, "fallback");
  for (const message of catalogue.messages) add(message.channel, "watched");
  for (const job of Object.values(catalogue.jobs)) {
    for (const where of Object.values(job.environments)) add(where.fromChannel, "commands");
  }
  return [...uses].map(([channel, set]) => [channel, [...set]]);
}
