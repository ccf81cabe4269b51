import { readFileSync } from "node:fs";
import { ESTATE_KINDS, LATER_KINDS } from "../estate/index.ts";
import { type Expectation, readExpectation } from "./expectations.ts";
import { type DrillHead, drillSchema, VERBS, type Verb, type Verbs } from "./language.ts";
import { hint, type Problem, problemsOf, tell } from "./problems.ts";
import { DrillFileError, type Path, readYaml } from "./yaml.ts";

export type Step =
  | { [V in Verb]: { readonly verb: V; readonly body: Verbs[V]; readonly place: string } }[Verb]
  | { readonly verb: "expect"; readonly body: Expectation; readonly place: string };

export interface Drill extends DrillHead {
  /** As it was named on the command line. */
  readonly file: string;
  readonly steps: readonly Step[];
}

/** Reads and checks a drill's file. Throws `DrillFileError` with everything that is wrong with it. */
export function readDrill(file: string): Drill {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new DrillFileError([`${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}`]);
  }
  return parseDrill(text, file);
}

/** The same from text. */
export function parseDrill(text: string, file: string): Drill {
  const yaml = readYaml(text, file);
  const problems = problemsOf(drillSchema, yaml.value, []);
  const head = drillSchema.safeParse(yaml.value);
  const given = stepsOf(yaml.value);
  const steps = given.map((step, index) => readStep(step, ["steps", index], (path) => yaml.place(path)));
  problems.push(...steps.flatMap((step) => step.problems));
  if (head.success) {
    problems.push(...estateProblems(head.data.estate), ...nameProblems(head.data, steps));
  }
  if (!head.success || problems.length > 0) {
    throw new DrillFileError(problems.map((problem) => tell(problem, { name: file, yaml })));
  }
  return { ...head.data, file, steps: steps.flatMap(({ step }) => (step === null ? [] : [step])) };
}

interface ReadStep {
  readonly step: Step | null;
  readonly problems: readonly Problem[];
}

function readStep(given: unknown, base: Path, place: (path: Path) => string): ReadStep {
  const keys = typeof given === "object" && given !== null && !Array.isArray(given) ? Object.keys(given) : [];
  const [verb, ...more] = keys;
  if (verb === undefined || more.length > 0) {
    const message =
      keys.length === 0 ? "a step is one verb with what it needs" : `a step has one verb, this has ${keys.join(", ")}`;
    return { step: null, problems: [{ path: base, message }] };
  }
  const body: unknown = (given as Record<string, unknown>)[verb];
  const path = [...base, verb];
  if (verb === "expect") {
    const { expectation, problems } = readExpectation(body, path);
    return { step: { verb, body: expectation, place: place(base) }, problems };
  }
  if (!isVerb(verb)) {
    const known = [...Object.keys(VERBS), "expect"];
    return { step: null, problems: [{ path, message: `unknown verb "${verb}".${hint(verb, known)}`, key: true }] };
  }
  const problems = problemsOf(VERBS[verb], body, path);
  if (problems.length > 0) return { step: null, problems };
  return { step: { verb, body: VERBS[verb].parse(body), place: place(base) } as Step, problems };
}

function isVerb(text: string): text is Verb {
  return Object.hasOwn(VERBS, text);
}

function stepsOf(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null || !("steps" in value) || !Array.isArray(value.steps)) return [];
  return value.steps;
}

function estateProblems(estate: DrillHead["estate"]): Problem[] {
  return Object.entries(estate).flatMap(([name, { kind, ...options }]) => {
    const path = ["estate", name];
    const found = ESTATE_KINDS[kind];
    if (found !== undefined) return problemsOf(found.options, options, path);
    const later = (LATER_KINDS as readonly string[]).includes(kind);
    const message = later
      ? `the estate kind "${kind}" is not built yet.`
      : `unknown estate kind "${kind}".${hint(kind, Object.keys(ESTATE_KINDS))}`;
    return [{ path: [...path, "kind"], message }];
  });
}

/** Names that a step uses and the head does not have: people, targets. */
function nameProblems(head: DrillHead, steps: readonly ReadStep[]): Problem[] {
  return steps.flatMap(({ step }, index) => {
    if (step === null) return [];
    const path = ["steps", index, step.verb];
    if (step.verb === "estate") {
      return Object.entries(step.body).flatMap(([name, change]) =>
        targetProblems(head, { name, change }, [...path, name]),
      );
    }
    if (step.verb === "expect") {
      return step.body.lines.flatMap(({ name: line, subject }) => {
        if (subject.kind === "estate")
          return unknownName(subject.name, Object.keys(head.estate), "target", [...path, line]);
        if (subject.kind === "reply") return unknownPerson(head, subject.name, [...path, line]);
        return [];
      });
    }
    const user: unknown = typeof step.body === "object" && "user" in step.body ? step.body.user : undefined;
    return typeof user === "string" ? unknownPerson(head, user, [...path, "user"]) : [];
  });
}

function targetProblems(head: DrillHead, given: { name: string; change: unknown }, path: Path): Problem[] {
  const unknown = unknownName(given.name, Object.keys(head.estate), "target", path);
  const kind = ESTATE_KINDS[head.estate[given.name]?.kind ?? ""];
  return unknown.length > 0 || kind === undefined ? unknown : problemsOf(kind.changes, given.change, path);
}

function unknownPerson(head: DrillHead, user: string, path: Path): Problem[] {
  // Without people of its own, a drill has those of its catalogue, which is read later.
  return head.people === undefined ? [] : unknownName(user, Object.keys(head.people), "person", path);
}

function unknownName(given: string, known: readonly string[], what: string, path: Path): Problem[] {
  if (known.includes(given)) return [];
  return [{ path, message: `there is no ${what} "${given}" in this drill.${hint(given, known)}` }];
}
