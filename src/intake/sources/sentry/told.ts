import type { Catalogue } from "../../../config/catalogue.ts";
import { namesOf } from "../../../config/names.ts";
import { type Fields, isFields, tagsOf, textOf } from "../../reading.ts";
import type { Delivery, Parsed, Signal } from "../contract.ts";

/** What a delivery of Sentry's says, and what it is read by. */
export interface Told {
  readonly delivery: Delivery;
  readonly action: string;
  readonly data: Fields;
  /** Who did it, where a person or another integration did. */
  readonly actor: Fields;
  readonly catalogue: Catalogue;
  /** Monitors of Sentry's Crons (slug or name) and the jobs that they watch. */
  readonly crons: Readonly<Record<string, string>>;
}

export const ignored = ({ delivery, action }: Told): Parsed => ({
  kind: "ignored",
  reason: `${delivery.resource ?? ""}.${action} concerns no incident`,
});

export const refused = (reason: string): Parsed => ({ kind: "refused", reason });
export const signals = (...all: readonly Signal[]): Parsed => ({ kind: "signals", signals: all });

/** The first name that the catalogue knows, else the first that is a name and not a number. */
export function serviceOf(candidates: readonly unknown[], catalogue: Catalogue): string | undefined {
  const named = candidates.map(textOf).filter((name) => name !== undefined);
  return knownService(named, catalogue) ?? named.find((name) => !/^\d+$/.test(name)) ?? named[0];
}

export function knownService(candidates: readonly unknown[], catalogue: Catalogue): string | undefined {
  const names = namesOf(catalogue);
  const named = candidates.map(textOf).filter((name) => name !== undefined);
  return named.find((name) => Object.hasOwn(catalogue.services, names.service(name)));
}

export function webUrl(...candidates: readonly unknown[]): string | undefined {
  return candidates.map(textOf).find((url) => url !== undefined && /^https?:\/\//.test(url));
}

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Sentry's own facts beside the sender's tags: first, so that no number of tags pushes them out, and never overruled. */
export function tagged(
  own: Readonly<Record<string, unknown>>,
  tags: Readonly<Record<string, string>>,
): Record<string, string> {
  const facts = tagsOf(own);
  return { ...facts, ...tags, ...facts };
}

/** The person who did it in Sentry; nobody where Sentry itself did, or an integration (Nightdesk's own acts come back so). */
export function personOf(actor: Fields): string | undefined {
  return actor["type"] === "user" ? textOf(actor["name"]) : undefined;
}

/** `assignedTo` of an issue: a person or a team. */
export function assigneeOf(issue: Fields): string | undefined {
  const to = issue["assignedTo"];
  if (!isFields(to)) return textOf(to);
  const name = textOf(to["name"]) ?? textOf(to["email"]);
  return to["type"] === "team" && name !== undefined ? `the team ${name}` : name;
}
