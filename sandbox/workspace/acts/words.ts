import { findPerson, isBot, type State } from "../state.ts";

/** What Slack makes of typed words: mentions, links, and the three characters that it escapes. */
export function encode(state: State, typed: string): string {
  const escaped = typed.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return mentions(state, escaped).replace(/(^|\s)(https?:\/\/[^\s<>]+)/g, "$1<$2>");
}

/** `@name` and `#channel` as ids; `withNames`: `<@U…|name>`, as in the text of a slash command that escapes. */
export function mentions(state: State, typed: string, withNames = false): string {
  const label = (name: string): string => (withNames ? `|${name}` : "");
  return typed
    .replace(/(^|[\s(])@([\w.-]*\w)/g, (whole, before: string, name: string) => {
      if (isBot(state, name)) return `${before}<@${state.app.botUserId}${label(state.app.name)}>`;
      const found = findPerson(state, name);
      if (found !== undefined) return `${before}<@${found.id}${label(found.name)}>`;
      const group = state.groups.find(({ handle }) => handle === name);
      if (group !== undefined) return `${before}<!subteam^${group.id}${label(`@${name}`)}>`;
      return ["here", "channel", "everyone"].includes(name) ? `${before}<!${name}>` : whole;
    })
    .replace(/(^|[\s(])#([\w-]+)/g, (whole, before: string, name: string) => {
      const channel = [...state.channels.values()].find((one) => one.im === null && one.name === name);
      return channel === undefined ? whole : `${before}<#${channel.id}|${channel.name}>`;
    });
}
