import type { Instant } from "../../src/base/clock.ts";
import type { IncidentId } from "../../src/base/ids.ts";
import { type Catalogue, catalogueSchema } from "../../src/config/catalogue.ts";
import type { Incident } from "../../src/incidents/incident.ts";
import { insertIncident } from "../../src/incidents/incidents.store.ts";
import { appendEntries } from "../../src/incidents/timeline.store.ts";
import type { EntryDraft } from "../../src/incidents/timeline.ts";
import type { Store } from "../../src/store/store.ts";

/** A catalogue with what a thread shows. */
export function testCatalogue(more: Record<string, unknown> = {}): Catalogue {
  return catalogueSchema.parse({
    version: 1,
    environments: { prod: { protected: true, look: "red" }, preprod: { look: "green" } },
    people: { asha: { name: "Asha Rao", slack: "U0ASHA01" } },
    groups: { "on-call": { members: ["asha"] } },
    jobs: { "person-sync": { title: "Person search index", environments: { prod: { target: "nothing" } } } },
    targets: { nothing: { connector: "noop" } },
    routes: [{ match: { environment: "prod" }, channel: "ops", mention: "on-call" }, { channel: "monitoring" }],
    fallback: "monitoring",
    redact: ["\\b\\d{7}\\b"],
    ...more,
  });
}

/** INC-`number` as it was just opened in prod, in #ops. */
export async function openIncident(store: Store, now: Instant, more: Partial<Incident> = {}): Promise<Incident> {
  return store.tx((tx) =>
    insertIncident(tx, {
      number: 1,
      status: "open",
      severity: "sev2",
      severityByPerson: false,
      title: "Cannot deserialize permitToWork",
      environment: "prod",
      services: ["esr-generator"],
      jobs: [],
      owner: null,
      ownerKey: null,
      ownerName: null,
      openedBy: "source:sentry",
      foldingRule: "default",
      foldingKey: "k",
      signalCount: 1,
      firingCount: 1,
      rate: {},
      conditions: {},
      channel: "ops",
      mention: "on-call",
      openedAt: now,
      firstSeenAt: now,
      lastSeenAt: now,
      acknowledgedAt: null,
      mitigatedAt: null,
      resolvedAt: null,
      reopenedCount: 0,
      flapping: null,
      mergedInto: null,
      revision: 1,
      ...more,
    }),
  );
}

export async function changeIncident(
  store: Store,
  id: number,
  change: { status?: string; firing_count?: number; title?: string },
): Promise<void> {
  await store.db.updateTable("incidents").set(change).where("id", "=", id).execute();
}

/** A delivery with one alert of the incident, taken in at `at`: an hour after it came. */
export async function addDelivery(store: Store, incident: IncidentId, at: Instant): Promise<void> {
  const received_at = at.subtract({ hours: 1 });
  const delivery = await store.db
    .insertInto("inbox")
    .values({
      source: "sentry",
      delivery_key: `${incident} ${at}`,
      request: "{}",
      body: "{}",
      received_at,
      state: "done",
      processed_at: at,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  await store.db
    .insertInto("signals")
    .values({
      inbox_id: delivery.id,
      source: "sentry",
      kind: "firing",
      title: "KeyError",
      at: received_at,
      received_at,
      incident_id: incident,
    })
    .execute();
}

/** Adds a line to the timeline; visible unless told. Returns its row id. */
export async function addLine(
  store: Store,
  incident: IncidentId,
  line: Partial<EntryDraft> & { text: string; at: Instant },
): Promise<number> {
  const ids = await store.tx((tx) =>
    appendEntries(tx, { incident, learnedAt: line.at }, [
      {
        kind: "note",
        actor: "slack:U0ASHA01",
        actorKey: "asha",
        actorName: "Asha Rao",
        data: {},
        visible: true,
        ...line,
      },
    ]),
  );
  const [id] = ids;
  if (id === undefined) throw new Error("no entry was written");
  return id;
}

/** A run as it was just asked for. Returns its row id. */
export async function addRun(
  store: Store,
  now: Instant,
  more: { incident_id?: number; channel?: string | null; state?: string; number?: number } = {},
): Promise<number> {
  const row = await store.db
    .insertInto("runs")
    .values({
      number: 1,
      intent_key: `intent-${more.number ?? 1}`,
      job: "person-sync",
      environment: "prod",
      target: "nothing",
      state: "running",
      state_since: now,
      requested_by: "slack:U0ASHA01",
      requested_by_key: "asha",
      requested_by_name: "Asha Rao",
      requested_at: now,
      surface: "slash",
      channel: null,
      ...more,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}
