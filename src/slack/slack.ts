import type { RequestListener } from "node:http";
import type { Clock } from "../base/clock.ts";
import type { Http } from "../base/http.ts";
import type { Logger } from "../base/log.ts";
import type { Gate } from "../changes/gates.store.ts";
import type { Catalogue } from "../config/catalogue.ts";
import type { ResultFiles } from "../fanout/fanning.ts";
import type { Run } from "../jobs/runs.store.ts";
import type { UploadToThread } from "../postmortem/exporters/contract.ts";
import type { NumbersOfThread } from "../services/command-requests.ts";
import type { RunView } from "../services/contract.ts";
import type { GateView } from "../services/gates-contract.ts";
import type { ReadAttached } from "../services/id-lists-file.ts";
import type { WorkOutcome } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import { createAnswerer } from "./answers.ts";
import { createSlackApi, recordOf, stringOf } from "./api.ts";
import { createReadAttached } from "./attached.ts";
import { type Bolt, createBolt } from "./bolt.ts";
import { type CaptureSlackEvent, createCapture } from "./capture.ts";
import { createChannels } from "./channels.ts";
import { createClosedUntil } from "./closed.ts";
import { createDirectory, type Directory } from "./directory.ts";
import { createGateCardProjector } from "./gate-cards.ts";
import { createGroupMembers } from "./groups.ts";
import { createKeepRoot } from "./home-channel.ts";
import { createWhoAmI, type Identity } from "./identity.ts";
import { createPoster } from "./poster.ts";
import { createIncidentProjector } from "./projector.ts";
import { createResultFiles } from "./result-files.ts";
import { createRunCardProjector } from "./run-cards.ts";
import { createRunLogProjector } from "./run-log.ts";
import type { SlackPorts } from "./surfaces/contract.ts";
import { mentionCommand, mentionOf } from "./surfaces/mention.ts";
import { registerSurfaces } from "./surfaces/register.ts";
import { createRespond } from "./surfaces/respond.ts";
import { mayBeComing, numbersOfThread } from "./threads.store.ts";
import { createUploadFile, createUploadToThread } from "./uploads.ts";

export interface SlackOptions {
  readonly token: string;
  /** For HTTP; with an `appToken` instead, Socket Mode. */
  readonly signingSecret: string | null;
  readonly appToken: string | null;
  /** Ends in `/api/`; absent: Slack's own. */
  readonly slackApiUrl?: string | undefined;
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly log: Logger;
  readonly http: Http;
  readonly ports: SlackPorts;
  /** A gate as people see it, for its card. */
  readonly viewGate: (gate: Gate) => Promise<GateView>;
  /** A run as people see it, for its card. */
  readonly viewRun: (run: Run) => Promise<RunView>;
}

/** Everything of Slack. Creating it asks nothing of Slack. */
export interface Slack {
  /** For POST /slack/events: reads and verifies the body itself. Null where there is no secret to verify it by. */
  readonly requestListener: RequestListener | null;
  /** Socket Mode only: connects, and disconnects. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Work of the kinds `incident`, `run-card` and `gate-card`, by row id. */
  project(kind: "incident" | "run-card" | "gate-card", id: number): Promise<WorkOutcome>;
  /** Work of kind `answer`, by the id of the command request. */
  deliverAnswer(id: number): Promise<WorkOutcome>;
  readonly captureSlackEvent: CaptureSlackEvent;
  readonly numbersOfThread: NumbersOfThread;
  readonly directory: Directory;
  readonly uploadToThread: UploadToThread;
  readonly resultFiles: ResultFiles;
  /** The text of a file that came with a message. */
  readonly readAttached: ReadAttached;
  /** The Slack ids of the members of a Slack user group. */
  readonly groupMembers: (slackGroup: string) => Promise<readonly string[]>;
  /** The name of a channel that an event names by id; null when Slack does not tell. */
  channelName(id: string): Promise<string | null>;
  /** Who Nightdesk is here, once Slack has told. Asking starts the asking. */
  self(): Identity | null;
}

export function createSlack(options: SlackOptions): Slack {
  const { store, clock, catalogue, log, ports, http } = options;
  const { db } = store;
  const api = createSlackApi({ token: options.token, slackApiUrl: options.slackApiUrl, log });
  const whoAmI = createWhoAmI(api);
  const directory = createDirectory({ db, api, whoAmI, clock });
  const channels = createChannels({ api, clock });
  const poster = createPoster({ db, api, clock, log });
  const keepRoot = createKeepRoot({ db, poster, channels, catalogue, clock, log });
  const projection = { store, poster, keepRoot, catalogue, clock, log };
  const projectIncident = createIncidentProjector({
    ...projection,
    closedUntil: createClosedUntil({ db, channels, clock }),
    whoAmI,
  });
  const projectLog = createRunLogProjector({ ...projection, upload: createUploadFile(api.client) });
  const projectRunCard = createRunCardProjector({ ...projection, projectLog, viewRun: options.viewRun });
  const projectors = {
    incident: projectIncident,
    "run-card": projectRunCard,
    "gate-card": createGateCardProjector({ ...projection, viewGate: options.viewGate }),
  };
  const bolt = listen();

  /** A worker that was given neither secret only speaks to Slack. */
  function listen(): Bolt | null {
    const { token, signingSecret, appToken, slackApiUrl } = options;
    if (signingSecret === null && appToken === null) return null;
    const made = createBolt({ token, signingSecret, appToken, slackApiUrl, clock, log, keepEvent });
    registerSurfaces(made.app, { db, api, ports, nameOf, log }, createRespond(http, log));
    return made;
  }

  async function nameOf(slackId: string): Promise<string | null> {
    const asked = directory.nameOf(db, slackId).then(
      ({ name }) => name,
      () => null,
    );
    return within(NAME_WITHIN_MS, asked);
  }

  async function keepEvent(envelope: Readonly<Record<string, unknown>>): Promise<void> {
    const event = recordOf(envelope, "event") ?? {};
    if (event["type"] !== "app_mention") return ports.receiveSlackEvent(envelope);
    const mention = mentionOf(envelope);
    if (mention === null) return;
    const root = mention.threadTs ?? mention.ts;
    const numbers = await numbersOfThread(db, mention.channel, root);
    await ports.receiveCommand(mentionCommand(mention, { ...numbers, channelName: channels.nameOf(mention.channel) }));
  }

  let self: Identity | null = null;

  return {
    requestListener: bolt === null ? null : bolt.requestListener,
    start: async () => bolt?.start(),
    stop: async () => bolt?.stop(),
    project: (kind, id) => projectors[kind](id),
    deliverAnswer: createAnswerer({ db, api, http, clock, log }),
    captureSlackEvent: createCapture({ catalogue, directory, whoAmI }),
    numbersOfThread: async (channel, threadTs) => {
      const numbers = await numbersOfThread(db, channel, threadTs);
      const known = numbers.incident !== null || numbers.run !== null;
      return known || !(await mayBeComing(db, channel, threadTs)) ? numbers : "not_yet";
    },
    directory,
    uploadToThread: createUploadToThread({ db, client: api.client }),
    resultFiles: createResultFiles({ db, api, http }),
    readAttached: createReadAttached({ http, token: options.token, slackApiUrl: options.slackApiUrl }),
    groupMembers: createGroupMembers({ api, clock, log }),
    channelName: async (id) => {
      const known = channels.nameOf(id);
      if (known !== null) return known;
      const called = await api.call("conversations.info", { channel: id });
      return called.kind === "ok" ? (stringOf(recordOf(called.data, "channel") ?? {}, "name") ?? null) : null;
    },
    self: () => {
      if (self === null) {
        void whoAmI().then((identity) => {
          self = identity;
        });
      }
      return self;
    },
  };
}

/** A trigger lives 3 s: a form does not wait longer than this for somebody's name. */
const NAME_WITHIN_MS = 700;

async function within<T>(ms: number, work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
