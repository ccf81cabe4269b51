import type { Question } from "../services/contract.ts";

/**
 * What a command says back: data that every surface draws in its own way (Block Kit, JSON, a terminal).
 * Texts are Slack's mrkdwn with `<!date^…>` and `<@U…|name>` tokens; `plain` of format.ts turns them into plain text.
 */
export interface Answer {
  readonly tone: "done" | "info" | "refused" | "problem";
  /** Complete in itself: what happened or not, and the way out. First line is the headline. */
  readonly text: string;
  /** Further paragraphs and lists, in order. */
  readonly sections?: readonly AnswerSection[];
  readonly buttons?: readonly AnswerButton[];
  /** A question that has to be answered before anything happens. */
  readonly ask?: Ask;
  /** The same facts for the API: ids, numbers, names. */
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface AnswerSection {
  readonly title?: string;
  readonly lines: readonly string[];
}

/** Pressing it is typing `command` for whoever presses it. */
export interface AnswerButton {
  readonly label: ButtonLabel;
  readonly command: string;
  readonly style?: "primary" | "danger";
}

export type ButtonLabel =
  | "Rerun"
  | "Abort"
  | "Acknowledge"
  | "Resolve"
  | "Export"
  | "Add note"
  | "Confirm"
  | "Approve"
  | "Reject"
  | "Settle"
  | "Restore"
  | "Pause"
  | "Resume"
  | "Withdraw"
  | "Run next"
  | "Rerun from failed"
  | "Resync failed"
  | "Resync rest"
  | "Resync gap"
  | "Resolve in Sentry too"
  | `Delete ${string} from the target`
  | `Resync ${string} to the target`;

/**
 * A form. With a trigger it opens as a modal at once; without one the answer carries a button `Confirm` that opens it.
 * Submitting it sends `{confirmation: id, values}` back to the command that asked, as the same person.
 */
export type Ask = Question;

const TONES = ["done", "info", "refused", "problem"] as const satisfies readonly Answer["tone"][];

/** A kept answer, read back from its row. It was written by us: only its outline is checked. Throws when it is none. */
export function readAnswer(kept: unknown): Answer {
  if (!isAnswer(kept)) throw new Error("the kept answer is not an answer");
  return kept;
}

function isAnswer(kept: unknown): kept is Answer {
  if (typeof kept !== "object" || kept === null || !("tone" in kept) || !("text" in kept)) return false;
  return TONES.some((tone) => tone === kept.tone) && typeof kept.text === "string";
}
