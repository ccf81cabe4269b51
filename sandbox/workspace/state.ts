import { randomBytes } from "node:crypto";
import type {
  Change,
  ChannelShown,
  Counters,
  Ephemeral,
  FileShown,
  Manifest,
  Message,
  PersonShown,
  Seen,
  Switches,
  Ts,
  View,
  WorkspaceOptions,
} from "./contract.ts";

/** The workspace that foreign people belong to. */
export const FOREIGN_TEAM = "T0ELSEWHERE";

/** A channel with what is in it. `im` names the other side of the app's direct messages. */
export interface Channel extends ChannelShown {
  kind: "channel" | "group" | "im";
  im: string | null;
  created: number;
  /** By ts, in order. */
  messages: Map<Ts, Message>;
}

export interface StoredFile extends FileShown {
  bytes: Buffer;
  created: number;
  /** Where its bytes go; null once they came. */
  uploadToken: string | null;
  /** Completed, that is, visible. */
  complete: boolean;
}

export interface Group {
  id: string;
  handle: string;
  users: string[];
}

/** Everything the twin knows. One per workspace; every file here works on it. */
export interface State {
  options: WorkspaceOptions;
  manifest: Manifest;
  url: string;
  team: { id: string; name: string; domain: string };
  app: { id: string; name: string; botId: string; botUserId: string };
  scopes: ReadonlySet<string>;
  people: Map<string, PersonShown>;
  channels: Map<string, Channel>;
  groups: Group[];
  /** Names of third-party bots by bot id. */
  bots: Map<string, string>;
  files: Map<string, StoredFile>;
  ephemerals: Ephemeral[];
  /** Open modals by person, the top one last. */
  modals: Map<string, View[]>;
  homes: Map<string, View>;
  seen: Map<string, Seen>;
  changes: Change[];
  listeners: Set<(change: Change) => void>;
  counters: Counters;
  switches: Switches;
  /** Ends an outage of so many ms. */
  outageTimer: NodeJS.Timeout | null;
  lastMicros: number;
}

/** What a change is, before it has its number and time. */
export type Changed = Omit<Change, "seq" | "at">;

/** Epoch ms by the workspace's clock. */
export function clockMs(state: State): number {
  return state.options.clock?.() ?? Date.now();
}

/** The next ts: never twice in one workspace, and never earlier than the one before. */
export function nextTs(state: State): Ts {
  state.lastMicros = Math.max(Math.floor(clockMs(state)) * 1000, state.lastMicros + 100);
  const micros = String(state.lastMicros).padStart(7, "0");
  return `${micros.slice(0, -6)}.${micros.slice(-6)}`;
}

/** An id in Slack's look: the letter and ten characters. */
export function newId(letter: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  return letter + Array.from(randomBytes(10), (byte) => alphabet[byte % alphabet.length]).join("");
}

/** Keeps a change and tells those who watch. */
export function announce(state: State, changed: Changed): void {
  const change: Change = { seq: state.changes.length + 1, at: clockMs(state), ...changed };
  state.changes.push(change);
  for (const listener of [...state.listeners]) listener(change);
}

/** Remembers what a person saw for himself. */
export function show(state: State, user: string, seen: Omit<Seen, "at">): void {
  state.seen.set(user, { ...seen, at: clockMs(state) });
}

export function freshCounters(): Counters {
  return { calls: {}, total: 0, refusedBlocks: 0, missingScopes: 0, rateLimited: 0, eventsSent: 0, eventsLost: 0 };
}

/** The person with this key, id or handle. */
export function findPerson(state: State, who: string): PersonShown | undefined {
  const name = who.replace(/^@/, "");
  for (const person of state.people.values()) {
    if (person.id === name || person.key === name || person.name === name) return person;
  }
  return undefined;
}

/** Whether these words name the app's bot: its name in any case, with or without @, or its id. */
export function isBot(state: State, who: string): boolean {
  return who === state.app.botUserId || who.replace(/^@/, "").toLowerCase() === state.app.name.toLowerCase();
}

/** The person; throws for an unknown one, because that is a mistake of whoever drives the twin. */
export function person(state: State, who: string): PersonShown {
  const found = findPerson(state, who);
  if (found === undefined) {
    throw new Error(`No person ${who} in this workspace. It has: ${[...state.people.keys()].join(", ")}.`);
  }
  return found;
}

/** The channel by id or name (with or without #), or the direct messages of `@key` or a user id with the app. */
export function findChannel(state: State, which: string): Channel | undefined {
  const byId = state.channels.get(which);
  if (byId !== undefined) return byId;
  if (/^(@|[UW][A-Z0-9]{8,}$)/.test(which)) {
    const partner = findPerson(state, which);
    return partner === undefined ? undefined : openIm(state, partner);
  }
  const name = which.replace(/^#/, "");
  return [...state.channels.values()].find((channel) => channel.im === null && channel.name === name);
}

/** The app's direct messages with a person, made on first use. */
export function openIm(state: State, partner: PersonShown): Channel {
  const open = [...state.channels.values()].find((channel) => channel.im === partner.id);
  if (open !== undefined) return open;
  const channel = newChannel(state, { id: newId("D"), name: "", members: [partner.id], kind: "im", im: partner.id });
  state.channels.set(channel.id, channel);
  return channel;
}

/** A channel with the bot in it, unless told. */
export function newChannel(state: State, given: Partial<Channel> & { id: string; name: string }): Channel {
  return {
    private: given.kind !== "channel",
    archived: false,
    bot: true,
    members: [],
    kind: "channel",
    im: null,
    created: Math.floor(clockMs(state) / 1000),
    messages: new Map(),
    ...given,
  };
}
