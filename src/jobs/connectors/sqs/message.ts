import { ConnectorError, type Intent } from "../contract.ts";
import type { SqsSettings } from "./settings.ts";

/** A reference fits in this; what does not is data, and data is not sent. */
const MOST_BYTES = 256;
const WHO_CHARS = 60;

/** One word without spaces: a uuid, a number, a name. Anything else may be data in disguise, or a typo. */
export const isReference = (id: string): boolean => /^[!-~]{1,100}$/.test(id);

/**
 * The message's text: the reference, and of who and why what there is room for. Throws `invalid` when not even the
 * reference fits.
 */
export function messageOf(
  fields: SqsSettings["message"],
  about: { readonly table: string; readonly id: string; readonly op: "resync" | "delete"; readonly intent: Intent },
): string {
  const { intent } = about;
  const reference: Record<string, string> = { [fields.table]: about.table, [fields.id]: about.id };
  if (about.op === "delete") reference[fields.operation] = "DELETE";
  const by = (intent.requestedBy.name || intent.requestedBy.key).slice(0, WHO_CHARS);
  const who = fields.who === undefined ? {} : { [fields.who]: `${by} (Nightdesk)` };
  const because = intent.reason ?? `${about.op} of ${intent.job} in ${intent.environment}`;
  for (const base of [{ ...reference, ...who }, reference]) {
    if (bytesOf(base) > MOST_BYTES) continue;
    return JSON.stringify(fields.why === undefined ? base : withRoomFor(base, fields.why, because));
  }
  throw new ConnectorError("invalid", `a reference of more than ${MOST_BYTES} bytes is none`);
}

/** As much of the text as fits, whole characters, possibly nothing. */
function withRoomFor(base: Record<string, string>, field: string, text: string): Record<string, string> {
  let room = MOST_BYTES - bytesOf({ ...base, [field]: "" });
  let kept = "";
  for (const character of text) {
    room -= Buffer.byteLength(JSON.stringify(character)) - 2;
    if (room < 0) break;
    kept += character;
  }
  return kept === "" ? base : { ...base, [field]: kept };
}

const bytesOf = (message: Record<string, string>): number => Buffer.byteLength(JSON.stringify(message));
