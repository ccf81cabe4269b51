import type { Frame, SlashCommand } from "./model.ts";

export interface Suggestion {
  /** What replaces the word being typed. */
  insert: string;
  label: string;
  hint: string;
  about: string;
}

/** What the word before the caret may become: a slash command (first word only), a person, a group, a channel. */
export function suggestionsFor(text: string, frame: Frame, inThread: boolean): Suggestion[] {
  if (!inThread && /^\/\S*$/.test(text)) return commandSuggestions(frame.commands, text);
  const mention = /(?:^|\s)([@#])([\w.-]*)$/.exec(text);
  if (mention === null) return [];
  const [, sign, typed = ""] = mention;
  const starts = (name: string): boolean => name.toLowerCase().startsWith(typed.toLowerCase());
  if (sign === "#") {
    const open = frame.channels.filter((channel) => !channel.direct && starts(channel.name));
    return open.map((channel) => ({ insert: `#${channel.name} `, label: `#${channel.name}`, hint: "", about: "" }));
  }
  const app = { name: frame.app.name.toLowerCase(), about: "the app" };
  const people = frame.people.map((person) => ({ name: person.name, about: person.realName }));
  const groups = frame.groups.map((group) => ({ name: group.name, about: "a group" }));
  return [app, ...people, ...groups]
    .filter((one) => one.name !== "" && starts(one.name))
    .slice(0, 8)
    .map((one) => ({ insert: `@${one.name} `, label: `@${one.name}`, hint: "", about: one.about }));
}

function commandSuggestions(commands: SlashCommand[], typed: string): Suggestion[] {
  return commands
    .filter((one) => one.command.startsWith(typed))
    .map((one) => ({ insert: `${one.command} `, label: one.command, hint: one.usage, about: one.description }));
}

/** The command that `text` begins with, once its name is complete: its usage is shown while the words are typed. */
export function commandIn(text: string, commands: SlashCommand[]): SlashCommand | null {
  const name = /^(\/\S+)(?:\s|$)/.exec(text)?.[1];
  return commands.find((one) => one.command === name) ?? null;
}

/** The word before the caret replaced by the suggestion. */
export function complete(text: string, suggestion: Suggestion): string {
  return text.replace(/\S*$/, "") + suggestion.insert;
}

/** Slack's encoding -> what the person typed, for the edit box. */
export function decodeMessage(text: string, frame: Frame): string {
  const named = (list: { id: string; name: string }[], id: string): string =>
    list.find((one) => one.id === id)?.name ?? id;
  const app = { id: frame.app.botUserId, name: frame.app.name.toLowerCase() };
  return text
    .replace(/<@(\w+)(?:\|[^>]*)?>/g, (_, id: string) => `@${named([...frame.people, app], id)}`)
    .replace(/<#(\w+)(?:\|[^>]*)?>/g, (_, id: string) => `#${named(frame.channels, id)}`)
    .replace(/<!subteam\^(\w+)(?:\|[^>]*)?>/g, (_, id: string) => `@${named(frame.groups, id)}`)
    .replace(/<!(here|channel|everyone)>/g, "@$1")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
