import type { Json } from "../contract.ts";
import { type Channel, clockMs, newId, type State } from "../state.ts";
import type { Dispatch } from "./dispatch.ts";

/** The Events API: what the manifest subscribes to, in channels the bot is in, delivered at least once. */
export interface Events {
  /** `channel` is where it happened; null for what belongs to no channel. */
  emit(event: Json & { type: string }, channel: Channel | null): void;
  /** Sends what was held back, when nothing holds it back any more. */
  flush(): void;
  /** Deliveries and retries that are under way or due within the second. */
  pending(): boolean;
  close(): void;
}

const RETRY_DELAYS_MS: readonly number[] = [0, 60_000, 300_000];
const SOON_MS = 1000;

const SCOPES: Record<string, readonly string[]> = {
  "message.channels": ["channels:history"],
  "message.groups": ["groups:history"],
  "message.im": ["im:history"],
  app_mention: ["app_mentions:read"],
  reaction_added: ["reactions:read"],
  reaction_removed: ["reactions:read"],
  pin_added: ["pins:read"],
  pin_removed: ["pins:read"],
  file_shared: ["files:read"],
  member_joined_channel: ["channels:read", "groups:read"],
  member_left_channel: ["channels:read", "groups:read"],
  channel_archive: ["channels:read"],
  channel_unarchive: ["channels:read"],
};

export function createEvents(state: State, dispatch: Dispatch): Events {
  const held: Json[] = [];
  const timers = new Map<NodeJS.Timeout, number>();
  const delays = state.options.eventRetryDelaysMs ?? RETRY_DELAYS_MS;
  let sending = 0;
  let closed = false;

  function subscribed(type: string, channel: Channel | null): boolean {
    const name = type === "message" && channel !== null ? `message.${plural(channel)}` : type;
    const wanted = state.manifest.settings?.event_subscriptions?.bot_events ?? [];
    if (!wanted.includes(name)) return false;
    const scopes = SCOPES[name];
    return scopes === undefined || scopes.some((scope) => state.scopes.has(scope));
  }

  function holding(): boolean {
    return state.switches.outage || state.switches.eventsDown || !dispatch.connected();
  }

  async function deliver(body: Json, retry: { number: number; reason: string }): Promise<void> {
    if (closed) return;
    if (holding()) return void held.push(body);
    sending += 1;
    state.counters.eventsSent += 1;
    const answer = await dispatch.send("events_api", body, retry);
    sending -= 1;
    if (answer.failure === null || closed) return;
    const delay = delays[retry.number];
    if (delay === undefined || answer.headers["x-slack-no-retry"] === "1") {
      state.counters.eventsLost += 1;
      return;
    }
    const timer = setTimeout(() => {
      timers.delete(timer);
      void deliver(body, { number: retry.number + 1, reason: answer.failure ?? "" });
    }, delay);
    timer.unref();
    timers.set(timer, performance.now() + delay);
  }

  return {
    emit: (event, channel) => {
      if (channel !== null && !channel.bot) return;
      if (!subscribed(event.type, channel)) return;
      void deliver(envelope(state, event, channel), { number: 0, reason: "" });
    },
    flush: () => {
      if (holding()) return;
      for (const body of held.splice(0)) void deliver(body, { number: 0, reason: "" });
    },
    pending: () => {
      if (sending > 0) return true;
      return [...timers.values()].some((dueAt) => dueAt - performance.now() < SOON_MS);
    },
    close: () => {
      closed = true;
      for (const timer of timers.keys()) clearTimeout(timer);
    },
  };
}

function plural(channel: Channel): string {
  return channel.kind === "im" ? "im" : `${channel.kind}s`;
}

function envelope(state: State, event: Json & { type: string }, channel: Channel | null): Json {
  return {
    token: "sandbox-verification-token",
    team_id: state.team.id,
    context_team_id: state.team.id,
    context_enterprise_id: null,
    api_app_id: state.app.id,
    event: structuredClone(event),
    type: "event_callback",
    event_id: newId("Ev"),
    event_time: Math.floor(clockMs(state) / 1000),
    authorizations: [
      {
        enterprise_id: null,
        team_id: state.team.id,
        user_id: state.app.botUserId,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    is_ext_shared_channel: false,
    event_context: `4-${event.type}-${state.team.id}-${channel?.id ?? state.app.id}`,
  };
}
