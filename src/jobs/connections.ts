import type { Clock } from "../base/clock.ts";
import type { Http } from "../base/http.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { redactorOf } from "../incidents/redact.ts";
import type { Connection, Intent } from "./connectors/contract.ts";
import { connectors as all, type ListedConnector } from "./connectors/index.ts";
import type { Run } from "./runs.store.ts";

/** Every target of the catalogue, by name. */
export interface Connections {
  /** Null when the catalogue has no such target, or its connector is not built yet. */
  of(target: string): Connection | null;
}

/** Makes each target's connection when it is first needed. The settings were validated with the catalogue. */
export function createConnections(parts: {
  readonly catalogue: Catalogue;
  readonly http: Http;
  readonly clock: Clock;
  /** Whether this machine may run commands that the catalogue names. */
  readonly mayRunCommands?: boolean;
  readonly connectors?: readonly ListedConnector[];
}): Connections {
  const redact = redactorOf(parts.catalogue);
  const { http, clock, mayRunCommands = false } = parts;
  const made = new Map<string, Connection | null>();
  const namesOf = (environment: string): readonly string[] => {
    const { environments } = parts.catalogue;
    const aliases = Object.hasOwn(environments, environment) ? environments[environment]?.aliases : undefined;
    return [environment, ...(aliases ?? [])];
  };
  const make = (target: string): Connection | null => {
    const entry = Object.hasOwn(parts.catalogue.targets, target) ? parts.catalogue.targets[target] : undefined;
    const connector = (parts.connectors ?? all).find((one) => one.name === entry?.connector);
    if (entry === undefined || connector === undefined) return null;
    const { fanout: _, ...own } = entry;
    return connector.open(own, { http, clock, target, redact, namesOf, mayRunCommands });
  };
  return {
    of: (target) => {
      const known = made.get(target);
      if (known !== undefined) return known;
      const connection = make(target);
      made.set(target, connection);
      return connection;
    },
  };
}

/**
 * The key of the run's execution at hand. A start that had no effect is asked for again under the same key; after an
 * execution that has failed, the next has a key of its own.
 */
export const executionKey = (run: Pick<Run, "intentKey" | "executionsEnded">): string =>
  run.executionsEnded === 0 ? run.intentKey : `${run.intentKey}:${run.executionsEnded + 1}`;

/** The same, told by whoever asked for the abort, with that person's reason. */
export function abortIntentOf(run: Run, intent: Intent, catalogue: Catalogue): Intent {
  const { abortRequestedBy: id, abortRequestedByKey: key, abortRequestedByName: name } = run;
  return toldBy(intent, { id, key, name, reason: run.abortReason }, catalogue);
}

/** The same, told by whoever asked it to pause or to go on; no reason is given for that. */
export function wishIntentOf(run: Run, intent: Intent, catalogue: Catalogue): Intent {
  const { wishBy: id, wishByKey: key, wishByName: name } = run;
  return toldBy(intent, { id, key, name, reason: null }, catalogue);
}

/** Nobody is named: it is told as whoever asked for the run. */
function toldBy(
  intent: Intent,
  by: { id: string | null; key: string | null; name: string | null; reason: string | null },
  catalogue: Catalogue,
): Intent {
  if (by.id === null) return intent;
  const known = personOf(by.id, catalogue, by.key ?? undefined);
  const email = known?.person.email;
  const { reason: _, ...rest } = intent;
  return {
    ...rest,
    ...(by.reason === null ? {} : { reason: by.reason }),
    requestedBy: {
      key: known?.key ?? by.key ?? by.id,
      name: by.name ?? "somebody",
      ...(email === undefined ? {} : { email }),
    },
  };
}

/** By Slack id; whom the catalogue knows by e-mail alone, by the key that the run was kept under. */
function personOf(actorId: string, catalogue: Catalogue, known?: string) {
  const slack = actorId.replace(/^slack:/, "");
  const found = Object.entries(catalogue.people).find(
    ([key, person]) => (person.slack ?? (key === known ? slack : null)) === slack,
  );
  return found === undefined ? null : { key: found[0], person: found[1] };
}

/** What a connector is told of a run. */
export function intentOf(run: Run, catalogue: Catalogue): Intent {
  const place = catalogue.jobs[run.job]?.environments[run.environment];
  const email = personOf(run.requestedBy, catalogue, run.requestedByKey)?.person.email;
  return {
    intentKey: executionKey(run),
    job: run.job,
    environment: run.environment,
    kind: run.kind,
    name: place?.name ?? run.job,
    parameters: run.parameters,
    version: run.version,
    ...(run.resumeOf === null ? {} : { resumeOf: run.resumeOf }),
    ...(run.startCalledAt === null ? {} : { calledAt: run.startCalledAt }),
    ...(run.becauseAsked === null ? {} : { reason: run.becauseAsked }),
    requestedBy: { key: run.requestedByKey, name: run.requestedByName, ...(email === undefined ? {} : { email }) },
  };
}
