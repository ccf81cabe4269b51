import { KINDS } from "./kinds/index.ts";
import { randomOf } from "./random.ts";
import type { Kind, Storm } from "./storm.ts";
import { createWorld } from "./world.ts";

const FIRST_DAY_MS = Date.parse("2024-03-04T00:00:00Z");

/** The same night for the same kind and seed. */
export function stormOf(kind: Kind, seed: string): Storm {
  const random = randomOf(`${kind.kind} ${seed}`);
  const world = createWorld(random);
  const startsAt = new Date(FIRST_DAY_MS + random.int(0, 90) * 86_400_000 + random.int(0, 5 * 3_600) * 1_000);
  kind.tell(world, random);
  return {
    kind: kind.kind,
    seed,
    startsAt: startsAt.toISOString(),
    catalogue: world.catalogue(),
    deliveries: world.deliveries(),
  };
}

/** `each` storms of every kind; `seed` names the whole corpus. */
export function corpusOf(seed: string, each: number): Storm[] {
  return KINDS.flatMap((kind) => Array.from({ length: each }, (_, n) => stormOf(kind, `${seed}-${n + 1}`)));
}

/** The corpus that is the same for ever: its table can be compared from version to version. */
export const FIXED_SEED = "fixed";
