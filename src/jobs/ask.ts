import { messageOf } from "../base/errors.ts";
import type { TargetWord } from "../guard/decide.ts";
import type { Connection, Intent } from "./connectors/contract.ts";

/** At most this many questions to targets at a time. */
const AT_ONCE = 16;

/** The answer, or `late` when it takes longer than `withinMs` (machine time). A question that fails, fails. */
export async function bounded<T>(answer: Promise<T>, withinMs: number, late: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late()), withinMs);
  });
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks one question of each item, some at a time, all within one bound; `late` answers for those that do not make it. */
export async function askAll<Item, Answer>(
  items: readonly Item[],
  how: { ask: (item: Item) => Promise<Answer>; late: (item: Item) => Answer; withinMs: number },
): Promise<Answer[]> {
  let over = false;
  const answers = new Map<number, Answer>();
  const rest = [...items.entries()];
  const worker = async () => {
    for (let next = rest.shift(); next !== undefined && !over; next = rest.shift()) {
      const [index, item] = next;
      const answer = await how.ask(item);
      if (!over) answers.set(index, answer);
    }
  };
  const all = Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  await bounded(
    all.then(() => undefined),
    how.withinMs,
    () => undefined,
  );
  over = true;
  return items.map((item, index) => answers.get(index) ?? how.late(item));
}

/** The target's own word on whether the job may be started there: it is asked, and never believed to be free unasked. */
export async function targetWord(
  connection: Connection | null,
  intent: Intent,
  withinMs: number,
): Promise<Exclude<TargetWord, { kind: "running" }> | { kind: "running"; evidence: string }> {
  if (connection === null) return { kind: "not_known", why: "its connector is not built yet" };
  const asked = connection.look(intent).then(
    (seen): Awaited<ReturnType<typeof targetWord>> => {
      if (seen.phase === "running") return { kind: "running", evidence: seen.evidence };
      if (seen.phase === "unknown" || seen.phase === "not_found") return { kind: "not_known", why: seen.evidence };
      return { kind: "free" };
    },
    (error: unknown) => ({ kind: "not_known" as const, why: messageOf(error) }),
  );
  return bounded(asked, withinMs, () => ({ kind: "not_known", why: `no answer within ${withinMs / 1_000} s` }));
}
