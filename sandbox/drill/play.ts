import { fill } from "./fill.ts";
import { judge } from "./judge.ts";
import type { Difference } from "./match.ts";
import type { Drill, Step } from "./parse.ts";
import { readSubjects } from "./read.ts";
import { moveThrough, settledButForCards } from "./settle.ts";
import type { Stage } from "./stage.ts";
import { aroundActs, shorten } from "./verbs/around.ts";
import { slackActs } from "./verbs/slack.ts";
import { sendWebhook } from "./verbs/webhook.ts";

/** One line of the report. */
export interface StepReport {
  /** From 1; 0 is the setting of the stage. */
  readonly step: number;
  readonly kind: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly message: string;
}

/** An expectation that did not hold; the drill goes on, because what follows may tell more. */
class NotMet extends Error {
  override readonly name = "NotMet";
}

/**
 * Plays the steps in order. An expectation that does not hold is counted and the drill goes on; an act that cannot be
 * carried out ends it, since nothing after it would mean what it says. Returns how many steps failed.
 */
export async function playSteps(drill: Drill, stage: Stage, onStep: (report: StepReport) => void): Promise<number> {
  let failed = 0;
  for (const [index, step] of drill.steps.entries()) {
    const startedAt = Date.now();
    const report = (ok: boolean, message: string) =>
      onStep({ step: index + 1, kind: step.verb, ok, ms: Date.now() - startedAt, message });
    try {
      report(true, await playStep(step, drill, stage));
    } catch (error) {
      failed++;
      const trouble = stage.processes.trouble();
      const message = error instanceof Error ? error.message : String(error);
      report(false, `${drill.file}:${step.place}: ${message}${trouble === null ? "" : `\n${trouble}`}`);
      if (!(error instanceof NotMet)) return failed;
    }
  }
  return failed;
}

async function playStep(step: Step, drill: Drill, stage: Stage): Promise<string> {
  switch (step.verb) {
    case "expect":
      return expectation(step.body, stage);
    case "clock": {
      const target = "to" in step.body ? step.body.to : stage.now() + step.body.advance;
      if (target < stage.now()) throw new Error(`drill time is ${instant(stage.now())} already and never goes back`);
      const stops = await moveThrough(stage, target);
      return `${instant(target)}${stops === 0 ? "" : ` (${stops} ${stops === 1 ? "stop" : "stops"})`}`;
    }
    case "webhook":
      return sendWebhook(fill(step.body, stage.names), { url: stage.url, catalogue: secrets(stage), file: drill.file });
    case "slack":
    case "say":
    case "edit":
    case "delete":
    case "react":
    case "upload":
    case "press":
    case "submit":
    case "shortcut":
      return slackAct(step, stage);
    default:
      return aroundAct(step, stage);
  }
}

/** The table's type ties each verb to its body; the compiler loses that tie on a union, so it is stated once here. */
function slackAct(step: Extract<Step, { verb: keyof typeof slackActs }>, stage: Stage): Promise<string> {
  const act = slackActs[step.verb] as (body: unknown, stage: Stage) => Promise<string>;
  return act(fill<unknown>(step.body, stage.names), stage);
}

function aroundAct(step: Extract<Step, { verb: keyof typeof aroundActs }>, stage: Stage): Promise<string> {
  const act = aroundActs[step.verb] as (body: unknown, stage: Stage) => Promise<string>;
  return act(fill<unknown>(step.body, stage.names), stage);
}

/** The catalogue with the values that Nightdesk reads from its environment. */
function secrets(stage: Stage): Record<string, unknown> {
  return fill({ ...stage.catalogue }, { env: stage.names.env });
}

async function expectation(body: Extract<Step, { verb: "expect" }>["body"], stage: Stage): Promise<string> {
  const lines = body.lines.map((line) => ({ ...line, expected: fill<unknown>(line.expected, stage.names) }));
  const verdict = await judge({
    ...body,
    lines,
    read: (wanted) => readSubjects(stage, wanted),
    settled: settledButForCards(stage),
    machineNow: Date.now,
    sleep: (ms) => new Promise((done) => setTimeout(done, ms)),
  });
  const about = lines.map(({ name }) => name).join(", ");
  if (verdict.ok) return about;
  const told = [...verdict.differences.map(difference), ...verdict.waiting.map((one) => `still waiting for: ${one}`)];
  throw new NotMet(`${about}\n${told.map((line) => `    ${line}`).join("\n")}`);
}

function difference({ path, expected, actual }: Difference): string {
  return `${path}: expected ${shorten(expected)}, is ${shorten(actual, 1_000)}`;
}

function instant(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
