import type { Command, Family } from "./command.ts";
import { plain } from "./format.ts";

/** The text of `docs/commands.md`, made from the list of commands. */
export function commandsMarkdown(commands: readonly Command[]): string {
  const families = [...new Set(commands.map(({ family }) => family))];
  return [
    "# Commands",
    "",
    "<!-- Made from commands/ (src/command/docs.ts); test/registry.test.ts says how to write it anew. -->",
    "",
    "Type them after the slash, or by mention (`@nightdesk sync run person-sync prod`), in threads too. Inside an incident's",
    "thread the incident is implied and the verb alone is enough: it is `/incident`'s when it is one, else `/sync`'s. The same",
    "words work through `POST /api/command` and as buttons.",
    "",
    "Jobs and environments are called by any name that the catalogue has for them. A run is `run 7`, an incident `INC-3`. Words",
    "with blanks go in quotes. A slip is answered with the usage and the nearest name.",
    ...families.flatMap((family) => ["", `## /${family}`, ...commands.filter(of(family)).flatMap(section)]),
    "",
  ].join("\n");
}

const of =
  (family: Family) =>
  (command: Command): boolean =>
    command.family === family;

function section(command: Command): string[] {
  const grant = command.needs === null ? "Everyone may ask." : `Needs the grant \`${command.needs}\`.`;
  const also = command.also === undefined ? "" : ` Also: ${command.also}.`;
  return [
    "",
    `### ${command.name}`,
    "",
    `\`/${command.family} ${command.usage}\``,
    "",
    `${command.summary}. ${command.hint === undefined ? "" : `${plain(command.hint)} `}${grant}${also}`,
    "",
    "```",
    ...command.examples.map((example) => `/${example}`),
    "```",
  ];
}
