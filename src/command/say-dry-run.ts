import type { Catalogue } from "../config/catalogue.ts";
import type { DryChainView, DryCheck, DryRunView } from "../services/contract.ts";
import type { Answer } from "./answer.ts";
import { escaped } from "./format.ts";
import { environmentName } from "./say.ts";

const MARKS = { info: ":white_check_mark:", warn: ":warning:", block: ":no_entry:" } as const;

const CHECK_WORDS: Readonly<Record<string, string>> = {
  who: "who",
  where: "where",
  when: "when",
  what_else: "what else",
  who_else: "who else",
};

/** What would come of it, check by check. The first line says that nothing was started. */
export function dryRunAnswer(catalogue: Catalogue, dry: DryRunView): Answer {
  const given = Object.entries(dry.parameters).map(([name, value]) => `${name}=${String(value)}`);
  const version = dry.version === null ? [] : [`version ${escaped(dry.version)}`];
  const how = [...version, ...given.map(escaped)];
  return {
    tone: dry.blocked ? "problem" : "info",
    text: `Dry run, nothing was started: ${escaped(dry.job)} in ${environmentName(catalogue, dry.environment)}${how.length === 0 ? "" : ` with ${how.join(" ")}`}. ${escaped(dry.next)}`,
    sections: [
      ...(dry.plan === null ? [] : [{ title: "What would be done", lines: [escaped(dry.plan)] }]),
      { title: "Checks", lines: dry.checks.map(line) },
      ...(dry.findings.length === 0 ? [] : [{ title: "Found", lines: dry.findings.map(line) }]),
    ],
    data: { dryRun: { ...dry } },
  };
}

/** The same of each job of a chain, in order. */
export function dryChainAnswer(catalogue: Catalogue, dry: DryChainView): Answer {
  const jobs = dry.runs.map(({ job }) => escaped(job)).join(", ");
  return {
    tone: dry.blocked ? "problem" : "info",
    text: `Dry run, nothing was started: ${jobs} in ${environmentName(catalogue, dry.environment)}. ${escaped(dry.next)}`,
    sections: dry.runs.map(({ job, plan, checks, findings }, index) => ({
      title: `${index + 1}. ${escaped(job)}`,
      lines: [...(plan === null ? [] : [escaped(plan)]), ...[...checks, ...findings].map(line)],
    })),
    data: { dryRun: { ...dry } },
  };
}

function line({ check, level, text, wayOut }: DryCheck): string {
  const way = wayOut === undefined || level !== "block" ? "" : `. ${escaped(wayOut)}`;
  return `${MARKS[level]} *${CHECK_WORDS[check] ?? check}*: ${escaped(text)}${way}`;
}
