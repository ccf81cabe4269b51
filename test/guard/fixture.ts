import type { PersonActor } from "../../src/config/actor.ts";
import { type Catalogue, catalogueSchema } from "../../src/config/catalogue.ts";

/** A catalogue as people would write it, with what a test adds on top. */
export function catalogueOf(more: Record<string, unknown> = {}): Catalogue {
  return catalogueSchema.parse({
    version: 1,
    zone: "Europe/London",
    environments: {
      prod: { protected: true, look: "red", aliases: ["production"] },
      nimdta: { protected: true, look: "red" },
      preprod: { aliases: ["stage"] },
    },
    people: {
      asha: { name: "Asha Rao", slack: "U_ASHA", email: "asha@example.org" },
      ben: { name: "Ben Okoro", slack: "U_BEN" },
      carla: { name: "Carla Diaz", email: "carla@example.org" },
      dev: { name: "Dev Patel", slack: "U_DEV" },
    },
    groups: { "on-call": { members: ["ben"] }, leads: { slackGroup: "S_LEADS" } },
    rota: "on-call",
    roles: {
      operator: {
        members: ["asha", "on-call"],
        allow: [{ actions: ["view", "run"], jobs: ["*"], environments: ["prod", "preprod"] }],
      },
      stopper: { members: ["asha", "leads"], allow: [{ actions: ["abort", "settle"] }] },
      keeper: { members: ["carla"], allow: [{ actions: ["*"], environments: ["nimdta"] }] },
    },
    targets: { nothing: { connector: "noop" } },
    jobs: {
      "person-sync": {
        aliases: ["personElasticSearchSyncJob"],
        conflicts: ["person-rebuild"],
        environments: { prod: { target: "nothing" }, nimdta: { target: "nothing" }, preprod: { target: "nothing" } },
      },
      "person-rebuild": { environments: { prod: { target: "nothing" } } },
    },
    ...more,
  });
}

export const ASHA: PersonActor = {
  kind: "person",
  slack: "U_ASHA",
  name: "Asha Rao",
  key: "asha",
  email: "asha@example.org",
};
export const BEN: PersonActor = { kind: "person", slack: "U_BEN", name: "Ben Okoro", key: "ben" };
export const CARLA: PersonActor = {
  kind: "person",
  slack: "U_CARLA",
  name: "Carla Diaz",
  key: "carla",
  email: "Carla@example.org",
};
export const DEV: PersonActor = { kind: "person", slack: "U_DEV", name: "Dev Patel", key: "dev" };
/** Calls himself asha in Slack, and is not. */
export const IMPOSTOR: PersonActor = { kind: "person", slack: "U_EVE", name: "Asha Rao", key: "asha" };
