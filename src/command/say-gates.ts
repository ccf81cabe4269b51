import type { Instant } from "../base/clock.ts";
import type { GateView } from "../services/gates-contract.ts";
import type { AnswerButton } from "./answer.ts";
import { escaped, linked, list, near, safe } from "./format.ts";

/** Gates as every surface tells them. */

const MARK = { true: ":white_check_mark:", false: ":x:", null: ":grey_question:" } as const;

/** `gate 3: ndw-etl 12 to prod, held until 03:10`, or `gate 3: ndw-etl 12 to prod: Ben Okafor approved it` */
export function gateLine(gate: GateView, now: Instant): string {
  const held = `, held until ${near(gate.expiresAt, now)}`;
  const said = gate.state === "held" ? held : `: ${safe(gate.because)}`;
  return `gate ${gate.number}: *${escaped(gate.service)} ${escaped(gate.version)}* to *${escaped(gate.environment)}*${said}`;
}

/** What it requires, who asked, whose word counts. */
export function gateDetails(gate: GateView): string[] {
  const link = gate.url === null ? "" : `  ·  ${linked("pipeline", gate.url)}`;
  return [...requirementLines(gate), `${authorWords(gate)}${link}`, ...wordLines(gate)];
}

/** Nobody is kept from opening a deploy of which nobody knows whose it is: that is said for as long as it matters, and after. */
function authorWords({ authorName, authorKey, state }: GateView): string {
  if (authorName === null) {
    const so = state === "held" ? ": whoever deploys could open it, too. Ask who it is before you do" : "";
    return `:warning: author not told${so}`;
  }
  const unknown = authorKey === null ? ", whom the catalogue does not know" : "";
  return `by ${escaped(authorName)}${unknown}`;
}

export function requirementLines(gate: GateView): string[] {
  if (gate.findings.length === 0) return ["It requires nothing that Nightdesk can look at."];
  return gate.findings.map(({ wanted, met, why }) => `${MARK[`${met}`]} ${escaped(wanted)}: ${escaped(why)}`);
}

function wordLines(gate: GateView): string[] {
  if (gate.state !== "held") return [];
  const role = gate.role === null ? "" : ` (role ${escaped(gate.role)})`;
  if (gate.may.length === 0) return [`:warning: Nobody may open it${role}: it is refused when its time is over.`];
  return [`${escaped(list(gate.may))} may open it${role}. Without a word it is refused.`];
}

/** Pressing one is typing its command. */
export function gateButtons(gate: Pick<GateView, "number" | "state">): AnswerButton[] {
  if (gate.state !== "held") return [];
  return [
    { label: "Approve", command: `sync gate approve ${gate.number}` },
    { label: "Reject", command: `sync gate reject ${gate.number}` },
  ];
}

/** The same facts for the API. */
export function gateData(gate: GateView): Readonly<Record<string, unknown>> {
  return {
    gate: gate.number,
    state: gate.state,
    because: gate.because,
    code: gate.code,
    service: gate.service,
    environment: gate.environment,
    version: gate.version,
    author: gate.authorKey ?? gate.author,
    url: gate.url,
    role: gate.role,
    requirements: gate.findings.map(({ wanted, met, why }) => ({ wanted, met, why })),
    askedAt: gate.askedAt.toString(),
    expiresAt: gate.expiresAt.toString(),
    decidedAt: gate.decidedAt?.toString() ?? null,
    by: gate.decidedByName,
    supersededBy: gate.supersededBy,
  };
}
