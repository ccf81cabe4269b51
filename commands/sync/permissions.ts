import type { Answer } from "../../src/command/answer.ts";
import { defineCommand } from "../../src/command/command.ts";
import { count, escaped } from "../../src/command/format.ts";
import { jobOrEnvironment, personNamed, usage } from "../../src/command/names.ts";
import { shortened } from "../../src/command/say.ts";
import { gapLine, grantLines, targetLines } from "../../src/command/say-permissions.ts";
import type { Catalogue } from "../../src/config/catalogue.ts";
import type { Services } from "../../src/services/contract.ts";

type Shown = Awaited<ReturnType<Services["permissions"]["show"]>>;
type Gaps = Awaited<ReturnType<Services["permissions"]["gaps"]>>;

interface About {
  readonly gaps: boolean;
  readonly person?: string;
  readonly job?: string;
  readonly environment?: string;
}

export const permissions = defineCommand<About, { shown: Shown } | { gaps: Gaps }>({
  family: "sync",
  name: "permissions",
  summary: "Show who may do what, and what the targets say",
  usage: "permissions [@person] [JOB] [ENV] [--gaps]",
  examples: ["sync permissions", "sync permissions @asha person-sync nimdta", "sync permissions --gaps"],
  hint: "`--gaps` names everyone on the rota who could not run tonight's jobs, and each target that would refuse Nightdesk.",
  needs: null,
  takes: { flags: ["gaps"] },
  parse: ({ words, flags }, { catalogue, asking }) => {
    if (flags.has("gaps")) {
      if (words.length > 0) throw usage("--gaps looks at the whole rota.", "Write `sync permissions --gaps` alone.");
      return { gaps: true };
    }
    const person = words.find((word) => isPerson(catalogue, word));
    const rest = words.filter((word) => word !== person);
    return {
      gaps: false,
      ...jobOrEnvironment(catalogue, rest),
      ...(person === undefined ? {} : { person: personNamed(catalogue, person, asking.actor.key) }),
    };
  },
  call: async (services, asking, { gaps, ...about }) =>
    gaps
      ? { gaps: await services.permissions.gaps(asking) }
      : { shown: await services.permissions.show(asking, about) },
  say: (found, _, { catalogue }) =>
    "gaps" in found ? sayGaps(catalogue, found.gaps) : sayShown(catalogue, found.shown),
});

const isPerson = (catalogue: Catalogue, word: string): boolean =>
  /^@|^<@|^me$|@.*\./i.test(word) || Object.keys(catalogue.people).some((key) => key === word.toLowerCase());

function sayShown(catalogue: Catalogue, { person, lines }: Shown): Answer {
  const may = lines.filter(({ allowed }) => allowed);
  const mayNot = lines.filter(({ allowed }) => !allowed);
  return {
    tone: "info",
    text: may.length === 0 ? `${escaped(person)} may do nothing here.` : `What ${escaped(person)} may do:`,
    sections: [
      ...section("May", grantLines(catalogue, may)),
      ...section("May not", grantLines(catalogue, mayNot)),
      ...section("What the targets say", targetLines(catalogue, person, lines)),
    ],
    data: { person, permissions: lines },
  };
}

function sayGaps(catalogue: Catalogue, { people, targets, notKnown }: Gaps): Answer {
  const none = people.length === 0 && targets.length === 0;
  const told = none ? "No gap found" : `${count(people.length + targets.length, "gap")} before tonight`;
  return {
    tone: "info",
    text: `${told}${notKnown.length === 0 ? "" : "; not everything could be asked"}.`,
    sections: [
      ...section(
        "People on the rota",
        people.map((gap) => gapLine(catalogue, gap.person, gap)),
      ),
      ...section(
        "Targets that would refuse Nightdesk",
        targets.map((gap) => gapLine(catalogue, gap.target, gap)),
      ),
      ...section("Not known", notKnown.map(escaped)),
    ],
    data: { people, targets, notKnown },
  };
}

const section = (title: string, lines: readonly string[]) =>
  lines.length === 0 ? [] : [{ title, lines: shortened(lines, 25, "Name a job or an environment.") }];
