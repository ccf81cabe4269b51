import type { Clock } from "../base/clock.ts";
import { UserError } from "../base/errors.ts";
import { suspectsOf } from "../changes/suspects.store.ts";
import { deploySentence } from "../changes/words.ts";
import { actorId, actorKey, actorName } from "../config/actor.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { nearest } from "../config/nearest.ts";
import type { Authorise, Authorised } from "../guard/authorise.ts";
import { addEntry } from "../incidents/changes.ts";
import type { Incident } from "../incidents/incident.ts";
import { timelineOf } from "../incidents/timeline.store.ts";
import { compose } from "../postmortem/compose.ts";
import type { Postmortem } from "../postmortem/document.ts";
import type { Exporter, Previous, Published } from "../postmortem/exporters/contract.ts";
import type { Store } from "../store/store.ts";
import type { Asking } from "./contract.ts";
import { needIncident } from "./incidents-view.ts";

export interface ExportParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly authorise: Authorise;
  readonly exporters: readonly Exporter[];
}

/** What came of an export: where it is, which version, and whether it is the same as before. */
export interface Exported {
  readonly url: string | null;
  readonly path: string | null;
  readonly version: number;
  readonly unchanged: boolean;
}

export type ExportIncident = (asking: Asking, incident: number, format: string) => Promise<Exported>;

/**
 * Publishes the postmortem of an incident in a format: the next version, or nothing when the record is the same. Two at
 * once are one after the other.
 */
export function createExportIncident(parts: ExportParts): ExportIncident {
  const { store, authorise } = parts;
  return async (asking, number, format) => {
    const exporter = exporterNamed(parts.exporters, format);
    const incident = await needIncident(store.db, number);
    const allowed = await authorise.need(asking, {
      action: "export",
      audit: "incident.export",
      environment: incident.environment,
      incidentId: incident.id,
      details: { format },
    });
    for (;;) {
      const previous = await newestExport(store, incident, exporter.name);
      const published = await exporter.publish(await postmortemOf(parts, incident), previous);
      const kept = await keep(parts, asking, { incident, exporter, previous, published, allowed });
      if (kept) {
        const { url, path, version, unchanged } = published;
        return { url, path, version, unchanged };
      }
    }
  };
}

/** The document of an incident as the record has it now. */
export async function postmortemOf(
  { store, catalogue }: Pick<ExportParts, "store" | "catalogue">,
  incident: Incident,
): Promise<Postmortem> {
  const timeline = await timelineOf(store.db, incident.id);
  const found = (await suspectsOf(store.db, [incident.id])).get(incident.id) ?? [];
  const suspects = found.map(({ deploy, reason }) => ({
    ...{ id: deploy.id, at: deploy.at, reason, url: deploy.url },
    what: deploySentence(deploy),
  }));
  const told = { ...incident, alerts: incident.firingCount, timeline, suspects };
  return compose(told, catalogue.postmortem.zone);
}

/** Throws `not_found` with the nearest name. */
export function exporterNamed(exporters: readonly Exporter[], format: string): Exporter {
  const found = exporters.find(({ name }) => name === format.toLowerCase());
  if (found !== undefined) return found;
  const names = exporters.map(({ name }) => name);
  const near = nearest(format, names);
  throw new UserError("not_found", {
    code: "unknown_format",
    message: `There is no format "${format}".`,
    wayOut: near === null ? `There is ${names.join(", ")}.` : `Did you mean ${near}?`,
  });
}

async function newestExport(store: Store, incident: Incident, format: string): Promise<Previous | null> {
  const row = await store.db
    .selectFrom("exports")
    .select(["version", "sha256", "url", "path"])
    .where("incident_id", "=", incident.id)
    .where("format", "=", format)
    .orderBy("version", "desc")
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

/** Keeps version, timeline entry and audit together; false when another export took the version meanwhile. */
async function keep(
  { store, clock, catalogue }: ExportParts,
  asking: Asking,
  of: {
    incident: Incident;
    exporter: Exporter;
    previous: Previous | null;
    published: Published;
    allowed: Authorised;
  },
): Promise<boolean> {
  const { incident, exporter, previous, published, allowed } = of;
  return store.tx(async (tx) => {
    const now = clock.now();
    const { version, sha256, url, path, unchanged } = published;
    if (unchanged) {
      if (url !== previous?.url || path !== previous.path) {
        await tx
          .updateTable("exports")
          .set({ url, path })
          .where("incident_id", "=", incident.id)
          .where("format", "=", exporter.name)
          .where("version", "=", version)
          .execute();
      }
      await allowed.record(tx);
      return true;
    }
    const row = await tx
      .insertInto("exports")
      .values({
        incident_id: incident.id,
        format: exporter.name,
        version,
        sha256,
        url,
        path,
        actor: actorId(asking.actor),
        at: now,
      })
      .onConflict((conflict) => conflict.columns(["incident_id", "format", "version"]).doNothing())
      .returning("id")
      .executeTakeFirst();
    if (row === undefined) return false;
    await addEntry(tx, catalogue, {
      incident: incident.id,
      now,
      requestKey: asking.requestKey,
      entry: {
        kind: "export",
        at: now,
        actor: actorId(asking.actor),
        actorKey: actorKey(asking.actor),
        actorName: actorName(asking.actor),
        text: `${actorName(asking.actor)} exported the postmortem as ${exporter.name}, version ${version}`,
        data: { format: exporter.name, version, url },
        // With an address it is in the thread already, as the file itself.
        visible: url === null,
      },
    });
    await allowed.record(tx);
    return true;
  });
}
