import type { Random } from "../random.ts";
import type { World } from "../world.ts";

/** `count` moments between two, in order. */
export function moments(random: Random, span: { from: number; to: number; count: number }): number[] {
  return Array.from({ length: span.count }, () => random.int(span.from, span.to)).sort((a, b) => a - b);
}

export const minutes = (count: number): number => count * 60;
export const hours = (count: number): number => count * 3_600;

/** `permitKind` from `permit` and `kind`. */
export const camel = (...words: readonly string[]): string =>
  words.map((word, n) => (n === 0 ? word : `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)).join("");
export const pascal = (...words: readonly string[]): string => {
  const text = camel(...words);
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
};

/** Errors that every estate has at any time, each with a cause of its own. */
export function everydayError(world: World, random: Random): { type: string; value: string } {
  const thing = world.thing();
  return random.pick([
    { type: "NullPointerException", value: `Cannot invoke "${pascal(thing)}.getOwner()" because "${thing}" is null` },
    { type: "TypeError", value: `Cannot read properties of undefined (reading '${camel(thing, "name")}')` },
    { type: "KeyError", value: `'${thing}_region'` },
    { type: "ValidationError", value: `${thing} end date is before its start date` },
    { type: "DuplicateKeyException", value: `duplicate key value violates unique constraint "${thing}_reference_key"` },
    { type: "AccessDeniedException", value: `not authorised to read the bucket acme-${thing}-files` },
    { type: "JSONDecodeError", value: `Expecting value: line 1 column 1 in ${thing}.json` },
    { type: "OutOfMemoryError", value: `Java heap space while rendering ${thing} report` },
    { type: "ZeroDivisionError", value: `division by zero in ${thing}_share` },
    { type: "TemplateError", value: `${thing}.html: variable "reference" is not defined` },
  ]);
}

/** Other things happen at the same time, as they do: single errors of services that nobody else speaks of. */
export function noise(world: World, random: Random, span: { from: number; to: number; count: number }): void {
  for (const at of moments(random, span)) {
    const service = world.service();
    const error = everydayError(world, random);
    world.sentry({ at, label: `${service} has a bug of its own`, service, ...error });
  }
}
