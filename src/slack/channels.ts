import type { Clock, Instant } from "../base/clock.ts";
import { type Called, listOf, nextCursor, type SlackApi, stringOf } from "./api.ts";

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly isMember: boolean;
  readonly isArchived: boolean;
}

export type FoundChannel =
  | { readonly kind: "found"; readonly channel: Channel }
  | { readonly kind: "none" }
  | { readonly kind: "failed"; readonly called: Exclude<Called, { kind: "ok" }> };

/** Channels by name or id, as Slack listed them a while ago: the catalogue writes names, Slack wants ids. */
export interface Channels {
  /** `name` with or without #, or an id. An id is believed without asking. */
  find(nameOrId: string): Promise<FoundChannel>;
  /** The name of an id, when the list is at hand; null otherwise. Never asks Slack. */
  nameOf(id: string): string | null;
  /** The id of a name, when the list is at hand; null otherwise. Never asks Slack. */
  idOf(name: string): string | null;
  /** All of them, asked anew. */
  list(): Promise<{ kind: "listed"; channels: readonly Channel[] } | Extract<FoundChannel, { kind: "failed" }>>;
}

const FRESH_MS = 10 * 60_000;
/** A name that was not there may have been made since; but not more often than this. */
const ASK_AGAIN_MS = 5_000;
const PAGES = 20;

export function createChannels(parts: { api: SlackApi; clock: Clock }): Channels {
  const { api, clock } = parts;
  let kept: { at: Instant; channels: readonly Channel[] } | null = null;

  const ageMs = () =>
    kept === null ? Number.POSITIVE_INFINITY : clock.machineNow().epochMilliseconds - kept.at.epochMilliseconds;

  async function list(): ReturnType<Channels["list"]> {
    // Private channels are an optional part of the manifest.
    const both = await pages(api, "public_channel,private_channel");
    const listed =
      both.kind === "failed" && both.called.kind === "refused" && both.called.error === "missing_scope"
        ? await pages(api, "public_channel")
        : both;
    if (listed.kind === "listed") kept = { at: clock.machineNow(), channels: listed.channels };
    return listed;
  }

  return {
    list,
    idOf: (name) => kept?.channels.find((channel) => channel.name === name.replace(/^#/, ""))?.id ?? null,
    nameOf: (id) => kept?.channels.find((channel) => channel.id === id)?.name ?? null,
    find: async (nameOrId) => {
      const wanted = nameOrId.replace(/^#/, "");
      const lookUp = () => kept?.channels.find((channel) => channel.name === wanted || channel.id === wanted);
      const known = lookUp();
      if (known !== undefined && ageMs() < FRESH_MS) return { kind: "found", channel: known };
      if (CHANNEL_ID.test(wanted)) {
        return { kind: "found", channel: known ?? { id: wanted, name: wanted, isMember: true, isArchived: false } };
      }
      if (known === undefined && ageMs() < ASK_AGAIN_MS) return { kind: "none" };
      const listed = await list();
      // An old list is better than none: a channel's id never changes.
      if (listed.kind === "failed") return known === undefined ? listed : { kind: "found", channel: known };
      const found = lookUp();
      return found === undefined ? { kind: "none" } : { kind: "found", channel: found };
    },
  };
}

const CHANNEL_ID = /^[CG][A-Z0-9]{7,}$/;

async function pages(api: SlackApi, types: string): ReturnType<Channels["list"]> {
  const channels: Channel[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const called = await api.call("conversations.list", {
      types,
      limit: 1_000,
      ...(cursor === undefined ? {} : { cursor }),
    });
    if (called.kind !== "ok") return { kind: "failed", called };
    for (const channel of listOf(called.data, "channels")) {
      const id = stringOf(channel, "id");
      const name = stringOf(channel, "name");
      if (id === undefined || name === undefined) continue;
      channels.push({
        id,
        name,
        isMember: channel["is_member"] === true,
        isArchived: channel["is_archived"] === true,
      });
    }
    cursor = nextCursor(called.data);
    if (cursor === undefined) break;
  }
  return { kind: "listed", channels };
}
