import { advance } from "./advance.ts";
import type { Settled } from "./judge.ts";
import type { Stage } from "./stage.ts";

/** How long each instant of an advance may take to be dealt with, in machine time. */
const PATIENCE_MS = 30_000;
/** While a step has taken something away, work waits for it to come back: the night goes on all the same. */
const IMPATIENCE_MS = 1_500;
const READING_MS = 2_000;
/**
 * A card is edited once in three seconds of the machine's time, because Slack counts; a run of hours is looked at some
 * hundred times. Time does not wait for each edit: what the card says in the end is what an `expect` waits for.
 */
const CARD_MS = 60;

/** A person reads before he answers: waits until nothing is under way any more, for two seconds at most. */
export async function calm(stage: Stage): Promise<void> {
  const deadline = Date.now() + READING_MS;
  while (Date.now() < deadline && !(await settledNow(stage)).settled) {
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** Who types next has read what was answered before: waits until every command has its answer, for two seconds at most. */
export async function answersRead(stage: Stage): Promise<void> {
  const deadline = Date.now() + READING_MS;
  while (Date.now() < deadline && (await stage.api.settled()).waiting.some((one) => one.startsWith("command "))) {
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** Whether all is done: Slack's callbacks, the inbox, the outbox, due work, and the targets' own doings. */
export async function settledNow(stage: Stage): Promise<Settled> {
  const trouble = stage.processes.trouble();
  if (trouble !== null) return { settled: false, waiting: [trouble] };
  if (!(await quiet(stage))) return { settled: false, waiting: ["a call of Slack's to Nightdesk"] };
  for (const target of Object.values(stage.targets)) await target.tick();
  const nightdesk = await stage.api.settled();
  if (!nightdesk.settled)
    return { settled: false, waiting: nightdesk.waiting.length > 0 ? nightdesk.waiting : ["Nightdesk"] };
  // What Nightdesk posted meanwhile may have caused a new callback.
  return (await quiet(stage))
    ? { settled: true, waiting: [] }
    : { settled: false, waiting: ["a call of Slack's to Nightdesk"] };
}

/** Moves drill time to that instant, letting everything that falls due on the way be done in its order. */
export function moveThrough(stage: Stage, target: number): Promise<number> {
  return advance(target, {
    now: stage.now,
    moveTo: stage.moveTo,
    nextDueAt: async () => {
      const own = Object.values(stage.targets).map((one) => one.nextDueAt());
      const due = [(await stage.api.settled()).nextDueAt, ...own].filter((at) => at !== null);
      return due.length === 0 ? null : Math.min(...due);
    },
    settle: () => untilSettled(stage),
  });
}

async function untilSettled(stage: Stage): Promise<void> {
  const crippled = stage.processes.down().length > 0 || stage.workspace.switches().outage;
  const deadline = Date.now() + (crippled ? IMPATIENCE_MS : PATIENCE_MS);
  let onlyCardsSince: number | null = null;
  for (;;) {
    for (const target of Object.values(stage.targets)) await target.tick();
    const { settled, waiting } = await settledNow(stage);
    if (settled) return;
    onlyCardsSince = onlyCards(waiting) ? (onlyCardsSince ?? Date.now()) : null;
    if (onlyCardsSince !== null && Date.now() - onlyCardsSince >= CARD_MS) return;
    if (Date.now() > deadline) {
      if (crippled) return;
      throw new Error(`time cannot go on, this is not being done: ${waiting.join("; ")}`);
    }
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** A card of a run that goes on is always about to be drawn again: within so long it was drawn once. */
const CARD_DRAWN_MS = 4_000;

/** The same, asked again and again by one `expect`: it does not wait for a run's card to be drawn for the last time. */
export function settledButForCards(stage: Stage): () => Promise<Settled> {
  let onlyCardsSince: number | null = null;
  return async () => {
    const found = await settledNow(stage);
    onlyCardsSince = onlyCards(found.waiting) ? (onlyCardsSince ?? Date.now()) : null;
    const drawn = onlyCardsSince !== null && Date.now() - onlyCardsSince >= CARD_DRAWN_MS;
    return drawn ? { settled: true, waiting: [] } : found;
  };
}

/** Whether nothing but cards of runs waits to be drawn again. */
export function onlyCards(waiting: readonly string[]): boolean {
  return waiting.length > 0 && waiting.every((one) => /^run-card \d+$/.test(one));
}

/** No callback under way right now. */
async function quiet(stage: Stage): Promise<boolean> {
  const later = new Promise<boolean>((done) => setTimeout(() => done(false), 250).unref());
  return Promise.race([stage.workspace.settled().then(() => true), later]);
}
