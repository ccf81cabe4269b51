import { defineCommand } from "../../src/command/command.ts";
import { escaped, linked, list } from "../../src/command/format.ts";
import { personNamed, usage } from "../../src/command/names.ts";
import { incidentReference } from "../../src/command/references.ts";
import type { SentryAction, SentryChangeView, SentryIssueView } from "../../src/services/sentry-contract.ts";

interface Wanted {
  readonly incident: number;
  /** Absent: shows the issues. */
  readonly action?: SentryAction;
  readonly person?: string;
  readonly issues?: readonly string[];
}
type Shown = { readonly issues: readonly SentryIssueView[] } | { readonly change: SentryChangeView };

const ACTIONS: Readonly<Record<string, SentryAction>> = {
  resolve: "resolve",
  ignore: "ignore",
  archive: "ignore",
  assign: "assign",
};

export const sentry = defineCommand<Wanted, Shown>({
  family: "incident",
  name: "sentry",
  summary: "Show the Sentry issues of an incident, or resolve, ignore or assign them in Sentry",
  usage: "sentry [INC-N] [resolve | ignore | assign @person] [ISSUE …]",
  examples: [
    "incident sentry INC-3",
    "incident sentry INC-3 resolve",
    "incident sentry INC-3 ignore ESR-1",
    "incident sentry INC-3 assign @asha",
  ],
  hint:
    "Without an issue's name it is about all of them that are open. Ignored issues are archived until they escalate. The " +
    "thread says when Sentry's own answer shows it, or why not.",
  needs: "incident",
  also: "the button Resolve in Sentry too, and `--sentry` of `/incident resolve`",
  parse: ({ words }, { asking, catalogue }) => {
    const { incident, from } = incidentReference(words, asking, { bare: true });
    const word = words[from];
    if (word === undefined) return { incident };
    const action = Object.hasOwn(ACTIONS, word.toLowerCase()) ? ACTIONS[word.toLowerCase()] : undefined;
    if (action === undefined)
      throw usage(`Sentry cannot "${word}" an issue from here.`, "Write resolve, ignore or assign @person.");
    const person = action === "assign" ? words[from + 1] : undefined;
    if (action === "assign" && person === undefined) throw usage("To whom?", "Name a person, or `me`.");
    const issues = words.slice(from + (action === "assign" ? 2 : 1));
    return {
      incident,
      action,
      ...(person === undefined ? {} : { person: personNamed(catalogue, person, asking.actor.key) }),
      ...(issues.length === 0 ? {} : { issues }),
    };
  },
  call: async (services, asking, { incident, action, person, issues }) =>
    action === undefined
      ? { issues: await services.sentry.issues(asking, incident) }
      : {
          change: await services.sentry.change(asking, incident, {
            action,
            ...(person === undefined ? {} : { person }),
            ...(issues === undefined ? {} : { issues }),
          }),
        },
  say: (shown, { incident }) => {
    if ("change" in shown) return { tone: "info", text: askedWords(shown.change), data: { ...shown.change } };
    const { issues } = shown;
    const open = issues.filter((issue) => issue.open && issue.reachable);
    return {
      tone: "info",
      text:
        issues.length === 0 ? `No issue of Sentry's is part of INC-${incident}.` : `Sentry issues of INC-${incident}:`,
      sections: issues.length === 0 ? [] : [{ lines: issues.map(issueLine) }],
      buttons:
        open.length === 0
          ? []
          : [{ label: "Resolve in Sentry too", command: `incident sentry INC-${incident} resolve` }],
      data: { incident, issues },
    };
  },
});

/** What Sentry was asked, in the words of whoever asked: not yet that it did. */
export function askedWords({ action, issues, to }: SentryChangeView): string {
  const what = escaped(list(issues));
  const how =
    action === "resolve"
      ? `resolve ${what}`
      : action === "ignore"
        ? `archive ${what} until it escalates`
        : `assign ${what} to ${escaped(to ?? "")}`;
  return `Sentry is asked to ${how}. The thread says when its answer shows it.`;
}

function issueLine({ name, url, open, reachable }: SentryIssueView): string {
  const named = linked(escaped(name), url);
  const state = open ? "open" : "resolved or archived";
  return `*${named}* ${state}${reachable ? "" : ", without an API: change it in Sentry"}`;
}
