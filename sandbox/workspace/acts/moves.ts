import type { Acted, Acts } from "../contract.ts";
import { announce, type Channel, findChannel, findPerson, isBot, nextTs, openIm, person } from "../state.ts";
import type { Twin } from "../twin.ts";
import { refused } from "./payload.ts";

/** Bringing people and the bot into channels and out, archiving, and the Home tab. */
export function createMoves(twin: Twin) {
  const { state, events } = twin;

  function tell(channel: Channel, type: string, user: string): void {
    announce(state, { kind: "channel", channel: channel.id, user });
    const event_ts = nextTs(state);
    events.emit({ type, user, channel: channel.id, channel_type: "C", team: state.team.id, event_ts }, channel);
  }

  function invite(act: Acts["invite"]): Acted {
    const channel = findChannel(state, act.channel);
    if (channel === undefined || channel.im !== null) return refused("channel_not_found");
    const bot = isBot(state, act.who);
    const who = bot ? state.app.botUserId : findPerson(state, act.who)?.id;
    if (who === undefined) return refused("user_not_found");
    const leaving = act.remove === true;
    const isIn = bot ? channel.bot : channel.members.includes(who);
    if (isIn !== leaving) return refused(leaving ? "not_in_channel" : "already_in_channel");
    // The bot hears of its own leaving only while it is in.
    if (leaving) tell(channel, "member_left_channel", who);
    if (bot) channel.bot = !leaving;
    else if (leaving) channel.members = channel.members.filter((id) => id !== who);
    else channel.members.push(who);
    if (!leaving) tell(channel, "member_joined_channel", who);
    return { ok: true };
  }

  function archive(act: Acts["archive"]): Acted {
    const channel = findChannel(state, act.channel);
    if (channel === undefined || channel.im !== null) return refused("channel_not_found");
    const undo = act.undo ?? false;
    if (channel.archived !== undo) return refused(undo ? "not_archived" : "already_archived");
    channel.archived = !undo;
    tell(channel, undo ? "channel_unarchive" : "channel_archive", person(state, act.user).id);
    return { ok: true };
  }

  function openHome(act: Acts["openHome"]): Acted {
    const user = person(state, act.user);
    const view = state.homes.get(user.id);
    const channel = openIm(state, user).id;
    const opened = { type: "app_home_opened", user: user.id, channel, tab: "home", event_ts: nextTs(state) };
    events.emit(view === undefined ? opened : { ...opened, view }, null);
    return { ok: true };
  }

  return { invite, archive, openHome };
}
