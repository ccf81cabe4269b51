import type { Clock, Instant } from "../base/clock.ts";
import type { Http } from "../base/http.ts";
import type { Logger } from "../base/log.ts";
import { type Answer, readAnswer } from "../command/answer.ts";
import { type CommandRequest, markDelivered, readCommandRequest } from "../services/command-requests.ts";
import type { WorkOutcome } from "../store/outbox.ts";
import type { Db } from "../store/store.ts";
import { type Called, calledByHttp, type SlackApi } from "./api.ts";
import { answerMessage, answerView } from "./blocks/answer.ts";
import { formView } from "./blocks/form.ts";
import { holdLane, lanesTakenUntil, methodLane, SLACK_LANE, slackAnswered, slackFailed } from "./lanes.store.ts";
import { type Delivery, noteDelivery, readDelivery } from "./requests.store.ts";
import { OPENING } from "./surfaces/contract.ts";

/** How long an answer waits for its modal: Slack opens it within 3 s of the trigger, or never. */
const OPENING_MS = 5_000;
const LOOK_AGAIN_MS = 150;
const RESPOND_WITHIN_MS = 10_000;
const REPEAT_AFTER_MS = 500;

type Way = Exclude<Delivery["how"], "none">;

/**
 * Brings a kept answer to the person who asked: into the modal that is open, through the response URL, or as a message
 * that only he sees. Exactly one arrives. When nobody knows whether it did, it is sent once more, saying so.
 */
export function createAnswerer(parts: {
  db: Db;
  api: SlackApi;
  http: Http;
  clock: Clock;
  log: Logger;
}): (id: number) => Promise<WorkOutcome> {
  const { db, api, http, clock, log } = parts;

  return async (id) => {
    const request = await readCommandRequest(db, id);
    const answer = request === null || request.answeredAt === null ? null : readAnswer(request.answer);
    if (request === null || answer === null || request.deliveredAt !== null) return { done: true };
    if (request.context.viewId === OPENING && isYoung(request, clock.now())) return later(LOOK_AGAIN_MS);
    const closed = await lanesTakenUntil(db, [SLACK_LANE], clock.machineNow());
    if (closed !== null) return { done: false, dueAt: clock.now(), notBefore: closed };
    return bring(request, answer, await takeUp(id));
  };

  /** Where a former attempt stopped. One that was under way when its process died may have arrived. */
  async function takeUp(id: number): Promise<Delivery> {
    const kept = await readDelivery(db, id);
    if (kept === null) return { how: "none", state: "waiting", doubts: 0, failed: "" };
    return kept.state === "sending" && kept.how !== "view" ? { ...kept, doubts: kept.doubts + 1 } : kept;
  }

  async function bring(request: CommandRequest, answer: Answer, before: Delivery): Promise<WorkOutcome> {
    let so: Delivery = before;
    for (const way of waysFor(request)) {
      if (so.failed.split(",").includes(way)) continue;
      if (so.doubts >= 2) return finish(request, { ...so, state: "unknown" });
      const taken = await lanesTakenUntil(db, [methodLane(METHODS[way])], clock.machineNow());
      if (taken !== null) return { done: false, dueAt: clock.now(), notBefore: taken };
      so = { ...so, how: way, state: "sending" };
      await noteDelivery(db, request.id, so);
      const called = await send(way, request, answer, so.doubts > 0);
      if (called.kind === "ok") {
        await slackAnswered(db);
        return finish(request, { ...so, state: "sent" });
      }
      if (called.kind !== "refused") return again(request, so, way, called);
      log.info({ command: request.id, way, error: called.error }, "an answer goes another way");
      so = { ...so, state: "waiting", failed: [so.failed, way].filter((part) => part !== "").join(",") };
      await noteDelivery(db, request.id, so);
    }
    log.warn({ command: request.id, failed: so.failed }, "an answer reached nobody");
    await noteDelivery(db, request.id, { ...so, how: "none", state: "undeliverable" });
    return { done: true };
  }

  async function again(
    request: CommandRequest,
    so: Delivery,
    way: Way,
    called: Extract<Called, { kind: "limited" | "unavailable" }>,
  ): Promise<WorkOutcome> {
    const now = clock.machineNow();
    if (called.kind === "limited") {
      const until = now.add({ milliseconds: called.retryAfterMs });
      await holdLane(db, methodLane(METHODS[way]), until);
      await noteDelivery(db, request.id, { ...so, state: "waiting" });
      return { done: false, dueAt: clock.now(), notBefore: until };
    }
    // Filling a modal twice is filling it once: only messages can be doubled.
    const doubtful = called.sent && way !== "view";
    await noteDelivery(db, request.id, { ...so, state: "waiting", doubts: so.doubts + (doubtful ? 1 : 0) });
    const notBefore = doubtful ? now.add({ milliseconds: REPEAT_AFTER_MS }) : await slackFailed(db, now);
    return { done: false, dueAt: clock.now(), notBefore, error: called.detail };
  }

  async function send(way: Way, request: CommandRequest, answer: Answer, repeated: boolean): Promise<Called> {
    const { context } = request;
    const frame = { request: request.id, repeated };
    switch (way) {
      case "view": {
        const view =
          answer.ask === undefined
            ? answerView(answer, frame)
            : formView(answer.ask, { request: request.id, question: answer.ask.id });
        return api.call("views.update", { view_id: context.viewId ?? "", view });
      }
      case "response":
        return respond(context.responseUrl ?? "", {
          response_type: "ephemeral",
          replace_original: false,
          ...(context.threadTs === null ? {} : { thread_ts: context.threadTs }),
          ...answerMessage(answer, frame),
        });
      case "ephemeral":
        return api.call("chat.postEphemeral", {
          channel: context.channel ?? "",
          user: request.actorSlackId,
          ...(context.threadTs === null ? {} : { thread_ts: context.threadTs }),
          ...answerMessage(answer, frame),
        });
    }
  }

  async function respond(url: string, body: object): Promise<Called> {
    try {
      const answered = await http({
        method: "POST",
        url,
        headers: { "content-type": "application/json; charset=utf-8" },
        body: JSON.stringify(body),
        timeoutMs: RESPOND_WITHIN_MS,
      });
      if (answered.status === 200) return { kind: "ok", data: {} };
      if (answered.status === 429) {
        return { kind: "limited", retryAfterMs: Math.max(1, Number(answered.headers.get("retry-after")) || 1) * 1_000 };
      }
      if (answered.status >= 500) {
        const sent = answered.status !== 503;
        return { kind: "unavailable", sent, timedOut: false, detail: `HTTP ${answered.status}` };
      }
      return { kind: "refused", error: `HTTP ${answered.status}`, detail: answered.body.slice(0, 200) };
    } catch (error) {
      return calledByHttp(error);
    }
  }

  async function finish(request: CommandRequest, delivery: Delivery): Promise<WorkOutcome> {
    await markDelivered(db, request.id, { at: clock.now(), delivery });
    return { done: true };
  }

  function later(ms: number): WorkOutcome {
    return { done: false, dueAt: clock.now(), notBefore: clock.machineNow().add({ milliseconds: ms }) };
  }
}

const METHODS = {
  view: "views.update",
  response: "response_url",
  ephemeral: "chat.postEphemeral",
} as const satisfies Record<Way, string>;

function waysFor({ context }: CommandRequest): Way[] {
  const modal = context.viewId !== null && context.viewId !== OPENING;
  return [
    ...(modal ? (["view"] as const) : []),
    ...(context.responseUrl === null ? [] : (["response"] as const)),
    ...(context.channel === null ? [] : (["ephemeral"] as const)),
  ];
}

function isYoung(request: CommandRequest, now: Instant): boolean {
  return now.epochMilliseconds - request.requestedAt.epochMilliseconds < OPENING_MS;
}
