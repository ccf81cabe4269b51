import type { Catalogue } from "../config/catalogue.ts";
import type { PinView } from "../services/contract.ts";
import type { Answer } from "./answer.ts";
import { escaped } from "./format.ts";
import { environmentName } from "./say.ts";

/** What came of a pin, in words that promise nothing. */
export function pinAnswer(catalogue: Catalogue, pin: PinView): Pick<Answer, "tone" | "text" | "sections"> {
  const of = `the schedule of *${escaped(pin.job)}* in ${environmentName(catalogue, pin.environment)}`;
  const word = pin.detail === null ? [] : [`The target: ${escaped(pin.detail)}`];
  switch (pin.state) {
    case "failed":
      return {
        tone: "problem",
        text: `Not pinned: ${of} is not held at ${escaped(pin.version)}.`,
        sections: [
          { lines: [...word, `Mend that, then ask again; \`/sync status ${pin.job} ${pin.environment}\` shows it.`] },
        ],
      };
    case "setting":
    case "clearing":
      return {
        tone: "problem",
        text: `Nobody knows yet whether ${of} points at ${escaped(pin.to ?? pin.version)}.`,
        sections: [{ lines: [...word, "The target is asked again; the job's cards show what came of it."] }],
      };
    case "set":
    case "cleared": {
      const was = pin.was === null ? "" : ` It pointed at ${escaped(pin.was)}.`;
      const way = `It stays there, whatever is deployed, until \`/sync unpin ${pin.job} ${pin.environment}\`.`;
      return {
        tone: "done",
        text: `Pinned: ${of} points at *${escaped(pin.version)}*.${was}`,
        sections: [{ lines: [...word, way] }],
      };
    }
  }
}

export function unpinAnswer(catalogue: Catalogue, pin: PinView): Pick<Answer, "tone" | "text" | "sections"> {
  const of = `the schedule of *${escaped(pin.job)}* in ${environmentName(catalogue, pin.environment)}`;
  const word = pin.detail === null ? [] : [`The target: ${escaped(pin.detail)}`];
  if (pin.state === "cleared") {
    const to = pin.to === null ? "is free again" : `points at *${escaped(pin.to)}*`;
    return { tone: "done", text: `Unpinned: ${of} ${to}.`, sections: [{ lines: word }] };
  }
  if (pin.state === "set") {
    return {
      tone: "problem",
      text: `Not unpinned: ${of} is still held at ${escaped(pin.version)}.`,
      sections: [{ lines: [...word, "Mend that, then ask again."] }],
    };
  }
  return pinAnswer(catalogue, pin);
}
