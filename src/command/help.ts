import { nearest } from "../config/nearest.ts";
import type { Asking, Services } from "../services/contract.ts";
import type { Answer, AnswerSection } from "./answer.ts";
import { type Command, defineCommand, type Family } from "./command.ts";
import { usage } from "./names.ts";

/** What the asker may do somewhere; null: it could not be found out, so nothing is marked. */
type May = ReadonlySet<string> | null;

/** `help` of a family, made from the list: hides nothing, marks what the asker may not do. */
export function helpFor(family: Family): Command {
  const other = family === "sync" ? "incident" : "sync";
  return defineCommand<{ verb: string | null }, May>({
    family,
    name: "help",
    summary: "Show what can be asked",
    usage: "help [COMMAND]",
    examples: [`${family} help`, `${family} help ${family === "sync" ? "run" : "open"}`],
    needs: null,
    parse: ({ words }) => ({ verb: words[0]?.toLowerCase() ?? null }),
    call: (services, asking) => grantsOf(services, asking),
    say: (may, { verb }, { commands }) => {
      const own = commands.filter((command) => command.family === family);
      if (verb !== null) return oneCommand(own, verb, may);
      const usageLine = (command: Command) => `\`/${family} ${command.usage}\` ${command.summary}${mark(command, may)}`;
      return {
        tone: "info",
        text: `What \`/${family}\` can do:`,
        sections: [
          { title: "To look", lines: own.filter(looks).map(usageLine) },
          { title: "To act", lines: own.filter((command) => !looks(command)).map(usageLine) },
          closing(family, other),
        ],
        data: { commands: own.map(({ name, usage: written, summary }) => ({ name, usage: written, summary })) },
      };
    },
  });
}

function closing(family: Family, other: Family): AnswerSection {
  return {
    lines: [
      `\`/${family} help COMMAND\` tells more, \`/${other} help\` has the rest.`,
      `By mention, in threads too: \`@nightdesk ${family} …\`; inside an incident's thread the command alone is enough.`,
    ],
  };
}

function oneCommand(own: readonly Command[], verb: string, may: May): Answer {
  const command = own.find(({ name }) => name === verb);
  if (command === undefined) {
    const near = nearest(
      verb,
      own.map(({ name }) => name),
    );
    throw usage(`There is no "${verb}".`, near === null ? undefined : `Did you mean ${near}?`);
  }
  return {
    tone: "info",
    text: `\`/${command.family} ${command.usage}\` ${command.summary}${mark(command, may)}`,
    sections: [
      { title: "Examples", lines: command.examples.map((example) => `\`/${example}\``) },
      ...(command.hint === undefined ? [] : [{ lines: [command.hint] }]),
    ],
    data: { name: command.name, usage: command.usage, summary: command.summary },
  };
}

/** Changes nothing, for nobody. */
const looks = ({ needs, name }: Command): boolean => needs === null || needs === "view" || name === "help";

const mark = (command: Command, may: May): string =>
  command.needs === null || may === null || may.has(command.needs) ? "" : " (_not granted to you_)";

/** By the catalogue alone, no target is asked. Help must come even when grants cannot be read. */
async function grantsOf(services: Services, asking: Asking): Promise<May> {
  try {
    const [jobs, incidents] = await Promise.all([services.jobs.list(asking, {}), services.incidents.may(asking)]);
    return new Set([...jobs.flatMap(({ may }) => may), ...incidents]);
  } catch {
    return null;
  }
}
