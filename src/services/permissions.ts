import { UserError } from "../base/errors.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { decideWho } from "../guard/decide.ts";
import { type GroupMembers, knowGroups, personKey } from "../guard/grants.ts";
import { allPlaced, needEnvironment, needJob, needPlaced, type Placed } from "../guard/names.ts";
import type { Connections } from "../jobs/connections.ts";
import type { Store } from "../store/store.ts";
import type { PermissionView, Services } from "./contract.ts";
import { findGaps } from "./permissions-gaps.ts";
import { type NamedPerson, personNamed } from "./permissions-people.ts";
import { askTargets } from "./permissions-targets.ts";

const SHOWN_ACTIONS = ["view", "run", "abort", "settle"] as const;

export interface PermissionsParts {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly connections: Connections;
  readonly groupMembers: GroupMembers;
}

/** Who may do what where, and why: by the catalogue, and by the targets' own word. */
export function createPermissions(parts: PermissionsParts): Services["permissions"] {
  const { store, catalogue, connections } = parts;
  return {
    show: async (asking, about) => {
      const self: NamedPerson = { ...asking.actor, key: personKey(catalogue, asking.actor) ?? asking.actor.key };
      const person = about.person === undefined ? self : await personNamed(store.db, catalogue, about.person);
      const groups = await knowGroups(catalogue, parts.groupMembers);
      const places = placesOf(catalogue, about);
      const words = await askTargets(
        connections,
        places.map((placed) => ({ placed, person })),
      );
      const lines = places.flatMap((placed, index) => {
        const { job, environment } = placed;
        return SHOWN_ACTIONS.map((action): PermissionView => {
          const decision = decideWho({ catalogue, groups, actor: person, wanted: { action, job, environment } });
          const word = action === "run" ? words[index] : undefined;
          return {
            job,
            environment,
            action,
            allowed: decision.kind === "allow",
            because: decision.kind === "allow" ? decision.because : decision.wayOut,
            own: word?.own.text ?? null,
            person: word?.person.text ?? null,
          };
        });
      });
      return { person: person.name, lines };
    },

    gaps: async () => {
      const { rota } = catalogue;
      if (rota === undefined) {
        throw new UserError("invalid", {
          code: "no_rota",
          message: "The catalogue does not say who is on the rota.",
          wayOut: "Add `rota: <a group>` to the catalogue.",
        });
      }
      return findGaps(parts, rota);
    },
  };
}

function placesOf(catalogue: Catalogue, about: { job?: string; environment?: string }): Placed[] {
  if (about.job !== undefined && about.environment !== undefined) {
    return [needPlaced(catalogue, { job: about.job, environment: about.environment })];
  }
  const job = about.job === undefined ? null : needJob(catalogue, about.job).name;
  const environment = about.environment === undefined ? null : needEnvironment(catalogue, about.environment).name;
  return allPlaced(catalogue).filter(
    (placed) => (job === null || placed.job === job) && (environment === null || placed.environment === environment),
  );
}
