import { near } from "../../command/format.ts";
import { gateButtons, gateDetails } from "../../command/say-gates.ts";
import type { GateView } from "../../services/gates-contract.ts";
import { clip, clipMrkdwn, nameText, saidText } from "../text.ts";
import { circleOf, dangerIn, type Place, placePlain } from "./look.ts";
import { type Block, buttonRow, context, header, type Message, section } from "./parts.ts";

/** A gate as its card shows it. */
export interface GateCard {
  readonly gate: GateView;
  readonly place: Place;
  /** The tokens that call whoever is to look; null: nobody. */
  readonly mention: string | null;
  readonly displaced: string | null;
}

const MARK = { held: ":no_entry:", approved: ":white_check_mark:", refused: ":heavy_minus_sign:" } as const;

/** A deploy that waits, what it requires, and whose word opens it. */
export function gateCard({ gate, place, displaced, ...card }: GateCard): Message {
  // What is decided already calls nobody.
  const mention = gate.state === "held" ? card.mention : null;
  const said = sentence(gate);
  const lock = place.protected ? " :lock:" : "";
  const where = place.protected ? place.name.toUpperCase() : place.name;
  const blocks: Block[] = [
    header(`${circleOf(place)}${lock} ${where} · gate ${gate.number} · ${gate.service} ${gate.version}`),
    section([`${MARK[gate.state]} *${said}*`, ...gateDetails(gate)].join("\n")),
    ...(mention === null ? [] : [section(mention)]),
    ...(displaced === null ? [] : [context([`:warning: ${saidText(clip(displaced, 300))}`])]),
    ...buttonRow(
      gateButtons(gate).map((button) => ({ ...button, ...(button.label === "Approve" ? dangerIn(place) : {}) })),
    ),
  ];
  const text = `Gate ${gate.number}, ${nameText(gate.service)} ${nameText(gate.version)} to ${placePlain(place)}: ${said}`;
  return { text: clipMrkdwn(mention === null ? text : `${text} ${mention}`, 3_000), blocks };
}

function sentence(gate: GateView): string {
  if (gate.state === "held")
    return `Held until ${near(gate.expiresAt, gate.askedAt)}: it is not deployed without a person's word`;
  const when = gate.decidedAt === null ? "" : ` ${near(gate.decidedAt, gate.askedAt)}`;
  return `${gate.state === "approved" ? "Opened" : "Refused"}${when}: ${saidText(gate.because)}`;
}
