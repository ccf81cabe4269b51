import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { systemClock } from "./base/clock.ts";
import { UserError } from "./base/errors.ts";
import { SYSTEM } from "./config/actor.ts";
import type { DatabaseConfig, Environment } from "./config/env.ts";
import { loadCatalogue } from "./config/load.ts";
import { writeAudit } from "./guard/audit.ts";
import { plugins } from "./plugins.ts";
import { createExporters } from "./postmortem/exporters/index.ts";
import { exporterNamed, postmortemOf } from "./services/export.ts";
import { needIncident } from "./services/incidents-view.ts";
import { openStore } from "./store/store.ts";

const USAGE = "nightdesk export INC-n [--format=markdown] [--out=FILE]";

/**
 * `nightdesk export`: writes the postmortem to a file (`--out=-`: to stdout) and returns the exit code. Whoever has the
 * database's password is let in; the audit keeps that it was done at a terminal. Nothing is uploaded.
 */
export async function exportFromTerminal(
  config: DatabaseConfig,
  { words, env }: { words: readonly string[]; env: Environment },
): Promise<number> {
  const wanted = readWords(words);
  const { catalogue } = loadCatalogue({ file: config.catalogueFile, env, plugins });
  const folder = config.exportFolder ?? catalogue.postmortem.folder;
  const exporters = createExporters({ folder, uploadToThread: async () => null, onUploadFailed: () => {} });
  const exporter = exporterNamed(exporters, wanted.format);
  const store = openStore({ url: config.databaseUrl, connections: 2, application: "nightdesk export" });
  try {
    const incident = await needIncident(store.db, wanted.incident);
    const text = exporter.render(await postmortemOf({ store, catalogue }, incident));
    await store.tx((tx) =>
      writeAudit(tx, {
        at: systemClock.now(),
        actor: SYSTEM,
        action: "incident.export",
        outcome: "allowed",
        reason: "asked for at a terminal with the database's own password",
        surface: "cli",
        incidentId: incident.id,
        details: { format: exporter.name },
      }),
    );
    if (wanted.out === "-") {
      process.stdout.write(text);
      return 0;
    }
    const file = wanted.out ?? join(folder, `INC-${wanted.incident}.md`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(file);
    return 0;
  } finally {
    await store.close();
  }
}

function readWords(words: readonly string[]): { incident: number; format: string; out: string | null } {
  const option = (name: string) => words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ?? null;
  const unknown = words.find((word) => word.startsWith("--") && !/^--(format|out)=./.test(word));
  const incident = words.map((word) => /^INC-(\d{1,9})$/i.exec(word)?.[1]).find((number) => number !== undefined);
  if (incident === undefined || unknown !== undefined) {
    const message = unknown === undefined ? "Which incident?" : `There is no ${unknown}.`;
    throw new UserError("usage", { code: "usage", message, wayOut: `Usage: ${USAGE}` });
  }
  return { incident: Number(incident), format: option("format") ?? "markdown", out: option("out") };
}
