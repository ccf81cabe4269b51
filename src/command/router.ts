import type { Clock } from "../base/clock.ts";
import { lasting } from "../base/duration.ts";
import { messageOf, UserError } from "../base/errors.ts";
import { newReference } from "../base/ids.ts";
import type { Logger } from "../base/log.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { nearest } from "../config/nearest.ts";
import type { AskedCommand, Asker } from "../services/command-requests.ts";
import type { Asking, Services } from "../services/contract.ts";
import type { Answer } from "./answer.ts";
import type { Command, Family, Place, Surroundings } from "./command.ts";
import { safe } from "./format.ts";
import { firstWord } from "./grammar.ts";

const FAMILIES = ["sync", "incident"] as const satisfies readonly Family[];

/** Sends what is our fault to whoever watches Nightdesk itself (Sentry), with the reference that the person was told. */
export type ReportFault = (error: unknown, context: Readonly<Record<string, unknown>>) => void;

export interface Router {
  /** Words to an answer. What the person can mend is answered; what is our fault is thrown. */
  answer(asked: AskedCommand): Promise<Answer>;
  /** Whether the answer to these words may be a question: then a form is opened before they are carried out. */
  mayAsk(text: string, place: Place): boolean;
  /** The answer to what was not carried out for `agoMs`; null for an abort: it is carried out however late. */
  tooLate(asked: { readonly text: string; readonly asking: Place; readonly agoMs: number }): Answer | null;
  /** The answer to what is our fault: logged and reported under a reference that the person can read out. */
  fault(error: unknown, asked: { readonly text: string; readonly requestKey: string }): Answer;
}

export function createRouter(parts: {
  readonly commands: readonly Command[];
  readonly services: Services;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly log: Logger;
  readonly reportFault: ReportFault;
}): Router {
  const { commands, services, catalogue, clock, log } = parts;

  const carryOut = async (text: string, asking: Asking): Promise<Answer> => {
    const found = findCommand(commands, text, asking);
    const at: Surroundings = { asking, services, catalogue, commands, now: clock.now() };
    try {
      return await found.command.carryOut(found.line, at);
    } catch (error) {
      if (error instanceof UserError) return mistake(error, found.command);
      throw error;
    }
  };

  return {
    answer: async ({ text, asker, asking }) => {
      if (asker.kind === "refused") return stranger(asker);
      try {
        return await carryOut(text, { ...asking, actor: asker.actor });
      } catch (error) {
        if (error instanceof UserError) return mistake(error, null);
        throw error;
      }
    },
    mayAsk: (text, place) => {
      try {
        const { command, line } = findCommand(commands, text, place);
        return command.mayAsk(line, place, catalogue);
      } catch {
        // What cannot be read is answered with its mistake, not with a form.
        return false;
      }
    },
    tooLate: ({ text, asking, agoMs }) => {
      if (isAbort(commands, text, asking)) return null;
      return {
        tone: "problem",
        text: `Nightdesk could not get to this for ${lasting(agoMs)}, so it was not carried out. Nothing was done.`,
        sections: [{ lines: ["Type it again if you still want it."] }],
        data: { error: "too_late" },
      };
    },
    fault: (error, asked) => {
      const reference = newReference();
      log.error({ reference, request: asked.requestKey, error: stackOf(error) }, "a command failed, our fault");
      parts.reportFault(error, { reference, request: asked.requestKey });
      return {
        tone: "problem",
        text: `Our fault: this could not be carried out. Reference \`${reference}\`.`,
        sections: [
          {
            lines: [
              "Whether it had any effect is not known: look at `/sync status` or the thread before you try again.",
            ],
          },
        ],
        data: { error: "fault", reference },
      };
    },
  };
}

function isAbort(commands: readonly Command[], text: string, place: Place): boolean {
  try {
    const { command } = findCommand(commands, text, place);
    return command.family === "sync" && command.name === "abort";
  } catch {
    return false;
  }
}

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : messageOf(error);

/**
 * The command that a line means, and the rest of the line. The first word is `sync` or `incident`; inside the thread of
 * an incident a bare verb is `incident`'s when it is one, else `sync`'s; inside the thread of a run it is `sync`'s.
 */
export function findCommand(
  commands: readonly Command[],
  text: string,
  asking: Place,
): { command: Command; line: string } {
  const [typed, rest] = firstWord(
    text.replace(/^\s*(?:<@[UW][A-Z0-9]+(?:\|[^>]*)?>[\s:,]*)+/, "").replace(/^\s*\//, ""),
  );
  const first = typed.toLowerCase();
  if (first === "") return { command: named(commands, "sync", "help"), line: "" };
  const family = FAMILIES.find((name) => name === first);
  if (family !== undefined) return inFamily(commands, family, rest);

  const order = asking.incident !== null ? (["incident", "sync"] as const) : (["sync", "incident"] as const);
  if (asking.incident !== null || asking.run !== null || first === "help") {
    for (const name of order) {
      const command = commands.find((one) => one.family === name && one.name === first);
      if (command !== undefined) return { command, line: rest };
    }
  }
  throw unknownStart(commands, first, rest);
}

function inFamily(commands: readonly Command[], family: Family, line: string): { command: Command; line: string } {
  const [typed, rest] = firstWord(line);
  const verb = typed.toLowerCase();
  if (verb === "" || verb === "--help") return { command: named(commands, family, "help"), line: rest };
  const command = commands.find((one) => one.family === family && one.name === verb);
  if (command !== undefined) return { command, line: rest };
  const verbs = commands.filter((one) => one.family === family).map((one) => one.name);
  const near = nearest(verb, verbs);
  const other = commands.find((one) => one.family !== family && one.name === verb);
  throw new UserError("usage", {
    code: "unknown_command",
    message: `There is no \`${family} ${verb}\`.`,
    wayOut:
      other !== undefined
        ? `Did you mean \`${other.family} ${other.name}\`?`
        : near !== null
          ? `Did you mean \`${family} ${near}${rest === "" ? "" : ` ${rest}`}\`?`
          : `There is ${verbs.join(", ")}.`,
  });
}

function named(commands: readonly Command[], family: Family, name: string): Command {
  const command = commands.find((one) => one.family === family && one.name === name);
  if (command === undefined) throw new Error(`the list of commands has no ${family} ${name}`);
  return command;
}

function unknownStart(commands: readonly Command[], first: string, rest: string): UserError {
  const verb = commands.find((one) => one.name === first);
  const names = [...FAMILIES, ...commands.map((one) => one.name)];
  const near = nearest(first, names);
  const meant = verb ?? commands.find((one) => one.name === near);
  const tail = rest === "" ? "" : ` ${rest}`;
  return new UserError("usage", {
    code: "unknown_command",
    message: `I do not know "${first}".`,
    wayOut:
      meant !== undefined
        ? `Did you mean \`${meant.family} ${meant.name}${tail}\`?`
        : near !== null
          ? `Did you mean \`${near}${tail}\`?`
          : "Start with `sync` or `incident`; `sync help` shows all there is.",
  });
}

/** A mistake as an answer: what is wrong, the way out, and for slips of the keyboard how it is written. */
function mistake(error: UserError, command: Command | null): Answer {
  const parts = [error.message, error.wayOut].filter((part) => part !== undefined && part !== "");
  const refused = error.kind === "denied" || error.kind === "conflict";
  const showUsage =
    command !== null && (error.kind === "usage" || error.kind === "not_found" || error.kind === "invalid");
  const example = command?.examples[0];
  return {
    tone: refused ? "refused" : "problem",
    text: safe(parts.join(" ")),
    ...(showUsage
      ? {
          sections: [
            {
              lines: [
                `Usage: \`/${command.family} ${command.usage}\``,
                ...(example === undefined ? [] : [`Like: \`/${example}\``]),
              ],
            },
          ],
        }
      : {}),
    data: { error: error.kind, code: error.code },
  };
}

const STRANGERS = {
  guest: "Nightdesk takes no commands from guests.",
  foreign: "Nightdesk takes no commands from people of other workspaces.",
  bot: "Nightdesk takes no commands from bots.",
  deactivated: "Nightdesk takes no commands from a deactivated account.",
  unknown: "Nightdesk does not know who you are.",
} as const;

function stranger(asker: Extract<Asker, { kind: "refused" }>): Answer {
  return {
    tone: "refused",
    text: `${STRANGERS[asker.because]} Please ask a full member of this workspace.`,
    data: { error: "denied", code: `asker_${asker.because}` },
  };
}
