import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import { type Answer, readAnswer } from "../command/answer.ts";
import { plain } from "../command/format.ts";
import { personNamed } from "../command/names.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { awaitAnswer, receiveCommand } from "../services/command-requests.ts";
import type { ApiParts } from "./api.ts";
import { readAsked } from "./asked.ts";
import { json, type Response } from "./respond.ts";

const ANSWER_WITHIN_MS = 10_000;

const body = z.strictObject({
  /** The command in words: `sync run person-sync prod`. */
  text: z.string().min(1).max(8_000),
  /** A person of the catalogue by key, or a Slack id: who asks, with whose grants. */
  as: z.string().min(1).max(200),
  /** The answer to a form that the last answer asked for. */
  confirmation: z.strictObject({ id: z.string(), values: z.record(z.string(), z.string()) }).optional(),
});

/**
 * `POST /api/command {text, as}` -> `{answer, data}`. Kept and carried out like any command; 202 when it is not answered
 * within 10 s (it will be). With `Idempotency-Key` a repetition is the same request.
 */
export async function commandByApi(
  { store, clock, catalogue }: Pick<ApiParts, "store" | "clock" | "catalogue">,
  request: IncomingMessage,
): Promise<Response> {
  const read = await readAsked(request, body, '{"text": "sync jobs", "as": "asha"}');
  if ("refused" in read) return read.refused;
  const { text, as, confirmation } = read.asked;
  const key = request.headers["idempotency-key"];
  const { id } = await receiveCommand(store, clock, {
    key: `api:${typeof key === "string" && key !== "" ? `${as}:${key}` : newId()}`,
    surface: "api",
    actorSlackId: slackIdOf(catalogue, as),
    text,
    context: confirmation === undefined ? {} : { confirmation },
  });
  const kept = await awaitAnswer(store.db, id, {
    withinMs: ANSWER_WITHIN_MS,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  if (kept === null) return json(202, { request: id, answer: null, data: {} });
  const answer = readAnswer(kept);
  return json(200, { request: id, answer: readable(answer), data: answer.data ?? {} });
}

function slackIdOf(catalogue: Catalogue, as: string): string {
  const key = personNamed(catalogue, as, as);
  const listed = catalogue.people[key];
  if (listed?.slack !== undefined) return listed.slack;
  if (listed === undefined && /^[UW][A-Z0-9]+$/.test(key)) return key;
  throw new UserError("invalid", {
    code: "no_slack_id",
    message: `${as} has no Slack id in the catalogue.`,
    wayOut: "Give the Slack id, or add it to the catalogue.",
  });
}

/** The answer without Slack's markup. */
function readable(answer: Answer): object {
  return {
    tone: answer.tone,
    text: plain(answer.text),
    sections: (answer.sections ?? []).map(({ title, lines }) => ({
      ...(title === undefined ? {} : { title: plain(title) }),
      lines: lines.map(plain),
    })),
    buttons: answer.buttons ?? [],
    ask: answer.ask ?? null,
  };
}
