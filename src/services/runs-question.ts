import type { Instant } from "../base/clock.ts";
import type { Hold } from "../guard/decision.ts";
import type { Placed } from "../guard/names.ts";
import type { Connections } from "../jobs/connections.ts";
import type { Capabilities } from "../jobs/connectors/contract.ts";
import type { Question } from "./contract.ts";
import type { Usual } from "./runs-expected.ts";
import type { Word } from "./runs-surroundings.ts";
import { beforeStart } from "./runs-unstoppable.ts";
import type { WantedRun } from "./runs-wanted.ts";

interface About {
  readonly id: string;
  readonly expected: string | null;
  readonly word: Word;
  readonly hold: Hold;
  /** How long runs like it take. */
  readonly usual: Usual | null;
  readonly now: Instant;
  readonly zone: string;
}

/** What a person has to know before typing: where, what it does, and what cannot be undone. */
export function questionOf(
  connections: Connections,
  { placed, parameters, says = {}, override, kind = "run", ...wanted }: WantedRun,
  about: About,
): Question {
  const { job, environment, definition, setting, place } = placed;
  const capabilities = connections.of(place.target)?.capabilities;
  const submit = says.submit ?? "Start it";
  const given = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return {
    id: about.id,
    title: says.title ?? `${environment.toUpperCase()}: start ${job}?`,
    lines: [
      ...(setting.protected ? [`*${environment.toUpperCase()}* is protected.`] : []),
      says.does ??
        `This starts *${job}* (${definition.title ?? job}) at ${place.target}${given.length === 0 ? "" : ` with \`${given.join(" ")}\``}.`,
      ...versionLines(wanted),
      ...(definition.destructive && kind === "run"
        ? [`:warning: It replaces what is there. ${snapshotLine(definition.snapshot, capabilities)}`]
        : []),
      ...(kind === "fanout" ? [FANOUT_STOPS] : stopLines(placed, capabilities, about)),
      ...(says.lines ?? []),
      ...holdLines(about.hold, override),
      ...(about.word.kind === "not_known" ? [`The target did not say whether it is free: ${about.word.why}.`] : []),
    ],
    look: setting.look,
    submit,
    fields: about.expected === null ? [] : [typedField(submit, about.expected)],
  };
}

const typedField = (submit: string, expected: string): Question["fields"][number] => ({
  key: "confirm",
  label: `To ${submit.charAt(0).toLowerCase()}${submit.slice(1)}, type: ${expected}`,
  expected,
});

function versionLines({
  version = null,
  pinAfterStart = false,
}: Pick<WantedRun, "version" | "pinAfterStart">): string[] {
  if (version === null) return [];
  return [
    pinAfterStart
      ? `It runs version *${version}*, and the target's own schedule is held at *${version}* until somebody unpins it.`
      : `It runs version *${version}*; the target's own schedule stays as it is.`,
  ];
}

function snapshotLine(snapshot: Placed["definition"]["snapshot"], capabilities: Capabilities | undefined): string {
  if (snapshot === undefined) return "No snapshot is kept: it cannot be taken back.";
  if ("none" in snapshot) return `No snapshot is kept: ${snapshot.none}.`;
  return capabilities?.snapshot === true && capabilities.restore
    ? "A snapshot is kept before it starts, and an abort brings it back."
    : "Its target keeps no snapshot that Nightdesk could bring back: it cannot be taken back.";
}

/** What comes between the answer to this form and the start. */
function holdLines({ freeze, approvals, overridden }: Hold, override: string | undefined): string[] {
  return [
    ...(overridden === undefined
      ? []
      : [`:warning: It starts in spite of the freeze *${overridden.freeze}*: ${override}`]),
    ...(freeze === undefined
      ? []
      : [`*${freeze.name}* holds it back (${freeze.because}): it waits until that is over.`]),
    ...(approvals === undefined
      ? []
      : [
          `It then waits for ${approvals.count} approval${approvals.count === 1 ? "" : "s"} by *${approvals.role}*; yours does not count.`,
        ]),
  ];
}

const FANOUT_STOPS = "It can be paused and aborted; what was not handed over by then is offered as a new run.";

function stopLines(
  { job, environment, definition }: Placed,
  capabilities: Capabilities | undefined,
  about: Pick<About, "usual" | "now" | "zone">,
): string[] {
  if (capabilities === undefined) return [];
  if (capabilities.abort !== "none") return ["It can be aborted."];
  const { title = job, readers = null } = definition;
  return beforeStart({ ...about, title, environment, readers });
}
