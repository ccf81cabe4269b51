import type { PinView } from "../services/contract.ts";
import { dateTime, escaped } from "./format.ts";

/** How a target's schedule that is held at a version is told. */

/** `schedule pinned to 11 by Asha Rao since …`; what is not proved yet, or failed, says so. */
export function pinWords(pin: PinView): string {
  const version = escaped(pin.version);
  switch (pin.state) {
    case "set": {
      const why = pin.because === null ? "" : `: ${escaped(pin.because)}`;
      return `schedule pinned to ${version} by ${escaped(pin.byName)} since ${dateTime(pin.since)}${why}`;
    }
    case "setting":
      return `schedule being pinned to ${version} by ${escaped(pin.byName)}; not proved yet`;
    case "clearing":
      return `schedule still pinned to ${version}: being unpinned to ${escaped(pin.to ?? "")}, not proved yet`;
    case "cleared":
      return `schedule no longer pinned to ${version}`;
    case "failed":
      return `schedule NOT pinned to ${version}: ${escaped(pin.detail ?? "the target did not take it")}`;
  }
}
