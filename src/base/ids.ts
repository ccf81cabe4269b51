import { randomBytes, randomUUID } from "node:crypto";

declare const brand: unique symbol;
/** A value of type `T` that only its own kind may be passed for. */
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** Row id of an incident (not its number). */
export type IncidentId = Branded<number, "incident">;
/** Row id of a run (not its number). */
export type RunId = Branded<number, "run">;
export type TimelineEntryId = Branded<number, "timeline entry">;
export type SignalId = Branded<number, "signal">;
export type CommandRequestId = Branded<number, "command request">;

/** A random id that nobody can guess: confirmation tokens, worker names. */
export const newId = (): string => randomUUID();

/** A short reference that a person can read out: "our fault, reference 3f9a2c71". */
export const newReference = (): string => randomBytes(4).toString("hex");
