import {
  type Capabilities,
  type Connection,
  type Connector,
  ConnectorError,
  type Finding,
  type Handle,
  type Intent,
  NO_MORE,
  type Observation,
} from "./contract.ts";
import { createExchange, type Exchange } from "./http/exchange.ts";
import { fieldAt, fill, jsonOf } from "./http/fields.ts";
import { filledHeaders, splitHeaders } from "./http/headers.ts";
import { askOwn, askPerson } from "./http/permission.ts";
import { type HttpSettings, httpSettings } from "./http/settings.ts";

/**
 * A target described in the catalogue by its calls. It takes no intent key and gives no id back, so that after an
 * interrupted start nothing can tell whose execution runs there: `locate` says so and never guesses.
 */
export const httpConnector: Connector<HttpSettings> = {
  name: "http",
  settings: httpSettings,
  connect: (settings, { http, target, redact }) => {
    const { ofAll, ofActs } = splitHeaders(settings.headers);
    const exchange = createExchange({ ...settings, headers: ofAll }, { http, target, redact });
    const about = { settings, exchange, target, askedBy: (intent: Intent) => filledHeaders(ofActs, intent) };
    return {
      capabilities: capabilitiesOf(settings),
      plan: (intent) => {
        const { method, path } = startCall(settings, intent);
        return `${method} ${path} at ${target}`;
      },
      preflight: (intent) => preflight(about, intent),
      start: (intent) => start(about, intent),
      locate: async (intent) => {
        const seen = await look(about, intent);
        return { kind: "unknown", why: `${seen.evidence}, and ${target} does not tell who started what` };
      },
      look: (intent) => look(about, intent),
      observe: async (handle, intent, cursor) => sinceStart(await look(about, intent), handle, cursor),
      abort: async (_handle, intent, mode) => {
        const { abort } = settings;
        if (abort === "none" || (mode === "hard" && abort.mode === "soft")) return "unsupported";
        const answer = await exchange.act("POST", pathOf(abort.post, intent), null, about.askedBy(intent));
        if (answer.status >= 200 && answer.status <= 299) return "accepted";
        if ([404, 409, 410].includes(answer.status)) return "already_done";
        if (answer.status === 405 || answer.status === 501) return "unsupported";
        throw exchange.errorOf(answer, "possible");
      },
      ownPermission: ({ name }, action) => askOwn(exchange, settings.permission.own, { action, target, name }),
      personPermission: ({ name }, action, person) =>
        askPerson(exchange, settings.permission.person, { action, target, name, who: person.target }),
    } satisfies Connection;
  },
};

interface About {
  readonly settings: HttpSettings;
  readonly exchange: Exchange;
  readonly target: string;
  /** Headers that tell the target on whose word it is asked to act. */
  readonly askedBy: (intent: Intent) => Readonly<Record<string, string>>;
}

function capabilitiesOf(settings: HttpSettings): Capabilities {
  return {
    startKey: "none",
    abort: settings.abort === "none" ? "none" : settings.abort.mode,
    abortProof: settings.abort === "none" || settings.status === undefined ? "none" : "weak",
    evidence: settings.evidence,
    progress: false,
    ...NO_MORE,
  };
}

async function start(about: About, intent: Intent) {
  const { settings, exchange, target } = about;
  const { method, path } = startCall(settings, intent);
  // A word that stands there before the start is the last execution's, not this one's.
  const wordy = settings.status !== undefined && "path" in settings.status;
  const before = wordy ? (await look(about, intent)).evidence : null;
  const body =
    method === "GET" || Object.keys(intent.parameters).length === 0 ? null : JSON.stringify(intent.parameters);
  const answer = await exchange.act(method, path, body, about.askedBy(intent));
  const { conflict, invalid } = settings.start;
  if (answer.status < 200 || answer.status > 299) {
    const error = exchange.errorOf(answer, "possible");
    throw answer.status === invalid?.status ? new ConnectorError("invalid", error.message) : error;
  }
  if (conflict !== undefined && fieldAt(jsonOf(answer.body), conflict.path) === conflict.equals) {
    throw new ConnectorError(
      "conflict",
      `${target} answered "${conflict.equals}": an execution that is not this run's is under way`,
    );
  }
  return { scope: target, externalId: null, opaque: { answered: exchange.quote(answer.body), before } };
}

/** An end that was already told before the start proves nothing until the target has said something else since. */
function sinceStart(seen: Observation, handle: Handle, cursor: unknown): Observation {
  const before = fieldAt(handle.opaque, "before");
  if (typeof before !== "string" || fieldAt(cursor, "moved") === true) return seen;
  if (seen.evidence !== before) return { ...seen, cursor: { moved: true } };
  return { phase: "not_running", evidence: `${seen.evidence}, as it did before the start` };
}

/**
 * In the order in which a person would look: the right place, the door, the job, is it free. What blocks ends the look:
 * behind a closed door every further answer would only be the door again.
 */
async function preflight(about: About, intent: Intent): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const check of [identity, credential, free]) {
    found.push(...(await check(about, intent)));
    if (found.some((finding) => finding.level === "block")) break;
  }
  return found;
}

async function identity({ settings, exchange, target }: About): Promise<Finding[]> {
  const wanted = settings.identity;
  if (wanted === undefined) return [];
  const { body } = await exchange.read(wanted.get);
  const document = jsonOf(body);
  const value =
    wanted.path === undefined ? (typeof document === "string" ? document : body) : fieldAt(document, wanted.path);
  const said = Array.isArray(value) ? value.map(String) : String(value ?? "").split(wanted.split ?? /(?!)/);
  const actual = new Set(said.map((name) => name.trim()).filter((name) => name !== ""));
  const same = actual.size === new Set(wanted.equals).size && wanted.equals.every((name) => actual.has(name));
  const is = exchange.quote([...actual].join(",")) || "nothing";
  const should = wanted.equals.join(",");
  return [
    same
      ? { check: "identity", level: "info", text: `${target} says that it is ${is}` }
      : {
          check: "identity",
          level: "block",
          text: `${target} says that it is ${is}, and the catalogue says ${should}: this is not the same place`,
          wayOut: `Correct the url or the identity of targets.${target} in the catalogue.`,
        },
  ];
}

async function credential({ settings, exchange, target }: About, intent: Intent): Promise<Finding[]> {
  if (settings.permission.own === undefined) return [];
  const answer = await askOwn(exchange, settings.permission.own, { action: "run", target, name: intent.name });
  if (answer.kind === "yes") return [{ check: "credential", level: "info", text: answer.evidence }];
  if (answer.kind === "not_known") return [{ check: "credential", level: "warn", text: answer.why }];
  const wayOut = answer.wayOut === undefined ? {} : { wayOut: answer.wayOut };
  return [{ check: "credential", level: "block", text: answer.evidence, ...wayOut }];
}

async function free(about: About, intent: Intent): Promise<Finding[]> {
  if (about.settings.status === undefined) return [];
  const seen = await look(about, intent);
  switch (seen.phase) {
    case "running":
      return [
        {
          check: "running",
          level: "block",
          text: `${seen.evidence}; Nightdesk did not start that`,
          wayOut: "Wait until it has ended, then ask again.",
        },
      ];
    case "not_found":
      return [
        {
          check: "job",
          level: "block",
          text: seen.evidence,
          wayOut: `Correct \`name\` of ${intent.job} in ${intent.environment} in the catalogue, or run it elsewhere.`,
        },
      ];
    case "unknown":
      return [{ check: "running", level: "warn", text: seen.evidence }];
    default:
      return [{ check: "running", level: "info", text: seen.evidence }];
  }
}

async function look({ settings, exchange, target }: About, intent: Intent): Promise<Observation> {
  const { status } = settings;
  if (status === undefined) return { phase: "unknown", evidence: `${target} cannot be asked what it runs` };
  const { body } = await exchange.read(pathOf(status.get, intent));
  const document = jsonOf(body);
  if (!("path" in status)) {
    const key = fill(status.running, { "target.name": intent.name });
    if (typeof document !== "object" || document === null) {
      return { phase: "unknown", evidence: `${target} answered something that is no list of jobs` };
    }
    const value = fieldAt(document, key);
    if (typeof value !== "boolean") {
      return { phase: "not_found", evidence: `${target} does not know a job ${key}` };
    }
    return value
      ? { phase: "running", evidence: `${target} says that ${key} is running` }
      : { phase: "not_running", evidence: `${target} says that ${key} is not running` };
  }
  const value = fieldAt(document, fill(status.path, { "target.name": intent.name }));
  const said =
    typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : null;
  const evidence = `${target} says "${exchange.quote(said ?? "nothing")}" of ${intent.name}`;
  if (said === null) return { phase: "unknown", evidence };
  if (status.running.includes(said)) return { phase: "running", evidence };
  if (status.succeeded?.includes(said)) return { phase: "succeeded", evidence };
  if (status.failed?.includes(said)) return { phase: "failed", evidence, error: { kind: "target", message: evidence } };
  if (status.aborted?.includes(said)) return { phase: "aborted", evidence };
  return { phase: "unknown", evidence };
}

function startCall(settings: HttpSettings, intent: Intent): { method: string; path: string } {
  const { put, post, get } = settings.start;
  const [method, path] = put !== undefined ? ["PUT", put] : post !== undefined ? ["POST", post] : ["GET", get ?? "/"];
  return { method, path: pathOf(path, intent) };
}

const pathOf = (template: string, intent: Intent): string => fill(template, { "target.name": intent.name }, true);
