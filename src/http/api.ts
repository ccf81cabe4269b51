import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Clock } from "../base/clock.ts";
import { UserError } from "../base/errors.ts";
import { listDeploys } from "../changes/deploys.store.ts";
import { deployData, incidentData, runData, timelineData } from "../command/data.ts";
import { monitorData } from "../command/say-monitors.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { ITEM_STATES } from "../fanout/counts.ts";
import { itemsOf } from "../fanout/fanouts.store.ts";
import type { GroupMembers } from "../guard/grants.ts";
import { INCIDENT_STATUSES } from "../incidents/incident.ts";
import { listIncidents } from "../incidents/incidents.store.ts";
import { timelineOf } from "../incidents/timeline.store.ts";
import type { Connections } from "../jobs/connections.ts";
import { runHistory } from "../jobs/runs.store.ts";
import type { Exporter } from "../postmortem/exporters/contract.ts";
import { viewDeploy } from "../services/deploys.ts";
import { exporterNamed, postmortemOf } from "../services/export.ts";
import { createAskGate } from "../services/gates-ask.ts";
import { needIncident, viewIncidents } from "../services/incidents-view.ts";
import { viewMonitors } from "../services/monitors-view.ts";
import { needRun, viewRun, viewRuns } from "../services/runs-view.ts";
import type { Store } from "../store/store.ts";
import { commandByApi } from "./api-command.ts";
import { askGateBy, readGate, readGates } from "./api-gates.ts";
import { auditLines, readSettled, refusedLines } from "./record.store.ts";
import { json, problem, type Response, text } from "./respond.ts";

export type Api = (asked: {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly method: string;
}) => Promise<Response>;

export interface ApiParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly exporters: readonly Exporter[];
  readonly connections: Connections;
  readonly groupMembers: GroupMembers;
  /** Null: the API is closed, but for gates where the catalogue has a token for them. */
  readonly token: string | null;
}

const USUAL = 500;
const MOST = 5_000;

/** JSON over the record, and commands by the same grammar as in Slack. Lists are oldest first, the newest `limit` of them. */
export function createApi(parts: ApiParts): Api {
  const askGate = createAskGate(parts);
  return async ({ request, url, method }) => {
    const tokens = tokensFor(parts, url);
    // Closed is not told from absent.
    if (tokens.length === 0) return problem(404, { code: "not_found", message: "There is nothing here." });
    if (!tokens.some((token) => bearer(request, token))) {
      const refused = problem(401, {
        code: "not_authenticated",
        message: `Send Authorization: Bearer ${isOfGates(url) ? "and the token of the catalogue's gates, or " : ""}NIGHTDESK_API_TOKEN.`,
      });
      return { ...refused, headers: { ...refused.headers, "www-authenticate": "Bearer" } };
    }
    try {
      if (url.pathname === "/api/command") {
        return method === "POST" ? await commandByApi(parts, request) : wrongMethod("POST");
      }
      if (url.pathname === "/api/gates" && method === "POST") return await askGateBy(askGate, request);
      return method === "GET" || method === "HEAD" ? await read(parts, url) : wrongMethod("GET");
    } catch (error) {
      if (error instanceof UserError) return mistake(error);
      throw error;
    }
  };
}

async function read(parts: ApiParts, url: URL): Promise<Response> {
  const { store, clock } = parts;
  const limit = limitOf(url);
  const [, what = "", number, part, ...more] = url.pathname.split("/").slice(1);
  const about = number === undefined ? null : numberOf(number);
  if (more.length > 0 || (part !== undefined && part === "")) return noSuch(url);
  if (about !== null && what === "incidents") return oneIncident(parts, { number: about, part, url });
  if (about !== null && what === "runs") {
    if (part === "items") return itemsOfRun(parts, { number: about, url, limit });
    return part === undefined ? json(200, runData(await viewRun(parts, await needRun(store.db, about)))) : noSuch(url);
  }
  if (about !== null && what === "gates") return part === undefined ? readGate(parts, about) : noSuch(url);
  if (number !== undefined) return noSuch(url);
  switch (what) {
    case "gates":
      return readGates(parts, limit);
    case "incidents": {
      const found = await listIncidents(store.db, { statuses: INCIDENT_STATUSES, limit });
      return json(200, { incidents: (await viewIncidents(store.db, found.reverse())).map(incidentData) });
    }
    case "runs": {
      const runs = await runHistory(store.db, { limit });
      return json(200, { runs: (await viewRuns(parts, [...runs].reverse())).map(runData) });
    }
    case "deploys":
      return json(200, { deploys: (await listDeploys(store.db, { limit })).reverse().map(viewDeploy).map(deployData) });
    case "monitors":
      return json(200, { monitors: (await viewMonitors(parts)).map(monitorData) });
    case "audit":
      return json(200, { audit: await auditLines(store.db, limit) });
    case "refused":
      return json(200, { refused: await refusedLines(store.db, limit) });
    case "settled":
      return json(200, await readSettled(store.db, clock));
    default:
      return noSuch(url);
  }
}

/** What became of each id of a fan-out, or what a comparison found; in their order, the first `limit` of them. */
async function itemsOfRun(
  parts: ApiParts,
  { number, url, limit }: { number: number; url: URL; limit: number },
): Promise<Response> {
  const run = await needRun(parts.store.db, number);
  const given = url.searchParams.get("state");
  const state = ITEM_STATES.find((one) => one === given);
  if (given !== null && state === undefined) {
    throw new UserError("invalid", {
      code: "state",
      message: `"${given}" is no state of an id.`,
      wayOut: `There is ${ITEM_STATES.join(", ")}.`,
    });
  }
  const items = await itemsOf(parts.store.db, { runId: run.id, limit, ...(state === undefined ? {} : { state }) });
  return json(200, { items: items.map(({ ref: id, state: ended, detail }) => ({ id, state: ended, detail })) });
}

async function oneIncident(
  parts: ApiParts,
  { number, part, url }: { number: number; part: string | undefined; url: URL },
): Promise<Response> {
  const incident = await needIncident(parts.store.db, number);
  switch (part) {
    case undefined: {
      const [view] = await viewIncidents(parts.store.db, [incident]);
      return view === undefined ? noSuch(url) : json(200, incidentData(view));
    }
    case "timeline":
      return json(200, { timeline: (await timelineOf(parts.store.db, incident.id)).map(timelineData) });
    case "postmortem": {
      const exporter = exporterNamed(parts.exporters, url.searchParams.get("format") ?? "markdown");
      return text(200, exporter.render(await postmortemOf(parts, incident)), exporter.mediaType);
    }
    default:
      return noSuch(url);
  }
}

/** A pipeline's own token asks for gates and reads them, and nothing else. */
function tokensFor({ token, catalogue }: ApiParts, url: URL): string[] {
  const ofGates = isOfGates(url) ? catalogue.gates.token : undefined;
  return [token, ofGates].filter((one) => one !== null && one !== undefined);
}

const isOfGates = ({ pathname }: URL): boolean => /^\/api\/gates(\/|$)/.test(pathname);

/** Compares hashes, so that neither the time nor the length tells anything of the token. */
function bearer(request: IncomingMessage, token: string): boolean {
  const given = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
  const hash = (word: string) => createHash("sha256").update(word).digest();
  return timingSafeEqual(hash(given), hash(token));
}

const numberOf = (word: string): number | null => (/^\d{1,9}$/.test(word) ? Number(word) : null);

function limitOf(url: URL): number {
  const given = url.searchParams.get("limit");
  if (given === null) return USUAL;
  const limit = /^\d{1,6}$/.test(given) ? Number(given) : 0;
  if (limit >= 1 && limit <= MOST) return limit;
  throw new UserError("invalid", {
    code: "limit",
    message: `"${given}" is no limit.`,
    wayOut: `Give a number from 1 to ${MOST}.`,
  });
}

const STATUS_OF = {
  usage: 400,
  invalid: 400,
  not_found: 404,
  denied: 403,
  conflict: 409,
  unsupported: 422,
} as const satisfies Record<UserError["kind"], number>;

function mistake(error: UserError): Response {
  return problem(STATUS_OF[error.kind], {
    code: error.code,
    message: error.message,
    ...(error.wayOut === undefined ? {} : { wayOut: error.wayOut }),
  });
}

const noSuch = (url: URL): Response =>
  problem(404, {
    code: "not_found",
    message: `There is no ${url.pathname}.`,
    wayOut:
      "There is /api/incidents, /api/runs, /api/gates, /api/monitors, /api/audit, /api/refused, /api/settled, /api/command.",
  });

function wrongMethod(allowed: string): Response {
  const answer = problem(405, { code: "method", message: `Only ${allowed} here.` });
  return { ...answer, headers: { ...answer.headers, allow: allowed } };
}
