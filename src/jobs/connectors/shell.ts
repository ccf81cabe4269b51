import {
  type AbortReply,
  type Connection,
  type Connector,
  ConnectorError,
  type Finding,
  type Handle,
  type Intent,
  type Located,
  NO_MORE,
  type Observation,
} from "./contract.ts";
import {
  type About,
  aboutOf,
  argumentsOf,
  elsewhere,
  handleOf,
  lives,
  NOT_ALLOWED,
  under,
  wordsOf,
} from "./shell/about.ts";
import { observe } from "./shell/observe.ts";
import { groupLives } from "./shell/processes.ts";
import {
  askedBefore,
  folderOf,
  forgetKept,
  forgetStop,
  keptKeys,
  noteStop,
  readState,
  wasStopped,
} from "./shell/records.ts";
import { type ShellSettings, shellSettings } from "./shell/settings.ts";
import { start } from "./shell/start.ts";

/**
 * A command of this machine, in a process group of its own, watched by a runner that outlives Nightdesk. Started only
 * where the environment enables it; the end of the group is its proof.
 */
export const shellConnector: Connector<ShellSettings> = {
  name: "shell",
  settings: shellSettings,
  connect: (settings, context) => {
    const about = aboutOf(settings, context);
    const { target } = context;
    return {
      capabilities: {
        ...NO_MORE,
        startKey: "native",
        abort: "hard",
        abortProof: "strong",
        evidence: "status",
        progress: true,
        logs: true,
      },
      plan: (intent) => about.words.quote(`run ${wordsOf(about, intent).join(" ")} on ${settings.host}`),
      preflight: async (intent) => preflight(about, intent),
      start: (intent) => start(about, intent),
      locate: async (intent) => locate(about, intent),
      look: async (intent) => look(about, intent),
      observe: (handle, intent, cursor) => observe(about, { handle, intent, cursor }),
      abort: async (handle, intent, mode) => abort(about, { handle, intent, mode }),
      forget: (over) => forget(about, over),
      ownPermission: async (_intent, action) => {
        const reason = about.allowed ? elsewhere(about) : NOT_ALLOWED;
        return action === "view" || reason === null
          ? { kind: "yes", evidence: `Nightdesk runs on ${about.here.host}` }
          : { kind: "no", evidence: `${target} starts nothing: ${reason}` };
      },
      personPermission: async () => ({
        kind: "not_known",
        why: `${target} runs as Nightdesk's own user, whoever asks`,
      }),
    } satisfies Connection;
  },
};

function preflight(about: About, intent: Intent): Finding[] {
  const { target, settings } = about;
  const away = elsewhere(about);
  if (away !== null) {
    const wayOut = `Run it from a worker on ${settings.host}, or correct targets.${target}.host in the catalogue.`;
    return [{ check: "identity", level: "block", text: `${target} starts nothing here: ${away}`, wayOut }];
  }
  const place: Finding = { check: "identity", level: "info", text: `${target} is this machine, ${settings.host}` };
  if (!about.allowed) {
    const wayOut = `Set NIGHTDESK_SHELL=1 for Nightdesk on ${settings.host}, if commands may run there.`;
    return [place, { check: "credential", level: "block", text: `${target} starts nothing: ${NOT_ALLOWED}`, wayOut }];
  }
  try {
    argumentsOf(about, intent);
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    return [place, { check: "parameters", level: "block", text: error.message, wayOut: "Give it another value." }];
  }
  const seen = look(about, intent);
  return [
    place,
    seen.phase === "running"
      ? {
          check: "running",
          level: "block",
          text: `${seen.evidence}; it is not this run's`,
          wayOut: "Wait until it has ended, then ask again.",
        }
      : { check: "running", level: "info", text: seen.evidence },
  ];
}

function look(about: About, intent: Intent): Observation {
  const away = elsewhere(about);
  if (away !== null) return { phase: "unknown", evidence: `${about.target}: ${away}` };
  const [one] = under(about, intent.name);
  return one === undefined
    ? { phase: "not_running", evidence: `${intent.name} does not run on ${about.here.host}` }
    : {
        phase: "running",
        evidence: `${intent.name} runs on ${about.here.host}${one.leader === undefined ? "" : ` (process group ${one.leader.pid})`}`,
      };
}

function locate(about: About, intent: Intent): Located {
  const away = elsewhere(about);
  if (away !== null) return { kind: "unknown", why: `${about.target}: ${away}` };
  const folder = folderOf(about.base, intent.intentKey);
  const state = readState(folder);
  if (state === null) {
    return askedBefore(folder) === "just now"
      ? { kind: "unknown", why: `${about.target} was told to start just now, and has not said a word yet` }
      : { kind: "not_found" };
  }
  const handle = handleOf(about, state);
  if (handle !== null) return { kind: "found", handle };
  const why = lives(about, state) ? "is about to begin" : "went away before it told what it had begun";
  return { kind: "unknown", why: `the runner of ${about.target} ${why}` };
}

/** Never of a key whose run may still be asked for, and never of a group that lives: without its folder it never was. */
async function forget(about: About, over: Parameters<NonNullable<Connection["forget"]>>[0]): Promise<number> {
  const kept = keptKeys(about.base);
  const gone = [...(await over([...kept.keys()]))].filter((key) => {
    const state = kept.get(key) ?? null;
    return state === null || !lives(about, state);
  });
  for (const key of gone) forgetKept(about.base, key);
  return gone.length;
}

/** TERM, then KILL, to all of the group. Only a group that is proved to be this run's is told anything. */
function abort(about: About, told: { handle: Handle; intent: Intent; mode: "soft" | "hard" }): AbortReply {
  const { target, here } = about;
  const folder = folderOf(about.base, told.intent.intentKey);
  const state = readState(folder);
  if (state === null) throw new ConnectorError("not_found", `${target} knows nothing of it on ${here.host}`);
  if (state.host !== here.host)
    throw new ConnectorError("unavailable", `it runs on ${state.host}, and this is ${here.host}`);
  if (state.phase === "ended" || state.boot !== here.boot) return "already_done";
  const { leader } = state;
  if (leader === undefined) throw new ConnectorError("unavailable", `it is not known yet what ${target} has begun`);
  if (!groupLives(leader)) return "already_done";
  const before = wasStopped(folder);
  noteStop(folder, told.mode);
  try {
    process.kill(-leader.pid, told.mode === "soft" ? "SIGTERM" : "SIGKILL");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") {
      if (!before) forgetStop(folder);
      return "already_done";
    }
    throw new ConnectorError("auth", `${target} may not be stopped by Nightdesk's user`, { cause: error });
  }
  return "accepted";
}
