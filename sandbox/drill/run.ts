import type { Postgres } from "../postgres.ts";
import { type Drill, readDrill } from "./parse.ts";
import { playSteps, type StepReport } from "./play.ts";
import { type Stage, setStage } from "./stage.ts";
import { DrillFileError } from "./yaml.ts";

export interface DrillResult {
  /** The drill's title; the file's name when the file cannot be read. */
  readonly drill: string;
  readonly ok: boolean;
  readonly steps: number;
  readonly failed: number;
  readonly ms: number;
}

export interface RunOptions {
  readonly postgres: () => Promise<Pick<Postgres, "url">>;
  readonly onStep: (report: StepReport, drill: string) => void;
  readonly logFolder?: string | undefined;
  /** Called at the end with the stage still up, which stays so until the returned promise resolves. */
  readonly onEnd?: ((stage: Stage, result: DrillResult) => Promise<void>) | undefined;
}

/** Reads a drill's file, plays it on a stage of its own and takes the stage down. Throws nothing: all is reported. */
export async function runDrill(file: string, options: RunOptions): Promise<DrillResult> {
  const startedAt = Date.now();
  const result = (drill: string, steps: number, failed: number): DrillResult => ({
    drill,
    ok: failed === 0,
    steps,
    failed,
    ms: Date.now() - startedAt,
  });
  let title = file;
  const notPlayed = (kind: string, message: string): DrillResult => {
    options.onStep({ step: 0, kind, ok: false, ms: Date.now() - startedAt, message }, title);
    return result(title, 0, 1);
  };
  let drill: Drill;
  try {
    drill = readDrill(file);
  } catch (error) {
    if (error instanceof DrillFileError) return notPlayed("file", error.message);
    throw error;
  }
  title = drill.drill;
  let stage: Stage;
  try {
    stage = await setStage(drill, { postgres: await options.postgres(), logFolder: options.logFolder });
  } catch (error) {
    return notPlayed("stage", error instanceof Error ? error.message : String(error));
  }
  try {
    options.onStep({ step: 0, kind: "stage", ok: true, ms: Date.now() - startedAt, message: "all is up" }, title);
    const failed = await playSteps(drill, stage, (report) => options.onStep(report, title));
    const played = result(title, drill.steps.length, failed);
    await options.onEnd?.(stage, played);
    return played;
  } finally {
    await stage.close();
  }
}
