import { plainText } from "./blocks/plain.ts";
import type { Message, Reader, Root, View, WorkspaceShown } from "./contract.ts";
import { fileShape } from "./files.ts";
import { type Channel, findChannel, person, type State } from "./state.ts";

/** What can be read from a workspace; everything is a copy. */
export function createReader(state: State, connected: () => boolean): Reader {
  function channelOf(which: string): Channel {
    const channel = findChannel(state, which);
    if (channel === undefined) {
      const names = [...state.channels.values()].map(({ name }) => name);
      throw new Error(`No channel ${which} in this workspace. It has: ${names.filter(Boolean).join(", ")}.`);
    }
    return channel;
  }

  const repliesTo = (channel: Channel, root: Message): Message[] =>
    [...channel.messages.values()].filter(({ thread_ts, ts }) => thread_ts === root.ts && ts !== root.ts);

  function roots(which: string): Root[] {
    const channel = channelOf(which);
    return [...channel.messages.values()]
      .filter(({ thread_ts, ts }) => thread_ts === undefined || thread_ts === ts)
      .map((root) => structuredClone({ ...root, replies: repliesTo(channel, root) }));
  }

  function thread(which: string, ts: string): Message[] {
    const channel = channelOf(which);
    const root = channel.messages.get(ts);
    return root === undefined ? [] : structuredClone([root, ...repliesTo(channel, root)]);
  }

  const topOf = (user: string): View | null => state.modals.get(person(state, user).id)?.at(-1) ?? null;

  return {
    messages: roots,
    thread,
    ephemerals: (user) => {
      const { id } = person(state, user);
      return structuredClone(state.ephemerals.filter((ephemeral) => ephemeral.user === id));
    },
    modal: (user) => structuredClone(topOf(user)),
    home: (user) => structuredClone(state.homes.get(person(state, user).id) ?? null),
    lastSeen: (user) => structuredClone(state.seen.get(person(state, user).id) ?? null),
    files: () => [...state.files.values()].filter(({ complete }) => complete).map((file) => fileShape(state, file)),
    fileText: (id) => state.files.get(id)?.bytes.toString("utf8") ?? null,
    plain: (shown) => plainText(state, shown),
    changes: (afterSeq = 0) => state.changes.slice(afterSeq),
    counters: () => structuredClone(state.counters),
    switches: () => structuredClone(state.switches),
    workspace: () => workspaceShown(state, connected()),
  };
}

function workspaceShown(state: State, connected: boolean): WorkspaceShown {
  const features = state.manifest.features;
  return {
    team: { ...state.team },
    app: { ...state.app, connected },
    people: [...state.people.values()].map((one) => ({ ...one })),
    channels: [...state.channels.values()]
      .filter(({ im }) => im === null)
      .map(({ name, id, private: isPrivate, archived, bot, members }) => {
        return { name, id, private: isPrivate, archived, bot, members: [...members] };
      }),
    bots: Object.fromEntries(state.bots),
    groups: structuredClone(state.groups),
    commands: (features?.slash_commands ?? []).map(({ command, description = "", usage_hint = "" }) => {
      return { command, description, usageHint: usage_hint };
    }),
    shortcuts: (features?.shortcuts ?? []).map(({ name, type, callback_id, description = "" }) => {
      return { name, callbackId: callback_id, type: type === "global" ? "global" : "message", description };
    }),
    switches: structuredClone(state.switches),
    seq: state.changes.length,
  };
}
