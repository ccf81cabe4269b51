import { createHmac, randomUUID } from "node:crypto";
import { z } from "zod";
import { openAgenda } from "./agenda.ts";
import type { EstateKind, EstateWorld, Target } from "./contract.ts";
import { duration } from "./duration.ts";
import { answerGithub, blob, type Hub, said } from "./github-api.ts";
import { CONCLUSIONS, openRuns, shaOf } from "./github-runs.ts";
import { branchOf, type Repository, repositoryShape, runShape, workflowShape } from "./github-shapes.ts";
import { present } from "./present.ts";
import { type Answered, type Asked, listen } from "./server.ts";
import { token } from "./token.ts";

const name = z.string().min(1);
const DEPLOY_STATES = [
  "pending",
  "queued",
  "waiting",
  "in_progress",
  "success",
  "failure",
  "error",
  "inactive",
] as const;

const behaviour = {
  /** The error with which the run's step fails; null: it does not. */
  fail: name.nullable(),
  /** How a run ends that does not fail. */
  conclusion: z.enum(CONCLUSIONS),
  duration,
  /** How long a run waits for a runner. */
  slow: duration,
  /** slow: it takes five minutes; ignores: only a forced one ends it. */
  cancel: z.enum(["yes", "slow", "ignores"]),
  /** Lines that every run writes into its log. */
  log: z.array(name),
  /** Branches and tags that there are. */
  refs: z.array(name).min(1),
  /** The inputs that the workflow declares; null: whatever is given. */
  inputs: z.array(name).nullable(),
  /** As in the workflow's file: `Resync ${{ inputs.intent_key }}`. */
  runName: name,
  /** false: a server that does not know `return_run_details`. */
  returnsDetails: z.boolean(),
  disabled: z.boolean(),
  /** Everybody is refused. */
  denied: z.boolean(),
  /** The next calls are answered so. `retryAfter` in seconds. */
  busy: z.strictObject({
    status: z.union([z.literal(403), z.literal(429), z.literal(500), z.literal(502), z.literal(503)]).default(429),
    retryAfter: z.int().min(0).optional(),
    times: z.int().min(1),
  }),
  /** The next so many dispatches are carried out and their answers are lost. */
  dropAnswers: z.int().min(0),
  /** Where events go, and what they are signed with: an address, or a path of Nightdesk's such as /hooks/github. */
  webhook: z.strictObject({ url: z.string().regex(/^(https?:\/\/|\/)/), secret: name }).nullable(),
};
const all = z.object(behaviour).partial();
const options = z.strictObject({
  token,
  environment: name.optional(),
  repository: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+$/)
    .default("acme/sync"),
  workflow: z
    .string()
    .regex(/^[\w.-]+\.ya?ml$/)
    .default("sync.yml"),
  workflowName: name.default("Sync"),
  ...all.shape,
});
const changes = z.strictObject({
  ...all.shape,
  /** The workflow starts by its own schedule. */
  start: z.literal(true).optional(),
  /** A deployment gets a status, which is told to the webhook. */
  deploy: z
    .strictObject({
      environment: name,
      state: z.enum(DEPLOY_STATES).default("success"),
      ref: name.default("main"),
      description: z.string().default(""),
    })
    .optional(),
});
type Change = z.output<typeof changes>;

const PATIENCE_MS = 10_000;

/** GitHub Actions with one workflow in one repository, and the webhooks that it sends. It takes no key of a dispatch. */
export const github: EstateKind = {
  name: "github",
  options,
  changes,
  start: async (given, world) => {
    const { token, ...rest } = options.parse(given);
    const hub = openHub(rest, { world, token });
    const server = await listen(hub.answer);
    hub.listensAt(server.url);
    return {
      kind: "github",
      url: server.url,
      token,
      nextDueAt: hub.agenda.nextDueAt,
      tick: hub.agenda.tick,
      change: async (change) => {
        await hub.agenda.tick();
        hub.change(changes.parse(change));
        await hub.agenda.tick();
      },
      counts: hub.counts,
      close: async () => {
        hub.agenda.close();
        await server.close();
      },
    } satisfies Target;
  },
};

function openHub(
  given: Omit<z.output<typeof options>, "token">,
  { world, token }: { world: EstateWorld; token: string },
) {
  const agenda = openAgenda(world);
  let url = "";
  let settings = {
    refs: ["main"],
    inputs: null as readonly string[] | null,
    runName: `${given.workflowName} \${{ inputs.intent_key }}`,
    returnsDetails: true,
    disabled: false,
    denied: false,
    webhook: null as { readonly url: string; readonly secret: string } | null,
  };
  const lefts = { busy: 0, dropAnswers: 0 };
  let busy: Pick<z.output<typeof behaviour.busy>, "status" | "retryAfter"> = { status: 429 };
  const counts = { calls: 0, refused: 0, deliveries: 0, failedDeliveries: 0 };
  const repository: Repository = {
    fullName: given.repository,
    url: () => url,
    file: given.workflow,
    workflowName: given.workflowName,
  };
  const runs = openRuns(
    { fail: null, conclusion: "success", durationMs: 5 * 60_000, slowMs: 2_000, cancel: "yes", log: [] },
    {
      agenda,
      now: world.now,
      told: (run, action) =>
        deliver("workflow_run", {
          action,
          workflow_run: runShape(run, repository),
          workflow: workflowShape(repository, settings.disabled),
        }),
    },
  );
  const hub: Hub = { runs, repository, about: () => settings };

  /** Sent once, as GitHub does: what is not taken is lost. */
  async function deliver(event: string, payload: Record<string, unknown>): Promise<void> {
    const { webhook } = settings;
    const address = webhook === null ? null : webhook.url.startsWith("/") ? withBase(webhook.url) : webhook.url;
    if (webhook === null || address === null) return;
    const body = JSON.stringify({
      ...payload,
      repository: repositoryShape(repository),
      sender: { login: "nightdesk[bot]" },
    });
    const headers = {
      "content-type": "application/json",
      "user-agent": "GitHub-Hookshot/0000000",
      "x-github-event": event,
      "x-github-delivery": randomUUID(),
      "x-hub-signature-256": `sha256=${createHmac("sha256", webhook.secret).update(body).digest("hex")}`,
    };
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch(address, { method: "POST", headers, body, signal }).catch(() => null);
    await response?.body?.cancel();
    counts[response?.ok === true ? "deliveries" : "failedDeliveries"]++;
  }

  function withBase(path: string): string | null {
    const base = world.nightdesk?.() ?? null;
    return base === null ? null : base + path;
  }

  function deploy({ environment, state, ref, description }: NonNullable<Change["deploy"]>): void {
    const at = new Date(world.now()).toISOString().replace(/\.\d+Z$/, "Z");
    const id = Math.floor(world.now() / 1_000);
    const deployment = {
      id,
      sha: shaOf(branchOf(ref)),
      ref,
      task: "deploy",
      environment,
      created_at: at,
      updated_at: at,
    };
    const status = { id: id + 1, state, environment, description, created_at: at, updated_at: at };
    agenda.at(world.now(), () =>
      deliver("deployment_status", { action: "created", deployment_status: status, deployment }),
    );
  }

  function change(changed: Change): void {
    const { fail, conclusion, duration: durationMs, slow: slowMs, cancel, log } = changed;
    runs.change(present({ fail, conclusion, durationMs, slowMs, cancel, log }));
    const { refs, inputs, runName, returnsDetails, disabled, denied, webhook } = changed;
    settings = { ...settings, ...present({ refs, inputs, runName, returnsDetails, disabled, denied, webhook }) };
    if (changed.busy !== undefined) {
      const { times, ...how } = changed.busy;
      busy = how;
      lefts.busy = times;
    }
    if (changed.dropAnswers !== undefined) lefts.dropAnswers = changed.dropAnswers;
    if (changed.start === true) {
      runs.create({ title: given.workflowName, ref: "main", inputs: {}, event: "schedule" });
    }
    if (changed.deploy !== undefined) deploy(changed.deploy);
  }
  change(given);

  function refusal(asked: Asked): Answered | null {
    const bearer = /^(?:Bearer|token) (.+)$/i.exec(asked.headers.authorization ?? "")?.[1];
    if (bearer !== token) return said(401, "Bad credentials");
    if (settings.denied) return said(403, "Resource not accessible by personal access token");
    if (lefts.busy === 0) return null;
    lefts.busy--;
    const { status, retryAfter } = busy;
    const limited = status === 403 || status === 429 ? { "x-ratelimit-remaining": "0" } : {};
    const wait = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
    return {
      ...said(status, status < 500 ? "You have exceeded a secondary rate limit." : "Server Error"),
      headers: { ...limited, ...wait },
    };
  }

  return {
    agenda,
    change,
    listensAt: (address: string) => {
      url = address;
    },
    answer: async (asked: Asked): Promise<Answered> => {
      await agenda.tick();
      counts.calls++;
      const answered = blob(asked, hub) ?? refusal(asked) ?? (await answerGithub(asked, hub));
      if (answered.status >= 400) counts.refused++;
      if (!asked.path.endsWith("/dispatches") || answered.status >= 400 || lefts.dropAnswers === 0) return answered;
      lefts.dropAnswers--;
      return { status: 0, cut: true };
    },
    counts: () => ({ ...counts, ...runs.counts() }),
  };
}
