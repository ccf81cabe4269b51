import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import type { PersonActor } from "../../src/config/actor.ts";
import { catalogueSchema } from "../../src/config/catalogue.ts";
import { createAuthorise } from "../../src/guard/authorise.ts";
import type { UploadToThread } from "../../src/postmortem/exporters/contract.ts";
import { createExporters } from "../../src/postmortem/exporters/index.ts";
import type { Asker } from "../../src/services/command-requests.ts";
import type { Asking } from "../../src/services/contract.ts";
import { createExportIncident } from "../../src/services/export.ts";
import { createIncidents } from "../../src/services/incidents.ts";
import { testDatabase } from "../helpers/database.ts";

export const catalogue = catalogueSchema.parse({
  version: 1,
  environments: { prod: { aliases: ["production"], protected: true, look: "red" }, preprod: {} },
  people: {
    asha: { name: "Asha Rao", slack: "U012" },
    ben: { name: "Ben Okafor", slack: "U034" },
    carla: { name: "Carla Nowak", email: "carla@example.org" },
    dev: { name: "Dev Patel" },
  },
  roles: { operator: { members: ["asha"], allow: [{ actions: ["incident", "export"] }] } },
  routes: [{ match: { environment: "prod" }, channel: "ops", mention: "on-call" }, { channel: "monitoring" }],
  redact: ["\\b\\d{7}\\b"],
});

export const asha: PersonActor = { kind: "person", slack: "U012", name: "Asha Rao", key: "asha" };
export const ben: PersonActor = { kind: "person", slack: "U034", name: "Ben Okafor", key: "ben" };
const carla: PersonActor = { kind: "person", slack: "U056", name: "Carla Nowak", key: "carla" };

let keys = 0;
/** A request of its own, unless a key is given. */
export function asking(over: Partial<Asking> = {}): Asking {
  keys += 1;
  return {
    actor: asha,
    surface: "slash",
    requestKey: `request-${keys}`,
    channel: "C1",
    channelName: "ops",
    incident: null,
    run: null,
    ...over,
  };
}

/** The use cases of incidents over a database of their own. */
export async function incidentDesk(upload: UploadToThread = async () => null) {
  const { store } = await testDatabase();
  const clock = manualClock("2021-03-17T05:20:00Z");
  const folder = await mkdtemp(join(tmpdir(), "exports-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const authorise = createAuthorise({ store, clock, catalogue, groupMembers: async () => [] });
  const exporters = createExporters({ folder, uploadToThread: upload, onUploadFailed: () => {} });
  const resolveActor = async (id: string): Promise<Asker> => {
    const actor = [asha, ben, carla].find(({ slack }) => slack === id);
    return actor === undefined ? { kind: "refused", because: "guest" } : { kind: "person", actor };
  };
  const exportIncident = createExportIncident({ store, clock, catalogue, authorise, exporters });
  const incidents = createIncidents({ store, clock, catalogue, authorise, resolveActor, exportIncident });
  const audit = async () =>
    (await store.db.selectFrom("audit").selectAll().orderBy("id").execute()).map(
      ({ action, actor_key, outcome }) => `${actor_key} ${action} ${outcome}`,
    );
  const timeline = async (number: number) =>
    (await incidents.timeline(asking(), number)).map(({ kind, text }) => `${kind}: ${text}`);
  return { store, clock, folder, incidents, audit, timeline };
}
