import { createMoves } from "./acts/moves.ts";
import { createPress } from "./acts/press.ts";
import { createShortcut } from "./acts/shortcut.ts";
import { createSlash } from "./acts/slash.ts";
import { createSubmit } from "./acts/submit.ts";
import { createTalk } from "./acts/talk.ts";
import type { Actor, ChannelShown, StartWorkspace, Workspace } from "./contract.ts";
import { createControl } from "./control.ts";
import { createState } from "./create.ts";
import { createHttp } from "./http.ts";
import { createDispatch } from "./outbound/dispatch.ts";
import { createEvents } from "./outbound/events.ts";
import { createSocketMode } from "./outbound/socket.ts";
import { createReader } from "./read.ts";
import { announce } from "./state.ts";
import { createSwitchboard } from "./switches.ts";
import { createTickets } from "./tickets.ts";
import type { Twin } from "./twin.ts";

const SETTLE_POLL_MS = 5;

/** Starts an emulated workspace on loopback. Rejects when the port is taken. */
export const startWorkspace: StartWorkspace = async (options) => {
  const state = createState(options);
  const socket = createSocketMode(state);
  const dispatch = createDispatch(state, socket);
  const events = createEvents(state, dispatch);
  const twin: Twin = { state, socket, dispatch, events, tickets: createTickets(state) };
  const actor = createActor(twin);
  const reader = createReader(state, dispatch.connected);
  const switchboard = createSwitchboard(twin);

  const connected = (): void => {
    announce(state, { kind: "switch" });
    events.flush();
  };
  socket.onOpen(connected);
  const connectApp: Workspace["connectApp"] = (url) => {
    dispatch.connect(url);
    connected();
  };

  const server = createHttp(twin, createControl(state, { ...actor, ...reader, ...switchboard, connectApp }));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The workspace listens on no port.");
  state.url = `http://127.0.0.1:${address.port}`;

  async function settled(): Promise<void> {
    do await new Promise((resolve) => setTimeout(resolve, SETTLE_POLL_MS));
    while (dispatch.inFlight() > 0 || events.pending());
  }

  async function close(): Promise<void> {
    events.close();
    socket.close();
    if (state.outageTimer !== null) clearTimeout(state.outageTimer);
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  const channels: Record<string, ChannelShown> = {};
  for (const channel of state.channels.values()) channels[channel.name] = channel;

  return {
    ...actor,
    ...reader,
    ...switchboard,
    url: state.url,
    apiUrl: `${state.url}/api/`,
    botUserId: state.app.botUserId,
    botId: state.app.botId,
    appId: state.app.id,
    teamId: state.team.id,
    people: Object.fromEntries(state.people),
    channels,
    connectApp,
    settled,
    watch: (listener) => {
      state.listeners.add(listener);
      return () => void state.listeners.delete(listener);
    },
    until: (read, timeoutMs = 5000) => until(twin, { read, timeoutMs }),
    close,
  };
};

function createActor(twin: Twin): Actor {
  const talk = createTalk(twin);
  const moves = createMoves(twin);
  return {
    slash: createSlash(twin),
    press: createPress(twin),
    shortcut: createShortcut(twin),
    ...createSubmit(twin),
    say: async (act) => talk.say(act),
    edit: async (act) => talk.edit(act),
    delete: async (act) => talk.delete(act),
    react: async (act) => talk.react(act),
    pin: async (act) => talk.pin(act),
    upload: async (act) => talk.upload(act),
    postAs: async (act) => talk.postAs(act),
    invite: async (act) => moves.invite(act),
    archive: async (act) => moves.archive(act),
    openHome: async (act) => moves.openHome(act),
  };
}

function until<T>(
  twin: Twin,
  wanted: { read: () => T | null | undefined | false; timeoutMs: number },
): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const done = (value: T | null): void => {
      clearTimeout(timer);
      twin.state.listeners.delete(look);
      resolve(value);
    };
    const look = (): void => {
      try {
        const value = wanted.read();
        if (value) done(value);
      } catch (error) {
        clearTimeout(timer);
        twin.state.listeners.delete(look);
        reject(error);
      }
    };
    const timer = setTimeout(() => done(null), wanted.timeoutMs);
    twin.state.listeners.add(look);
    look();
  });
}
