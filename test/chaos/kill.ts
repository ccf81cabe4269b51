import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DeskOptions, setDesk } from "../journeys/desk.ts";
import type { Scenario } from "./scenarios.ts";

export interface Outcome {
  /** What the process did, in order, until it was killed or all was done. */
  readonly points: readonly string[];
  /** False when the play was over before the process had come that far. */
  readonly killed: boolean;
  readonly problems: readonly string[];
  readonly ms: number;
}

const PRELOAD = fileURLToPath(new URL("kill.mjs", import.meta.url));
/** A desk's process compiles the same files again and again: kept between them. */
const COMPILED = join(tmpdir(), "nightdesk-chaos-compiled");

/**
 * Plays a scenario against a process that is killed at its `at`-th point (0: never), and against the one that is started
 * in its place. Slack keeps the events that nobody takes meanwhile and brings them afterwards.
 */
export async function playWithKill(
  scenario: Scenario,
  given: { readonly at: number } & Pick<DeskOptions, "server" | "template" | "logFolder">,
): Promise<Outcome> {
  const startedAt = Date.now();
  const folder = await mkdtemp(join(tmpdir(), "nightdesk-chaos-"));
  const file = join(folder, "points");
  const desk = await setDesk({ ...given, eventRetryDelaysMs: [300, 900, 900], jobTakes: "1s" });
  let over = false;
  try {
    const more = { NODE_COMPILE_CACHE: COMPILED };
    const victim = await desk.open({
      ...more,
      NODE_OPTIONS: `--import=${PRELOAD}`,
      KILL_AT: String(given.at),
      KILL_POINTS: file,
    });
    const replaced = victim.ended.then(async () => {
      if (over) return;
      desk.workspace.eventsDown(true);
      await desk.open(more);
      desk.workspace.eventsDown(false);
    });
    await Promise.race([scenario.play(desk), replaced.then(() => new Promise<never>(() => {}))]);
    const problems = await scenario.problems(desk);
    return { points: linesOf(file), killed: !victim.running(), problems, ms: Date.now() - startedAt };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { points: linesOf(file), killed: true, problems: [problem], ms: Date.now() - startedAt };
  } finally {
    over = true;
    await desk.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n");
  } catch {
    return [];
  }
}
