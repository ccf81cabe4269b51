import type { Dispatch } from "./outbound/dispatch.ts";
import type { Events } from "./outbound/events.ts";
import type { SocketMode } from "./outbound/socket.ts";
import type { State } from "./state.ts";
import type { Tickets } from "./tickets.ts";

/** The state and the ways out of it, handed to everything that changes the workspace. */
export interface Twin {
  state: State;
  dispatch: Dispatch;
  events: Events;
  socket: SocketMode;
  tickets: Tickets;
}
