import { z } from "zod";
import type { Line } from "./judge.ts";
import { hint, type Problem, problemsOf } from "./problems.ts";
import {
  anything,
  duration,
  ENTRY_KINDS,
  ITEM_STATES,
  listOf,
  MONITOR_STATES,
  OUTCOMES,
  RUN_STATES,
  SEVERITIES,
  STATUSES,
  scalar,
  word,
} from "./words.ts";
import type { Path } from "./yaml.ts";

/** What a line of an `expect` is about. */
export type Subject =
  | { readonly kind: "incidents" | "runs" | "refused" | "audit" | "slackApi" }
  | { readonly kind: "incident" | "run" | "timeline"; readonly number: number }
  /** The items of a fan-out; `state`: only those in it. */
  | { readonly kind: "items"; readonly number: number; readonly state: string | null }
  | { readonly kind: "thread"; readonly of: "incident" | "run"; readonly number: number }
  | { readonly kind: "channel" | "reply" | "estate" | "monitor"; readonly name: string }
  | { readonly kind: "postmortem"; readonly number: number; readonly format: string };

export interface Expectation {
  readonly withinMs: number;
  readonly holdsMs: number;
  readonly lines: readonly Line<Subject>[];
}

const list = listOf(scalar);
const texts = z.union([scalar, list]);
const optional = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape).partial();
/** A count, or the entries themselves. */
const counted = (entry: z.ZodType) => z.union([z.number(), z.string(), listOf(entry)]);

const suspect = optional({
  service: scalar,
  version: scalar,
  environment: scalar,
  outcome: scalar,
  reason: scalar,
  url: scalar,
  by: scalar,
  at: scalar,
  learnedAt: scalar,
  rank: scalar,
  source: scalar,
});
const incident = optional({
  number: scalar,
  status: word(STATUSES),
  severity: word(SEVERITIES),
  title: scalar,
  signals: scalar,
  services: list,
  jobs: list,
  environment: scalar,
  owner: scalar,
  suspects: listOf(suspect),
});
const run = optional({
  number: scalar,
  state: word(RUN_STATES),
  job: scalar,
  environment: scalar,
  restored: scalar,
  proved: scalar,
  by: scalar,
  approvedBy: list,
  version: scalar,
  parent: scalar,
  incident: scalar,
  items: optional(Object.fromEntries(ITEM_STATES.map((state) => [state, scalar]))),
});
const items = optional({
  state: z.enum(ITEM_STATES),
  ids: listOf(z.string({ error: 'an id is a text: write "2568353", in quotes' })),
});
const monitor = optional({ state: word(MONITOR_STATES), job: scalar, environment: scalar, says: texts });
const entry = optional({
  kind: word(ENTRY_KINDS),
  text: scalar,
  by: scalar,
  at: scalar,
  edited: scalar,
  deleted: scalar,
  key: scalar,
});
const audit = optional({ action: scalar, by: scalar, outcome: word(OUTCOMES), reason: scalar, at: scalar });
const refused = optional({ source: scalar, reason: scalar });
const thread = optional({ messages: scalar, text: texts, buttons: list });
const channel = optional({ threads: scalar, messages: scalar, text: texts });
const slackApi = z.record(
  z.string().regex(/^(calls|refusedBlocks|missingScopes|rateLimited|[a-z]+(\.[A-Za-z]+)+)$/, {
    error: "calls, refusedBlocks, missingScopes, rateLimited or a method of Slack's API such as chat.postMessage",
  }),
  scalar,
);
const postmortem = z.strictObject({
  format: z.literal("markdown", { error: "only the format markdown is built yet" }).default("markdown"),
  sections: list.optional(),
  contains: z.array(scalar).optional(),
  lacks: z.array(scalar).optional(),
});

interface Form {
  readonly usage: string;
  readonly pattern: RegExp;
  readonly schema: z.ZodType;
  readonly subject: (match: RegExpExecArray) => Subject;
}

const N = "([1-9]\\d*)";
const number = (match: RegExpExecArray) => Number(match[1]);
const name = (match: RegExpExecArray) => match[1] ?? "";

const FORMS: readonly Form[] = [
  form("incidents", "incidents", counted(incident), () => ({ kind: "incidents" })),
  form("runs", "runs", counted(run), () => ({ kind: "runs" })),
  form("refused", "refused", counted(refused), () => ({ kind: "refused" })),
  form("audit", "audit", listOf(audit), () => ({ kind: "audit" })),
  form("slackApi", "slackApi", slackApi, () => ({ kind: "slackApi" })),
  form("incident 1", `incident ${N}`, orAbsent(incident), (m) => ({ kind: "incident", number: number(m) })),
  form("run 1", `run ${N}`, orAbsent(run), (m) => ({ kind: "run", number: number(m) })),
  form("items of run 1", `items of run ${N}`, items, (m) => ({ kind: "items", number: number(m), state: null })),
  form("timeline of incident 1", `timeline of incident ${N}`, listOf(entry), (m) => ({
    kind: "timeline",
    number: number(m),
  })),
  form("thread of incident 1", `thread of incident ${N}`, orAbsent(thread), (m) => ({
    kind: "thread",
    of: "incident",
    number: number(m),
  })),
  form("thread of run 1", `thread of run ${N}`, orAbsent(thread), (m) => ({
    kind: "thread",
    of: "run",
    number: number(m),
  })),
  form("monitor NAME", "monitor (\\S+)", orAbsent(monitor), (m) => ({ kind: "monitor", name: name(m) })),
  form("channel NAME", "channel #?(\\S+)", channel, (m) => ({ kind: "channel", name: name(m) })),
  form("reply to PERSON", "reply to @?(\\S+)", scalar, (m) => ({ kind: "reply", name: name(m) })),
  form("estate NAME", "estate (\\S+)", z.record(z.string(), anything), (m) => ({ kind: "estate", name: name(m) })),
  form("postmortem of incident 1", `postmortem of incident ${N}`, postmortem, (m) => ({
    kind: "postmortem",
    number: number(m),
    format: "markdown",
  })),
];

/** What the language has and Nightdesk has not. */
const LATER: readonly [pattern: RegExp, what: string][] = [
  [/^home of \S+$/, "the Home tab"],
  [/^notices to users$/, "notices to users"],
  [/^ticket of incident \d+$/, "tickets"],
];

const settings = { within: duration, holds: duration } as const;

/** The body of an `expect` step: its lines, and what is wrong with them. */
export function readExpectation(body: unknown, base: Path): { expectation: Expectation; problems: Problem[] } {
  const problems: Problem[] = [];
  const lines: Line<Subject>[] = [];
  let withinMs = 10_000;
  let holdsMs = 0;
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    problems.push({ path: base, message: "expected a mapping of lines, such as `incidents: 1`" });
    return { expectation: { withinMs, holdsMs, lines }, problems };
  }
  for (const [key, expected] of Object.entries(body)) {
    const path = [...base, key];
    if (key === "within" || key === "holds") {
      const parsed = settings[key].safeParse(expected);
      if (!parsed.success) problems.push({ path, message: "not a duration: write 30s or 5m" });
      else if (key === "within") withinMs = parsed.data;
      else holdsMs = parsed.data;
      continue;
    }
    const found = lineOf(key);
    if ("problem" in found) problems.push({ path, message: found.problem, key: true });
    else {
      problems.push(...problemsOf(found.schema, expected, path));
      const about = found.subject.kind === "postmortem" ? inDocument(expected) : expected;
      lines.push({ name: key, subject: narrowed(found.subject, expected), expected: about });
    }
  }
  if (lines.length === 0 && problems.length === 0) problems.push({ path: base, message: "nothing is expected here" });
  return { expectation: { withinMs, holdsMs, lines }, problems };
}

function lineOf(key: string): { schema: z.ZodType; subject: Subject } | { problem: string } {
  const missing = LATER.find(([pattern]) => pattern.test(key));
  if (missing !== undefined) return { problem: `"${key}" is not built yet: Nightdesk does not have ${missing[1]}.` };
  for (const { pattern, schema, subject } of FORMS) {
    const match = pattern.exec(key);
    if (match !== null) return { schema, subject: subject(match) };
  }
  const numbered = key.replace(/\d+/, "1");
  const known = ["within", "holds", ...FORMS.map(({ usage }) => usage)];
  const near = hint(numbered, known);
  return { problem: `unknown expectation "${key}".${near}` };
}

/** Which items are asked for stands among what is expected of them. */
function narrowed(subject: Subject, expected: unknown): Subject {
  if (subject.kind !== "items" || typeof expected !== "object" || expected === null) return subject;
  const state = "state" in expected && typeof expected.state === "string" ? expected.state : null;
  return { ...subject, state };
}

function form(usage: string, pattern: string, schema: z.ZodType, subject: Form["subject"]): Form {
  return { usage, pattern: new RegExp(`^${pattern}$`), schema, subject };
}

/** Words of a document are looked for anywhere in it, in any case; patterns stay what they are. */
function inDocument(expected: unknown): unknown {
  if (typeof expected !== "object" || expected === null) return expected;
  const anywhere = (one: unknown) => (typeof one === "string" && !/^[~/]/.test(one) ? `~ ${one}` : one);
  const change = (key: string, value: unknown): unknown => {
    if (!Array.isArray(value) || (key !== "contains" && key !== "lacks")) return value;
    return key === "contains" ? value.map(anywhere) : { none: value.map(anywhere) };
  };
  return Object.fromEntries(
    Object.entries(expected).map(([key, value]: [string, unknown]) => [key, change(key, value)]),
  );
}

function orAbsent(schema: z.ZodType): z.ZodType {
  return z.union([schema, z.null()]);
}
