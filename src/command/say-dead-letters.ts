import type { Instant } from "../base/clock.ts";
import { lasting } from "../base/duration.ts";
import type { DeadLetterQueueView, DeadLetterView, Redrive } from "../services/fanouts-contract.ts";
import type { Answer, AnswerSection } from "./answer.ts";
import type { Data } from "./data.ts";
import { count, escaped, near } from "./format.ts";
import { shortened } from "./say.ts";

/** How dead letters are called, the same in every answer. */

const SHOWN = 10;
const BODY = 100;
const WHOLE = 2_500;

const STATES = {
  there: "lies there",
  asked: "is to go back",
  redriven: "went back",
  failed: "did not go back",
  gone: "is gone",
  expired: "is gone: its time was over",
} as const satisfies Record<DeadLetterView["state"], string>;

export function queuesAnswer(queues: readonly DeadLetterQueueView[], now: Instant): Answer {
  const total = queues.reduce((sum, queue) => sum + queue.count, 0);
  const troubled = queues.some((queue) => queue.trouble !== null);
  return {
    tone: "info",
    text:
      queues.length === 0
        ? "No target that you may see shows its dead letters."
        : total === 0
          ? troubled
            ? "No dead letters are known, and not every queue could be looked at."
            : "No dead letters."
          : `${count(total, "dead letter")}. A copy of each that was seen is kept.`,
    sections: queues.flatMap((queue) => queueSection(queue, now)),
    data: { queues: queues.map(queueData) },
  };
}

function queueSection(queue: DeadLetterQueueView, now: Instant): AnswerSection[] {
  if (queue.count === 0 && queue.letters.length === 0 && queue.trouble === null) return [];
  const forgets =
    queue.firstExpiresAt === null ? "" : `; the queue forgets the oldest ${near(queue.firstExpiresAt, now)}`;
  const trouble = queue.trouble === null ? [] : [`:warning: It could not be looked at: ${escaped(queue.trouble)}`];
  const lines = queue.letters.map((letter) => letterLine(letter, now));
  return [
    {
      title: `${escaped(queue.queue ?? queue.target)} (${escaped(queue.target)}): ${count(queue.count, "message")}${forgets}`,
      lines: [...trouble, ...shortened(lines, SHOWN, "`/sync dlq show N` shows one.")],
    },
  ];
}

function letterLine(letter: DeadLetterView, now: Instant): string {
  const when = letter.sentAt === null ? "" : ` ${near(letter.sentAt, now)}`;
  const state = letter.state === "there" ? "" : ` _${STATES[letter.state]}_`;
  return `*${letter.number}*${when}${state} ${escaped(brief(letter.body))}`;
}

const brief = (body: string): string => {
  const line = body.replace(/\s+/g, " ").trim();
  return line.length > BODY ? `${line.slice(0, BODY - 1)}…` : line;
};

export function letterAnswer(letter: DeadLetterView, now: Instant): Answer {
  const attributes = Object.entries(letter.attributes).map(
    ([name, value]) => `${escaped(name)}: ${escaped(brief(value))}`,
  );
  const expires = letter.expiresAt === null ? [] : [`The queue forgets it ${near(letter.expiresAt, now)}.`];
  return {
    tone: "info",
    text: `*Message ${letter.number}* of ${escaped(letter.queue)} ${STATES[letter.state]}.`,
    sections: [
      {
        lines: [...(letter.fate === null ? [] : [escaped(letter.fate)]), ...(letter.state === "there" ? expires : [])],
      },
      {
        title: "What it says",
        lines: [`\`\`\`${escaped(letter.body.slice(0, WHOLE)).replaceAll("```", "'''")}\`\`\``],
      },
      ...(attributes.length === 0 ? [] : [{ title: "Attributes", lines: attributes }]),
    ].filter(({ lines }) => lines.length > 0),
    data: { letter: letterData(letter) },
  };
}

export function redriveAnswer(redrive: Redrive, now: Instant): Answer {
  const { letters, rate, dryRun } = redrive;
  const takes = lasting(Math.ceil(letters.length / rate) * 1_000);
  const what = `${count(letters.length, "message")} of ${escaped(letters[0]?.queue ?? "the queue")}`;
  return {
    tone: "info",
    text: dryRun
      ? `${what} would go back, ${rate} a second (about ${takes}). Nothing was sent.`
      : `${what} ${letters.length === 1 ? "is" : "are"} sent back, ${rate} a second (about ${takes}). \`/sync dlq show N\` says what became of each.`,
    sections: [
      {
        lines: shortened(
          letters.map((letter) => letterLine(letter, now)),
          SHOWN,
          "",
        ),
      },
    ],
    data: { redrive: { dryRun, rate, letters: letters.map(letterData) } },
  };
}

const queueData = (queue: DeadLetterQueueView): Data => ({
  target: queue.target,
  queue: queue.queue,
  count: queue.count,
  oldestSentAt: queue.oldestSentAt?.toString() ?? null,
  firstExpiresAt: queue.firstExpiresAt?.toString() ?? null,
  trouble: queue.trouble,
  letters: queue.letters.map(letterData),
});

const letterData = (letter: DeadLetterView): Data => ({
  ...letter,
  sentAt: letter.sentAt?.toString() ?? null,
  expiresAt: letter.expiresAt?.toString() ?? null,
});
