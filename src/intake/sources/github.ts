import { type Fields, fieldsOf, textOf } from "../reading.ts";
import { isHmac, sha256 } from "../signatures.ts";
import type { DeliveryKey, HookRequest, Source } from "./contract.ts";
import { ignored, payloadOf, refused, toldIn } from "./github/about.ts";
import { ofCheckRun } from "./github/check-run.ts";
import { ofDeploymentStatus } from "./github/deployment-status.ts";
import { type GithubSettings, githubSettings } from "./github/settings.ts";
import { ofWorkflowJob } from "./github/workflow-job.ts";
import { ofWorkflowRun } from "./github/workflow-run.ts";

const REPEATED_WITHIN_MS = 10 * 60_000;

/** GitHub's webhooks: how workflows, checks of other apps and deployments end. All other events are ignored. */
export const github: Source<GithubSettings> = {
  kind: "github",
  settings: githubSettings,
  verify: (request, { secret }) => {
    if (request.method !== "POST") return { ok: false, reason: "only POST is signed" };
    const given = request.headers["x-hub-signature-256"];
    if (given === undefined) {
      const old = request.headers["x-hub-signature"] !== undefined;
      return { ok: false, reason: old ? "only a SHA-1 signature, which proves too little" : "no signature" };
    }
    const signed = given.startsWith("sha256=") && isHmac(given.slice("sha256=".length), secret, [request.body]);
    return signed ? { ok: true } : { ok: false, reason: "bad signature" };
  },
  unsigned: () => null,
  wellFormed: (request) =>
    payloadOf(request.body.toString("utf8")) === undefined
      ? { ok: false, reason: "the body is no JSON object, alone or in the form field payload" }
      : { ok: true },
  resource: (request) => request.headers["x-github-event"] ?? null,
  deliveryKey: keyOf,
  parse: (delivery, settings, catalogue) => {
    const body = payloadOf(delivery.body);
    if (body === undefined) return refused("the body is not a JSON object");
    if (delivery.resource === null) return ignored("no X-GitHub-Event says what it is");
    if (delivery.resource === "ping") return ignored("GitHub says hello: the webhook is set up");
    const read = READERS.get(delivery.resource);
    if (read === undefined) return ignored(`${delivery.resource} concerns no incident`);
    const told = toldIn(body, { delivery, settings, catalogue });
    return told === null ? refused("no repository is named") : read(told);
  },
};

const READERS = new Map([
  ["workflow_run", ofWorkflowRun],
  ["workflow_job", ofWorkflowJob],
  ["check_run", ofCheckRun],
  ["deployment_status", ofDeploymentStatus],
  ["deployment", () => ignored("a deployment is news when its status tells how it ended")],
]);

/**
 * What happened, by the ids in the signed body: GitHub's delivery id is not signed, and one event comes twice (with two
 * ids) where a repository and its organisation both have a webhook. Where the body has no such ids, the delivery id.
 */
function keyOf(request: HookRequest): DeliveryKey {
  const event = request.headers["x-github-event"] ?? "";
  const body = payloadOf(request.body.toString("utf8")) ?? {};
  const ids = idsOf(event, body);
  const repository = textOf(fieldsOf(body, "repository")["full_name"]);
  if (ids !== null && repository !== undefined && ids.every((id) => id !== undefined)) {
    return { key: `event:${sha256(JSON.stringify([event, repository, textOf(body["action"]), ...ids]))}` };
  }
  const guid = textOf(request.headers["x-github-delivery"]);
  return guid === undefined
    ? { key: `body:${sha256(request.body)}`, forMs: REPEATED_WITHIN_MS }
    : { key: `delivery:${guid}` };
}

/** What tells one such event from every other of its kind; null where nothing does. */
function idsOf(event: string, body: Fields): readonly (string | undefined)[] | null {
  const of = (key: string, fields: readonly string[], more: readonly string[] = []) => {
    const ids = fields.map((field) => textOf(fieldsOf(body, key)[field]));
    // Also what may be missing: the same event has it again, another one differs in it.
    return [...ids, ...more.map((field) => textOf(fieldsOf(body, key)[field]) ?? "")];
  };
  switch (event) {
    case "workflow_run":
      return of("workflow_run", ["id"], ["run_attempt", "head_branch", "path", "conclusion"]);
    case "workflow_job":
      return of("workflow_job", ["id"], ["run_id", "run_attempt", "head_branch", "conclusion"]);
    case "deployment_status":
      return [
        ...of("deployment_status", ["id"], ["state", "environment"]),
        ...of("deployment", ["id"], ["ref", "environment"]),
      ];
    case "check_run":
      // The same check may be told to have ended again, with another outcome.
      return of("check_run", ["id"], ["conclusion", "completed_at"]);
    default:
      return null;
  }
}
