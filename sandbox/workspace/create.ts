import { createHash } from "node:crypto";
import type { PersonOptions, PersonShown, WorkspaceOptions } from "./contract.ts";
import { type Channel, freshCounters, newChannel, type State } from "./state.ts";

/** A new, empty workspace. Ids follow from the names, so that two workspaces of one description are alike. */
export function createState(options: WorkspaceOptions): State {
  const name = options.manifest.features?.bot_user?.display_name ?? "nightdesk";
  const requested = options.manifest.oauth_config?.scopes;
  const state: State = {
    options,
    manifest: options.manifest,
    url: "",
    team: { id: "T0SANDBOX01", name: "Sandbox", domain: "sandbox" },
    app: { id: "A0NIGHTDSK1", name, botId: "B0NIGHTDSK1", botUserId: "U0NIGHTDSK1" },
    scopes: new Set(options.grantedScopes ?? [...(requested?.bot ?? []), ...(requested?.bot_optional ?? [])]),
    people: new Map(),
    channels: new Map(),
    groups: [],
    bots: new Map(),
    files: new Map(),
    ephemerals: [],
    modals: new Map(),
    homes: new Map(),
    seen: new Map(),
    changes: [],
    listeners: new Set(),
    counters: freshCounters(),
    switches: { outage: false, slowMs: 0, dropAfterSend: 0, eventsDown: false, limits: [] },
    outageTimer: null,
    lastMicros: 0,
  };
  for (const [key, given] of Object.entries(options.people)) state.people.set(key, newPerson(key, given));
  for (const given of options.channels) {
    const channel = namedChannel(state, given);
    state.channels.set(channel.id, channel);
  }
  for (const [handle, keys] of Object.entries(options.groups ?? {})) {
    state.groups.push({ id: idFrom("S", handle), handle, users: keys.map((key) => idOf(state, key)) });
  }
  return state;
}

/** An id that follows from a name. */
export function idFrom(letter: string, name: string): string {
  const digest = createHash("sha256").update(`${letter}:${name}`).digest("hex").toUpperCase();
  return `${letter}0${digest.slice(0, 9)}`;
}

function newPerson(key: string, given: PersonOptions): PersonShown {
  const name = given.name ?? key;
  return {
    key,
    id: idFrom("U", key),
    name,
    realName: given.realName ?? key.charAt(0).toUpperCase() + key.slice(1),
    email: given.email ?? `${name}@example.org`,
    timezone: given.timezone ?? "Europe/London",
    guest: given.guest ?? false,
    foreign: given.foreign ?? false,
    bot: given.bot ?? false,
    deleted: given.deleted ?? false,
  };
}

function namedChannel(state: State, given: WorkspaceOptions["channels"][number]): Channel {
  const keys = given.members ?? [...state.people.keys()];
  return newChannel(state, {
    id: idFrom("C", given.name),
    name: given.name,
    private: given.private ?? false,
    archived: given.archived ?? false,
    bot: given.bot ?? true,
    kind: given.private === true ? "group" : "channel",
    members: keys.map((key) => idOf(state, key)),
  });
}

function idOf(state: State, key: string): string {
  const person = state.people.get(key);
  if (person === undefined) throw new Error(`No person ${key} among the people of this workspace.`);
  return person.id;
}
