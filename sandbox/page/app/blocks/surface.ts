import { createContext, useContext } from "react";
import type { Control, ControlValue, ControlValues } from "./model.ts";

/** What every block may ask of the message or view that it stands in. */
export interface Surface {
  values: ControlValues;
  errors: Record<string, string>;
  set(blockId: string, actionId: string, value: ControlValue): void;
  /** Sends a block_actions for this control; resolves when the app has acknowledged it. */
  act(blockId: string, control: Control, value: ControlValue): Promise<void>;
}

export interface Named {
  id: string;
  name: string;
}

/** What every piece of text may ask of the workspace. */
export interface Directory {
  people: Named[];
  channels: Named[];
  groups: Named[];
  /** The reader's IANA zone. */
  zone: string;
  reader: string;
  /** Epoch seconds of the workspace's clock. */
  now(): number;
  openChannel(id: string): void;
}

const silent: Surface = { values: {}, errors: {}, set: () => undefined, act: async () => undefined };

export const SurfaceContext = createContext<Surface>(silent);
export const DirectoryContext = createContext<Directory>({
  people: [],
  channels: [],
  groups: [],
  zone: "UTC",
  reader: "",
  now: () => 0,
  openChannel: () => undefined,
});

export function useSurface(): Surface {
  return useContext(SurfaceContext);
}

export function useDirectory(): Directory {
  return useContext(DirectoryContext);
}
