import { UserError } from "../base/errors.ts";
import { type KeptLetter, lettersNumbered, lettersOfQuestion, openLetters } from "../fanout/dead-letters.store.ts";
import { lookAt, targetsWithDeadLetters } from "../fanout/dead-letters.ts";
import type { Authorise } from "../guard/authorise.ts";
import { allPlaced, needPlaced, type Placed } from "../guard/names.ts";
import type { Asking } from "./contract.ts";
import type { DeadLetterParts } from "./dead-letters.ts";
import type { DeadLettersOf } from "./fanouts-contract.ts";

/** So many letters one redrive takes. */
const MOST_REDRIVEN = 1_000;

/** Every job in every environment whose target this is. */
export const placesOf = ({ looking }: DeadLetterParts, target: string): Placed[] =>
  allPlaced(looking.catalogue).filter((placed) => placed.place.target === target);

/** A queue is everybody's whose jobs use it: who touches it needs the grant for each of these. */
export async function mayAll(
  parts: DeadLetterParts,
  asking: Asking,
  act: { target: string; action: "view" | "resync"; audit: string },
): ReturnType<Authorise["need"]> {
  const { action, audit, target } = act;
  const [first, ...others] = placesOf(parts, target);
  const details = { target };
  const allowed = await parts.authorise.need(asking, { action, audit, details, ...placeOf(first) });
  for (const other of others) await parts.authorise.need(asking, { action, audit, details, ...placeOf(other) });
  return allowed;
}

const placeOf = (placed: Placed | undefined) =>
  placed === undefined ? {} : { job: placed.job, environment: placed.environment };

/** Throws when it shows no dead letters, with those that do. */
export function targetOf({ looking }: DeadLetterParts, about: DeadLettersOf): string {
  const { catalogue, connections } = looking;
  const target =
    about.target ?? needPlaced(catalogue, { job: about.job ?? "", environment: about.environment ?? "" }).place.target;
  if (connections.of(target)?.capabilities.deadLetters === true) return target;
  const known = Object.hasOwn(catalogue.targets, target);
  const others = targetsWithDeadLetters(looking);
  throw new UserError(known ? "unsupported" : "not_found", {
    code: known ? "no_dead_letters" : "target_not_found",
    message: known ? `${target} shows no dead letters.` : `There is no target ${target}.`,
    ...(others.length === 0 ? {} : { wayOut: `Those that do: ${others.join(", ")}.` }),
  });
}

/** The target named, or every one that the asker may see. */
export async function visibleTargets(parts: DeadLetterParts, asking: Asking, about: DeadLettersOf): Promise<string[]> {
  if (about.target !== undefined || about.job !== undefined) {
    const target = targetOf(parts, about);
    await mayAll(parts, asking, { target, action: "view", audit: "dlq.view" });
    return [target];
  }
  const found: string[] = [];
  for (const target of targetsWithDeadLetters(parts.looking)) {
    const words = await Promise.all(
      placesOf(parts, target).map(({ job, environment }) =>
        parts.authorise.may(asking.actor, { action: "view", job, environment }),
      ),
    );
    if (words.every((word) => word.kind === "allow")) found.push(target);
  }
  return found;
}

/** The one queue that is meant: by name, by job and environment, by the letters named, or the only one there is. */
export async function meantTarget(
  parts: DeadLetterParts,
  asking: Asking,
  wanted: DeadLettersOf & { readonly numbers: readonly number[] },
): Promise<string> {
  if (wanted.target !== undefined || wanted.job !== undefined) return targetOf(parts, wanted);
  const letters = await lettersNumbered(parts.looking.store.db, await askedFor(parts, asking, wanted.numbers));
  const named = [...new Set(letters.map((letter) => letter.target))];
  const [target, ...others] = named.length > 0 ? named : targetsWithDeadLetters(parts.looking);
  if (target !== undefined && others.length === 0) return target;
  throw new UserError("usage", {
    code: "which_queue",
    message: target === undefined ? "No target of the catalogue shows its dead letters." : "Which queue?",
    ...(target === undefined ? {} : { wayOut: `Name the target: ${[target, ...others].join(", ")}.` }),
  });
}

/** What was shown is what is sent: an answer is about the letters of its question. */
const askedFor = ({ looking }: DeadLetterParts, asking: Asking, numbers: readonly number[]) =>
  asking.confirmation === undefined ? numbers : lettersOfQuestion(looking.store.db, asking.confirmation.id);

/** The letters to send back. Throws when one is not there (any more), or none is named. */
export async function chosenLetters(
  parts: DeadLetterParts,
  asking: Asking,
  wanted: { readonly target: string; readonly numbers: readonly number[]; readonly all: boolean },
): Promise<KeptLetter[]> {
  const { db } = parts.looking.store;
  const answered = asking.confirmation !== undefined;
  if (!answered && wanted.all) return allLetters(parts, wanted.target);
  const ids = await askedFor(parts, asking, wanted.numbers);
  const letters = await lettersNumbered(db, ids);
  const missing = ids.find((id) => !letters.some((letter) => letter.id === id));
  if (missing !== undefined) throw noLetter(missing);
  if (letters.length === 0) {
    throw new UserError("usage", {
      code: "which_letters",
      message: "Which messages?",
      wayOut: "Give their numbers, or --all. `/sync dlq list` shows them.",
    });
  }
  const away = letters.find((one) => one.target !== wanted.target || one.redrivenAt !== null || one.goneAt !== null);
  if (away === undefined || answered) return letters;
  throw new UserError("conflict", {
    code: "letter_gone",
    message: `Message ${away.id} is not in the queue of ${wanted.target}${away.fate === null ? "" : `: ${away.fate}`}.`,
    wayOut: "`/sync dlq list` shows what is.",
  });
}

async function allLetters({ looking }: DeadLetterParts, target: string): Promise<KeptLetter[]> {
  await lookAt(looking, target);
  const letters = (await openLetters(looking.store.db, target, MOST_REDRIVEN)).filter((letter) => !letter.asked);
  if (letters.length > 0) return letters;
  throw new UserError("conflict", { code: "no_letters", message: `No dead letter of ${target} is known.` });
}

export const noLetter = (number: number): UserError =>
  new UserError("not_found", {
    code: "letter_not_found",
    message: `There is no dead letter ${number}.`,
    wayOut: "`/sync dlq list` shows them.",
  });
