import type { Instant } from "../base/clock.ts";
import type { Action, Catalogue } from "../config/catalogue.ts";
import type { Asking, Question, Services } from "../services/contract.ts";
import type { Answer } from "./answer.ts";
import { type Options, readWords, type Words } from "./grammar.ts";

export type Family = "sync" | "incident";

/** What a command is told beside its words. */
export interface Surroundings {
  readonly asking: Asking;
  readonly services: Services;
  readonly catalogue: Catalogue;
  readonly now: Instant;
  /** Every command there is: `help` is made from it. */
  readonly commands: readonly Command[];
}

/** What help, the manifest and the docs say about a command. */
export interface Described {
  readonly family: Family;
  readonly name: string;
  /** One line, an imperative: "Start a job". */
  readonly summary: string;
  /** Without the family: `run JOB ENV [name=value …]`. */
  readonly usage: string;
  /** Whole lines as typed after the slash: `sync run person-sync prod`. */
  readonly examples: readonly string[];
  /** What is worth knowing before typing it. */
  readonly hint?: string;
  /** The grant it needs; null: everyone may ask. */
  readonly needs: Action | null;
  /** How else it can be called: a button, a shortcut. Told in the docs. */
  readonly also?: string;
}

/** Where a line is typed, as far as it decides whether a form may come. */
export interface Place {
  readonly incident: number | null;
  readonly run: number | null;
}

/** A command is parse, call, say. `form` asks for what is missing before anything is called. */
export interface Definition<Args, Result> extends Described {
  readonly takes?: Options;
  parse(words: Words, at: Surroundings): Args;
  form?(args: Args, at: Surroundings): Question | null;
  /**
   * Whether its answer may be a question. Surfaces that must open a form at once (a trigger lives 3 s) ask before it is
   * carried out. Absent: never. May throw what `parse` would.
   */
  mayAsk?(words: Words, place: Place, catalogue: Catalogue): boolean;
  call(services: Services, asking: Asking, args: Args, at: Surroundings): Promise<Result>;
  say(result: Result, args: Args, at: Surroundings): Answer;
}

export interface Command extends Described {
  /** Throws `UserError` for what the person can mend; anything else is our fault. */
  carryOut(line: string, at: Surroundings): Promise<Answer>;
  mayAsk(line: string, place: Place, catalogue: Catalogue): boolean;
}

export function defineCommand<Args, Result>(definition: Definition<Args, Result>): Command {
  const { takes, parse, form, call, say, mayAsk, ...described } = definition;
  return {
    ...described,
    mayAsk: (line, place, catalogue) => mayAsk?.(readWords(line, takes ?? {}), place, catalogue) ?? false,
    carryOut: async (line, at) => {
      const args = parse(readWords(line, takes ?? {}), at);
      const missing = form?.(args, at) ?? null;
      if (missing !== null) return asks(missing);
      return say(await call(at.services, at.asking, args, at), args, at);
    },
  };
}

/** An answer that is a question. Its text is complete for a surface that cannot draw a form. */
export function asks(question: Question): Answer {
  return {
    tone: "info",
    text: question.title,
    sections: [{ lines: question.lines }],
    ask: question,
  };
}
