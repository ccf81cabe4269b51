import { messageOf } from "../base/errors.ts";
import type { Placed } from "../guard/names.ts";
import { askAll } from "../jobs/ask.ts";
import type { Connections } from "../jobs/connections.ts";
import type { PermissionAnswer } from "../jobs/connectors/contract.ts";
import type { NamedPerson } from "./permissions-people.ts";

const ASK_TARGETS_MS = 3_000;

/** One answer of a target, and the sentence for it. */
export interface TargetSays {
  readonly answer: PermissionAnswer;
  readonly text: string;
}

export interface AskedTarget {
  readonly placed: Placed;
  readonly person: NamedPerson;
}

/**
 * Asks each target what Nightdesk's own token may run there and what the person holds there, all within one bound. The
 * same question is asked once.
 */
export async function askTargets(
  connections: Connections,
  asked: readonly AskedTarget[],
): Promise<{ own: TargetSays; person: TargetSays }[]> {
  const own = once((placed: Placed) => askOne(connections, { placed, person: null }), keyOf);
  const person = once(
    (one: AskedTarget) => askOne(connections, one),
    (one) => `${keyOf(one.placed)} ${one.person.key}`,
  );
  return askAll(asked, {
    ask: async (one) => {
      const [mine, theirs] = await Promise.all([own(one.placed), person(one)]);
      return { own: mine, person: theirs };
    },
    late: ({ placed }) => {
      const late = says({
        kind: "not_known",
        why: `${placed.place.target} did not answer within ${ASK_TARGETS_MS / 1_000} s`,
      });
      return { own: late, person: late };
    },
    withinMs: ASK_TARGETS_MS,
  });
}

async function askOne(
  connections: Connections,
  { placed, person }: { placed: Placed; person: NamedPerson | null },
): Promise<TargetSays> {
  const connection = connections.of(placed.place.target);
  if (connection === null) return says({ kind: "not_known", why: "its connector is not built yet" });
  const about = { job: placed.job, environment: placed.environment, name: placed.name };
  const who =
    person === null
      ? null
      : { key: person.key, target: person.key, ...(person.email === undefined ? {} : { email: person.email }) };
  try {
    const answer =
      who === null
        ? await connection.ownPermission(about, "run")
        : await connection.personPermission(about, "run", who);
    return says(answer);
  } catch (error) {
    return says({ kind: "not_known", why: messageOf(error) });
  }
}

function says(answer: PermissionAnswer): TargetSays {
  switch (answer.kind) {
    case "yes":
      return { answer, text: `yes: ${answer.evidence}` };
    case "no":
      return { answer, text: `no: ${answer.evidence}${answer.wayOut === undefined ? "" : `. ${answer.wayOut}`}` };
    case "not_known":
      return { answer, text: `not known: ${answer.why}` };
  }
}

function once<Question, Answer>(
  ask: (question: Question) => Promise<Answer>,
  keyed: (question: Question) => string,
): (question: Question) => Promise<Answer> {
  const asked = new Map<string, Promise<Answer>>();
  return (question) => {
    const key = keyed(question);
    const known = asked.get(key);
    if (known !== undefined) return known;
    const answer = ask(question);
    asked.set(key, answer);
    return answer;
  };
}

const keyOf = (placed: Placed): string => `${placed.place.target} ${placed.name}`;
