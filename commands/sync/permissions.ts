import type { Answer } from "../../src/command/answer.ts";
import { defineCommand } from "../../src/command/command.ts";
import { escaped } from "../../src/command/format.ts";
import { jobOrEnvironment, personNamed, usage } from "../../src/command/names.ts";
import { shortened } from "../../src/command/say.ts";
import type { Catalogue } from "../../src/config/catalogue.ts";
import type { PermissionView, Services } from "../../src/services/contract.ts";

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
  say: (found) => ("gaps" in found ? sayGaps(found.gaps) : sayShown(found.shown)),
});

const isPerson = (catalogue: Catalogue, word: string): boolean =>
  /^@|^<@|^me$|@.*\./i.test(word) || Object.keys(catalogue.people).some((key) => key === word.toLowerCase());

function sayShown({ person, lines }: Shown): Answer {
  const groups = Map.groupBy(lines, ({ job, environment }) => `${job} in ${environment}`);
  const told = [...groups].flatMap(([where, views]) => [`*${escaped(where)}*`, ...actions(views)]);
  return {
    tone: "info",
    text: lines.length === 0 ? `${escaped(person)} may do nothing here.` : `What ${escaped(person)} may do:`,
    sections: [{ lines: shortened(told, 40, "Name a job or an environment.") }],
    data: { person, permissions: lines },
  };
}

function actions(views: readonly PermissionView[]): string[] {
  const byReason = Map.groupBy(views, ({ allowed, because }) => `${allowed ? "may" : "may not"}\n${because}`);
  const lines = [...byReason].map(([key, same]) => {
    const [may = "", because = ""] = key.split("\n");
    return `• ${may} ${same.map(({ action }) => action).join(", ")}: ${escaped(because)}`;
  });
  const own = views.find((view) => view.own !== null)?.own;
  const person = views.find((view) => view.person !== null)?.person;
  return [
    ...lines,
    ...(own === undefined ? [] : [`• the target says of Nightdesk: ${escaped(own ?? "")}`]),
    ...(person === undefined ? [] : [`• the target says of this person: ${escaped(person ?? "")}`]),
  ];
}

function sayGaps({ people, targets, notKnown }: Gaps): Answer {
  const none = people.length === 0 && targets.length === 0;
  const told = none ? "No gap found" : "Gaps before tonight";
  return {
    tone: "info",
    text: notKnown.length === 0 ? `${told}.` : `${told}; not everything could be asked.`,
    sections: [
      ...section(
        "People on the rota",
        people.map((gap) => gapLine(gap.person, gap)),
      ),
      ...section(
        "Targets that would refuse Nightdesk",
        targets.map((gap) => gapLine(gap.target, gap)),
      ),
      ...section("Not known", notKnown.map(escaped)),
    ],
    data: { people, targets, notKnown },
  };
}

const gapLine = (who: string, gap: { job: string; environment: string; why: string; wayOut: string }): string =>
  `*${escaped(who)}* ${escaped(gap.job)} in ${escaped(gap.environment)}: ${escaped(gap.why)} ${escaped(gap.wayOut)}`;

const section = (title: string, lines: readonly string[]) => (lines.length === 0 ? [] : [{ title, lines }]);
