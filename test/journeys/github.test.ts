import { expect, test } from "vitest";
import { deploymentStatus, githubRequest, workflowRun } from "../helpers/github-events.ts";
import { type Desk, deliver, sentryAlert } from "./desk.ts";
import { fieldsOf } from "./fields.ts";
import { testDesk } from "./support.ts";

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const repository = { id: 7, name: "tis-tcs", full_name: "acme/tis-tcs", default_branch: "main" };

/** A run of the workflow CI on main, from its start to its end, in minutes ago. */
function run(of: { id: number; conclusion: string; began: number; ended: number; attempt?: number }) {
  const times = { run_started_at: minutesAgo(of.began), updated_at: minutesAgo(of.ended) };
  const head = { head_repository: { full_name: repository.full_name } };
  return workflowRun(
    { id: of.id, conclusion: of.conclusion, run_attempt: of.attempt ?? 1, ...times, ...head },
    { repository },
  );
}

/** Sends it as GitHub does; the same `guid` is GitHub's "Redeliver". */
function webhook(desk: Desk, event: string, body: unknown, options: { guid: string; secret?: string }) {
  const secret = options.secret ?? desk.env["GITHUB_WEBHOOK_SECRET"] ?? "";
  const request = githubRequest(event, body, { guid: options.guid, secret });
  return deliver(desk.url, { path: "/hooks/github", headers: { ...request.headers }, body: request.body.toString() });
}

test("GitHub's webhooks: a failed workflow is one incident until it succeeds, and a deployment becomes a suspect", {
  timeout: 90_000,
}, async () => {
  const desk = await testDesk();
  expect(await webhook(desk, "ping", { zen: "Keep it.", hook_id: 1 }, { guid: "g-0" })).toBe(202);

  const failed = run({ id: 1, conclusion: "failure", began: 30, ended: 25 });
  expect(await webhook(desk, "workflow_run", failed, { guid: "g-1", secret: "guessed" })).toBe(401);
  expect(await webhook(desk, "workflow_run", failed, { guid: "g-1" })).toBe(202);
  expect(await webhook(desk, "workflow_run", failed, { guid: "g-1" })).toBe(202);
  await desk.settle();
  expect(await webhook(desk, "workflow_run", failed, { guid: "g-1" })).toBe(202);
  const again = run({ id: 1, conclusion: "failure", began: 24, ended: 20, attempt: 2 });
  expect(await webhook(desk, "workflow_run", again, { guid: "g-2" })).toBe(202);
  await desk.settle();
  expect(await desk.list("incidents")).toMatchObject([
    { number: 1, status: "open", title: "Workflow CI failed on main of acme/tis-tcs", services: ["tcs"], signals: 2 },
  ]);

  // It began before what failed, and ends well after it: it is of an older commit, and proves nothing.
  const older = run({ id: 2, conclusion: "success", began: 26, ended: 10 });
  expect(await webhook(desk, "workflow_run", older, { guid: "g-3" })).toBe(202);
  await desk.settle();
  expect(await desk.list("incidents")).toMatchObject([{ status: "open" }]);

  const fixed = run({ id: 3, conclusion: "success", began: 9, ended: 5 });
  expect(await webhook(desk, "workflow_run", fixed, { guid: "g-4" })).toBe(202);
  await desk.settle();
  expect(await desk.list("incidents")).toMatchObject([{ number: 1, status: "resolved" }]);

  const at = minutesAgo(4);
  const deployment = deploymentStatus(
    { created_at: at, updated_at: at },
    { created_at: minutesAgo(5) },
    { repository },
  );
  expect(await webhook(desk, "deployment_status", deployment, { guid: "g-5" })).toBe(202);
  await desk.settle();
  expect(await desk.list("incidents")).toHaveLength(1);
  const alert = sentryAlert(desk.env, {
    event_id: "e1",
    issue_id: "1",
    project_slug: "tis-tcs",
    environment: "prod",
    title: "NullPointerException",
    datetime: minutesAgo(1),
  });
  expect(await deliver(desk.url, alert)).toBe(202);
  await desk.settle();
  const [suspicious] = (await desk.list("incidents")).filter((incident) => incident["number"] === 2);
  expect(suspicious).toMatchObject({ status: "open", services: ["tcs"] });
  expect(fieldsOf(suspicious)["suspects"]).toMatchObject([{ service: "tcs", version: "v6.2" }]);
  expect(await desk.list("refused")).toEqual([]);
});
