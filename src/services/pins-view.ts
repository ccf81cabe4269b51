import type { Pin } from "../jobs/pins.store.ts";
import type { PinView } from "./contract.ts";

/** A pin as people and the API see it. */
export function viewPin(pin: Pin): PinView {
  return {
    job: pin.job,
    environment: pin.environment,
    version: pin.version,
    was: pin.was,
    state: pin.state,
    to: pin.clearTo,
    by: pin.actorKey,
    byName: pin.actorName,
    since: pin.at,
    because: pin.because,
    detail: pin.detail,
  };
}
