import type { Acted, Acts } from "../contract.ts";
import { slackSays } from "../ephemerals.ts";
import { isJson, parsed } from "../json.ts";
import { respond } from "../outbound/respond.ts";
import { findChannel, person } from "../state.ts";
import type { ResponseContext } from "../tickets.ts";
import type { Twin } from "../twin.ts";
import { acknowledged, nameIn, refused, VERIFICATION_TOKEN } from "./payload.ts";
import { mentions } from "./words.ts";

/** Typing a slash command; what the app acknowledges with is its first answer. */
export function createSlash(twin: Twin): (act: Acts["slash"]) => Promise<Acted> {
  const { state, tickets } = twin;
  return async (act) => {
    const user = person(state, act.user);
    const channel = findChannel(state, act.channel);
    if (channel === undefined) return refused("channel_not_found");
    const [, typed = "", said = ""] = /^(\S+)\s*([\s\S]*)$/.exec(act.text.trim()) ?? [];
    const command = state.manifest.features?.slash_commands?.find((one) => one.command === typed);
    if (command === undefined) {
      slackSays(state, { user: user.id, channel: channel.id }, `${typed} is not a valid command.`);
      return refused("no_such_command");
    }
    const context: ResponseContext = { user: user.id, channel: channel.id };
    const answer = await twin.dispatch.send("slash_commands", {
      token: VERIFICATION_TOKEN,
      team_id: state.team.id,
      team_domain: state.team.domain,
      channel_id: channel.id,
      channel_name: nameIn(channel),
      user_id: user.id,
      user_name: user.name,
      command: command.command,
      text: command.should_escape === true ? mentions(state, said, true) : said,
      api_app_id: state.app.id,
      is_enterprise_install: "false",
      response_url: tickets.responseUrl(context),
      trigger_id: tickets.trigger(user.id),
    });
    const acted = acknowledged(answer);
    if (acted.error !== undefined) {
      const words = `${command.command} failed with the error "${acted.error}"`;
      slackSays(state, { user: user.id, channel: channel.id }, words);
    } else if (answer.body.trim() !== "") {
      const body = parsed(answer.body);
      if (isJson(body) || typeof body !== "object") respond(twin, context, isJson(body) ? body : { text: answer.body });
    }
    return acted;
  };
}
