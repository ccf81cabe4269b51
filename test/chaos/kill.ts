import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { watchLeftovers } from "../../sandbox/leftovers.ts";
import { type Desk, type DeskOptions, setDesk } from "../journeys/desk.ts";
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
/** The points that were reached, and what all the processes compiled; gone when this process ends, however it ends. */
const FOLDER = mkdtempSync(join(tmpdir(), "nightdesk-chaos-"));
watchLeftovers().folder(FOLDER);

/**
 * Plays a scenario against a process that is killed at its `at`-th point (0: never; a text: the first such point), and
 * against the one that is started in its place. Slack keeps the events that nobody takes meanwhile and brings them afterwards.
 */
export async function playWithKill(
  scenario: Scenario,
  given: { readonly at: number | string } & Pick<DeskOptions, "server" | "template" | "logFolder">,
): Promise<Outcome> {
  const startedAt = Date.now();
  const file = join(FOLDER, randomUUID());
  let desk: Desk | undefined;
  let over = false;
  try {
    const here = await setDesk({ ...given, eventRetryDelaysMs: [300, 900, 900], jobTakes: "1s" });
    desk = here;
    const more = { NODE_COMPILE_CACHE: join(FOLDER, "compiled") };
    const victim = await here.open({
      ...more,
      NODE_OPTIONS: `--import=${PRELOAD}`,
      KILL_AT: String(given.at),
      KILL_POINTS: file,
    });
    const replaced = victim.ended.then(async () => {
      if (over) return;
      here.workspace.eventsDown(true);
      await here.open(more);
      here.workspace.eventsDown(false);
    });
    await Promise.race([scenario.play(here), replaced.then(() => new Promise<never>(() => {}))]);
    const problems = await scenario.problems(here);
    return { points: linesOf(file), killed: !victim.running(), problems, ms: Date.now() - startedAt };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { points: linesOf(file), killed: true, problems: [problem], ms: Date.now() - startedAt };
  } finally {
    over = true;
    await desk?.close();
  }
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n");
  } catch {
    return [];
  }
}

/** Plays all of `ats`, so many at a time, and tells of each as it ends. */
export async function playAll(
  ats: readonly (number | string)[],
  lanes: number,
  play: (at: number | string) => Promise<void>,
): Promise<void> {
  const left = [...ats];
  const lane = async () => {
    for (let at = left.shift(); at !== undefined; at = left.shift()) await play(at);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, ats.length) }, lane));
}
