import { capital, near } from "../../command/format.ts";
import { offersOf } from "../../command/offers.ts";
import { clipMrkdwn, nameText } from "../text.ts";
import { circleOf, dangerIn, type Place, placeMrkdwn, placePlain, RUN_LOOK } from "./look.ts";
import { type Block, buttonRow, context, header, type Message, section } from "./parts.ts";
import { ENDS, OVER, type RunCard } from "./run-card.ts";
import { detailLines, smallPrint } from "./run-lines.ts";

export type { RunCard } from "./run-card.ts";

/** One message that tells where a run is, and what can be done about it. It claims nothing that was not proved. */
export function runCard(run: RunCard): Message {
  const said = sentence(run);
  const blocks: Block[] = [
    ...top(run),
    section([`${markOf(run)} *${said}*`, ...detailLines(run)].join("\n")),
    context(smallPrint(run)),
    ...buttonRow(
      offersOf({ ...run, environment: run.place.name }).map(({ label, command, acts }) => ({
        label,
        command,
        ...(acts ? dangerIn(run.place) : {}),
      })),
    ),
  ];
  return {
    text: clipMrkdwn(`${nameOf(run)}, ${nameText(run.job)} in ${placePlain(run.place)}: ${said}`, 3_000),
    blocks,
  };
}

/** What of a card is worth an edit at once; progress may wait a little longer. */
export function runGist(run: RunCard): string {
  const { progress: _, left: __, expectedEndAt: ___, usual: ____, items: _____, displaced: ______, ...rest } = run;
  return JSON.stringify(rest);
}

/** A protected place is a headline with a lock and capitals; elsewhere a line says where. */
function top(run: RunCard): Block[] {
  const title = run.title === null || run.title === run.job ? null : nameText(run.title);
  if (run.place.protected) return [header(headline(run.place, run)), ...(title === null ? [] : [context([title])])];
  const name = `*${nameOf(run)}*  ·  *${nameText(run.job)}*${title === null ? "" : ` (${title})`}`;
  return [section(`${name}  ·  ${placeMrkdwn(run.place)}`)];
}

const headline = (place: Place, run: RunCard): string =>
  `${circleOf(place)} :lock: ${place.name.toUpperCase()} · ${nameOf(run)} · ${run.job}`;

const KINDS = {
  run: "Run",
  restore: "Restore, run",
  fanout: "Fan-out, run",
  compare: "Comparison, run",
} as const satisfies Record<RunCard["kind"], string>;

const nameOf = ({ kind, number }: RunCard): string => `${KINDS[kind]} ${number}`;

/** A person's word is no proof, and does not look like one. */
const markOf = (run: RunCard): string =>
  run.settledBy !== null && ENDS.includes(run.state) ? ":memo:" : RUN_LOOK[run.state].mark;

function sentence(run: RunCard): string {
  const { words } = RUN_LOOK[run.state];
  const restored = run.restored ? ", restored" : "";
  if (run.settledBy !== null && ENDS.includes(run.state)) {
    return `${capital(words)}${restored}: settled by ${nameText(run.settledBy)}'s word, not proved`;
  }
  if (ENDS.includes(run.state)) return `${capital(words)}${restored}, ${run.proved ? "proved" : "not proved"}`;
  const [state = words, ...rest] = words.split(/(?=[;:,] )/);
  const since = OVER.includes(run.state) ? "" : "since ";
  return `${capital(state)} ${since}${near(run.stateSince, run.requestedAt)}${rest.join("")}`;
}
