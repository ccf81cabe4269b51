import { createHmac, randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Drill } from "../../sandbox/drill/parse.ts";
import { type Stage, setStage } from "../../sandbox/drill/stage.ts";
import { watchLeftovers } from "../../sandbox/leftovers.ts";
import { type Nightdesk, type NightdeskEnv, startNightdesk } from "../../sandbox/nightdesk.ts";
import type { Ephemeral, Message, Root } from "../../sandbox/workspace/contract.ts";
import { type Fields, fieldsOf, listOf } from "./fields.ts";

/** A whole desk to be met from outside only: workspace, targets, database, and the processes that a test starts. */
export interface Desk extends Stage {
  /** Starts an `all` process and waits until it has said that it is ready. `more` is added to its environment. */
  open(more?: NightdeskEnv): Promise<Nightdesk>;
  /** Waits until `read` gives something truthy. Throws, naming `what`, when it does not in time (20 s unless told). */
  wait<T>(what: string, read: () => Promise<T> | T, patienceMs?: number): Promise<NonNullable<T>>;
  /** Waits until Nightdesk says that nothing is left to be done now. */
  settle(patienceMs?: number): Promise<void>;
  /** A list of the API: `incidents`, `runs`, `audit`, `refused`. */
  list(what: string): Promise<Fields[]>;
  timeline(incident: number): Promise<Fields[]>;
}

export interface DeskOptions {
  /** A Postgres server, and the migrated database on it to copy. */
  readonly server: string;
  readonly template: string;
  readonly people?: Drill["people"];
  /** How long a job takes at the targets, as `2s`; a second unless told. */
  readonly jobTakes?: string;
  readonly redis?: boolean;
  readonly eventRetryDelaysMs?: readonly number[];
  readonly logFolder?: string | undefined;
}

const TICK_MS = 25;
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Sets up everything but Nightdesk itself, with the catalogue of examples/tis. */
export async function setDesk(options: DeskOptions): Promise<Desk> {
  const target = { kind: "tis-sync", duration: options.jobTakes ?? "1s" };
  const roles = { own: ["Machine User"], asha: ["Machine User"], ben: ["Machine User"] };
  const drill: Drill = {
    drill: "a journey",
    file: `${root}examples/tis/nightdesk.yml`,
    catalogue: "nightdesk.yml",
    with: { redis: options.redis ?? false, replicas: 1 },
    people: options.people,
    channels: ["ops", "monitoring-prod", "monitoring-stage"].map((name) => ({ name })),
    estate: {
      "tis-sync-prod": { ...target, profile: ["prod"], channel: "monitoring-prod", roles },
      "tis-sync-preprod": { ...target, profile: ["stage"], channel: "monitoring-stage", roles },
    },
    steps: [],
  };
  const stage = await setStage(drill, {
    postgres: { url: options.server },
    template: options.template,
    roles: [],
    logFolder: options.logFolder,
    ...(options.eventRetryDelaysMs === undefined ? {} : { slack: { eventRetryDelaysMs: options.eventRetryDelaysMs } }),
  });
  const leftovers = watchLeftovers();
  const running: Nightdesk[] = [];

  const wait: Desk["wait"] = async (what, read, patienceMs = 20_000) => {
    const deadline = Date.now() + patienceMs;
    for (let said = ""; ; ) {
      try {
        const found = await read();
        if (found) return found;
      } catch (error) {
        // On a busy machine a look may fail; what counts is what comes in the end.
        said = `: ${error instanceof Error ? error.message : String(error)}`;
      }
      if (Date.now() > deadline) throw new Error(`${what} did not happen in ${patienceMs} ms${said}${ends(running)}`);
      await new Promise((done) => setTimeout(done, TICK_MS));
    }
  };
  const list: Desk["list"] = async (what) => {
    const { status, json, text } = await stage.api.get(`/api/${what}`);
    if (status !== 200) throw new Error(`/api/${what} answers ${status}: ${text.slice(0, 500)}${ends(running)}`);
    return listOf(fieldsOf(json)[what.split("/").at(-1) ?? ""]);
  };

  return {
    ...stage,
    wait,
    list,
    timeline: (incident) => list(`incidents/${incident}/timeline`),
    open: async (more = {}) => {
      const nightdesk = await startNightdesk("all", {
        env: { ...stage.env, ...more },
        leftovers,
        logFolder: options.logFolder,
      });
      running.push(nightdesk);
      await wait("the start of Nightdesk", () => !nightdesk.running() || nightdesk.tail(50).includes("is ready"));
      return nightdesk;
    },
    settle: async (patienceMs = 40_000) => {
      await wait(
        "the end of all work",
        async () => {
          await stage.workspace.settled();
          const { settled, waiting } = await stage.api.settled();
          if (!settled) throw new Error(`waiting for ${waiting.join(", ")}`);
          return true;
        },
        patienceMs,
      );
    },
    close: async () => {
      await Promise.all(running.map((nightdesk) => nightdesk.kill()));
      await stage.close();
      await leftovers.close();
    },
  };
}

function ends(running: readonly Nightdesk[]): string {
  return running.map((one) => `\n${one.running() ? "running" : "ended"}: ${one.tail(4)}`).join("");
}

/** What a job says of itself, signed as the catalogue's source `jobs` wants it. */
export function jobMessage(
  env: NightdeskEnv,
  said: Fields,
): { path: string; headers: Record<string, string>; body: string } {
  const body = JSON.stringify(said);
  const at = String(Math.floor(Date.now() / 1_000));
  const signature = createHmac("sha256", env["NIGHTDESK_JOB_SECRET"] ?? "")
    .update(`v0:${at}:${body}`)
    .digest("hex");
  return {
    path: "/hooks/jobs",
    headers: {
      "content-type": "application/json",
      "x-nightdesk-timestamp": at,
      "x-nightdesk-signature": `v0=${signature}`,
    },
    body,
  };
}

/** An issue alert of Sentry's, signed as the catalogue's source `sentry` wants it. */
export function sentryAlert(
  env: NightdeskEnv,
  event: Fields,
): { path: string; headers: Record<string, string>; body: string } {
  const body = JSON.stringify({ action: "triggered", data: { event, triggered_rule: "errors" } });
  const signature = createHmac("sha256", env["SENTRY_CLIENT_SECRET"] ?? "")
    .update(body)
    .digest("hex");
  return {
    path: "/hooks/sentry",
    headers: {
      "content-type": "application/json",
      "sentry-hook-resource": "event_alert",
      "sentry-hook-timestamp": String(Math.floor(Date.now() / 1_000)),
      "sentry-hook-signature": signature,
      "request-id": randomUUID().replaceAll("-", ""),
    },
    body,
  };
}

/** Sends it; the status, or null when no answer came. */
export async function deliver(
  url: string,
  { path, headers, body }: { path: string; headers: Record<string, string>; body: string },
): Promise<number | null> {
  try {
    const response = await fetch(url + path, { method: "POST", headers, body, signal: AbortSignal.timeout(10_000) });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return null;
  }
}

/** Roots in a channel that Nightdesk wrote. */
export function rootsOf(desk: Desk, channel: string): Root[] {
  return desk.workspace.messages(channel).filter((message) => message.bot_id === desk.workspace.botId);
}

/** Keys that Nightdesk gave its messages, roots and replies of all channels, as they are in Slack. */
export function postKeys(desk: Desk): string[] {
  const all = Object.keys(desk.workspace.channels).flatMap((channel) =>
    desk.workspace.messages(channel).flatMap((message): Message[] => [message, ...message.replies]),
  );
  return all.filter((message) => message.bot_id === desk.workspace.botId).map(keyOf);
}

const keyOf = (message: Message): string => {
  const key = message.metadata?.event_payload["key"];
  return typeof key === "string" ? key : `no key: ${message.text}`;
};

/** What this person alone was shown, as he reads it. */
export function toldTo(desk: Desk, user: string): string[] {
  return desk.workspace.ephemerals(user).map((one: Ephemeral) => desk.workspace.plain(one));
}
