import { cdc } from "./cdc.ts";
import type { EstateKind, EstateWorld, Target } from "./contract.ts";
import { ecs } from "./ecs.ts";
import { entityStore } from "./entity-store.ts";
import { github } from "./github.ts";
import { stagedSync } from "./staged-sync.ts";
import { tisSync } from "./tis-sync.ts";

/** The kinds of targets, by the name that `kind:` gives. */
export const ESTATE_KINDS: Readonly<Record<string, EstateKind>> = Object.fromEntries(
  [tisSync, stagedSync, ecs, entityStore, cdc, github].map((kind) => [kind.name, kind]),
);

/** Kinds that the language of drills knows and that are not here yet. */
export const LATER_KINDS = ["confluence", "jira", "teams"] as const;

/** Starts a target of that kind. `options` is its entry in the drill without `kind`; throws a `ZodError` on a wrong one. */
export function startEstate(kind: string, options: unknown, world: EstateWorld): Promise<Target> {
  const found = ESTATE_KINDS[kind];
  if (found === undefined) throw new Error(`there is no estate kind "${kind}"`);
  return found.start(options, world);
}

export type { EstateKind, EstateWorld, Target } from "./contract.ts";
