import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Clock, manualClock } from "../../../src/base/clock.ts";
import { plug } from "../../../src/intake/plugin.ts";
import { github } from "../../../src/intake/sources/github.ts";
import { deliveryOf, describeSource, signalsOf } from "../../helpers/conformance/source.ts";
import { checkRun, deploymentStatus, githubRequest, workflowJob, workflowRun } from "../../helpers/github-events.ts";
import { catalogueOf, ESTATE, estate } from "../../helpers/hear.ts";

const entry = { kind: "github", secret: "github-secret" } as const;
const clock = manualClock("2021-03-16T14:42:00Z");

const samples = {
  entry,
  timed: false,
  firing: (_: Clock, n: number) => githubRequest("workflow_run", workflowRun({ id: n })),
  resolved: (_: Clock, n: number) => githubRequest("workflow_run", workflowRun({ id: n, conclusion: "success" })),
  wrong: (_: Clock, n: number) => githubRequest("workflow_run", workflowRun({ id: n }), { secret: "another" }),
  junk: () => githubRequest("workflow_run", "payload=%7B"),
};
describeSource(plug(github), samples);
describeSource(plug(github), {
  ...samples,
  firing: (_, n) =>
    githubRequest("check_run", checkRun({ id: n }), { form: true, guid: `5f0c1a52-0000-4000-8000-00000000000${n}` }),
  resolved: (_, n) => githubRequest("check_run", checkRun({ id: n, conclusion: "success" }), { form: true }),
});

const read = (event: string, body: unknown, settings: Record<string, unknown> = {}, catalogue = estate()) => {
  const source = plug(github).bind("github", { ...entry, ...settings });
  return source.parse(deliveryOf(source, githubRequest(event, body), clock), catalogue);
};
const first = (...of: Parameters<typeof read>) => signalsOf(read(...of))[0];

test("only the SHA-256 form of a signature counts", () => {
  const source = plug(github).bind("github", entry);
  const sent = githubRequest("ping", { zen: "x" });
  expect(source.verify(sent, clock.machineNow())).toEqual({ ok: true });
  const bare = { ...sent.headers, "x-hub-signature-256": (sent.headers["x-hub-signature-256"] ?? "").slice(7) };
  expect(source.verify({ ...sent, headers: bare }, clock.machineNow())).toMatchObject({ ok: false });
  const old = { "x-github-event": "ping", "x-hub-signature": "sha1=00" };
  expect(source.verify({ ...sent, headers: old }, clock.machineNow())).toMatchObject({
    ok: false,
    reason: expect.stringContaining("SHA-1"),
  });
});

test("a failed workflow says what failed where, and its service by the catalogue", () => {
  expect(first("workflow_run", workflowRun())).toMatchObject({
    kind: "failed",
    title: "Workflow CI failed on main of acme/esr-gen",
    service: "esr-generator",
    cause: "workflow CI",
    condition: "acme/esr-gen workflow .github/workflows/ci.yml main",
    rid: "9001.1",
    url: "https://github.example.org/acme/esr-gen/actions/runs/9001",
    tags: { "github.sha": "3f786850e387550fdab836ed7e6dc881de23001b", "github.by": "asha-gh", "github.attempt": "1" },
  });
  expect(first("workflow_run", workflowRun())?.at.toString()).toBe("2021-03-16T14:40:00Z");
  const services = { "Acme/ESR-gen": "tcs" };
  expect(first("workflow_run", workflowRun(), { services })).toMatchObject({ service: "tcs" });
  const unknown = workflowRun({}, { repository: { full_name: "acme/other", default_branch: "main" } });
  expect(first("workflow_run", { ...unknown, workflow_run: { ...unknown.workflow_run, head_repository: null } }))
    // biome-ignore format: one line
    .toMatchObject({ service: "other" });
});

test.each([
  ["timed_out", "Workflow CI timed out on main of acme/esr-gen"],
  ["startup_failure", "Workflow CI could not start on main of acme/esr-gen"],
])("%s is a failure too", (conclusion, title) => {
  expect(first("workflow_run", workflowRun({ conclusion }))).toMatchObject({ kind: "failed", title });
});

test.each([
  ["cancelled", { conclusion: "cancelled" }, {}, "ended as cancelled"],
  ["skipped", { conclusion: "skipped" }, {}, "ended as skipped"],
  ["without a conclusion", { conclusion: null }, {}, "ended as nothing"],
  ["another branch", { head_branch: "fix/permit" }, {}, "fix/permit is not the default branch"],
  ["no branch", { head_branch: null }, {}, "no branch"],
  ["a pull request", { event: "pull_request" }, {}, "not merged"],
  ["a fork's main", { head_repository: { full_name: "someone/esr-gen" } }, {}, "fork someone/esr-gen"],
  ["a workflow that is not asked for", {}, { workflows: ["deploy-*"] }, "none of workflows:"],
  ["a branch that is not asked for", {}, { branches: ["release/*"] }, "none of branches:"],
])("%s is ignored with the reason", (_, run, settings, reason) => {
  expect(read("workflow_run", workflowRun(run), settings)).toEqual({
    kind: "ignored",
    reason: expect.stringContaining(reason),
  });
});

test("a job of a workflow and a check of Actions make nothing of their own unless asked for", () => {
  expect(read("workflow_job", workflowJob())).toMatchObject({ kind: "ignored" });
  expect(read("check_run", checkRun({ app: { slug: "github-actions" } }))).toMatchObject({ kind: "ignored" });
  const job = first("workflow_job", workflowJob(), { jobs: true });
  expect(job).toMatchObject({
    kind: "failed",
    title: "Job integration of workflow CI failed on main of acme/esr-gen",
    error: 'step "Run the tests" failed',
    cause: "workflow CI",
  });
  expect(read("workflow_job", workflowJob({ conclusion: "success" }), { jobs: true })).toMatchObject({
    kind: "ignored",
  });
  // A workflow that goes on after a failed job, and ends well, takes that job's alert back.
  const ended = signalsOf(read("workflow_run", workflowRun({ conclusion: "success" }), { jobs: true }));
  expect(ended.map(({ kind }) => kind)).toEqual(["resolved", "resolved"]);
  expect(ended.map(({ condition }) => condition)).toContain(job?.condition);
});

test("a check of another app on the branch that matters", () => {
  expect(first("check_run", checkRun())).toMatchObject({
    kind: "failed",
    title: "Check quality-gate failed on main of acme/esr-gen",
    error: "3 new blockers",
    url: "https://quality.example.org/9201",
  });
  expect(read("check_run", checkRun({ check_suite: { head_branch: null } }))).toMatchObject({ kind: "ignored" });
  expect(read("check_run", checkRun({ conclusion: "neutral" }))).toMatchObject({ kind: "ignored" });
  expect(read("check_run", checkRun(), { checks: ["security"] })).toMatchObject({ kind: "ignored" });
});

test("a deployment that went well is told with its version, and ends the trouble of one that did not", () => {
  const [resolved, deployed] = signalsOf(read("deployment_status", deploymentStatus()));
  expect(deployed).toMatchObject({
    kind: "deployed",
    title: "esr-generator v6.2 was deployed to prod",
    service: "esr-generator",
    environment: "prod",
    rid: "9301",
    url: "https://github.example.org/acme/esr-gen/actions/runs/9003",
    tags: {
      "deploy.version": "v6.2",
      "deploy.sha": "3f786850e387550fdab836ed7e6dc881de23001b",
      "deploy.ref": "v6.2",
      "deploy.repository": "acme/esr-gen",
      "deploy.id": "9301",
      "deploy.status": "succeeded",
      "deploy.by": "asha-gh",
    },
  });
  const failed = first("deployment_status", deploymentStatus({ id: 9303, state: "error", description: "no capacity" }));
  expect(failed).toMatchObject({
    kind: "failed",
    title: "Deployment of esr-generator v6.2 to prod failed",
    error: "no capacity",
    tags: { "deploy.status": "failed" },
  });
  expect(resolved).toMatchObject({ kind: "resolved", condition: failed?.condition });
});

test.each([
  ["main", "3f78685"],
  ["refs/heads/release", "3f78685"],
  ["3f786850e387550fdab836ed7e6dc881de23001b", "3f78685"],
  ["refs/tags/v7", "v7"],
])("the version of %s is %s", (ref, version) => {
  expect(first("deployment_status", deploymentStatus({}, { ref }))?.tags).toMatchObject({ "deploy.version": version });
});

test.each(["pending", "queued", "waiting", "in_progress", "inactive"])(
  "a deployment that is %s is no news",
  (state) => {
    expect(read("deployment_status", deploymentStatus({ state }))).toMatchObject({ kind: "ignored" });
  },
);

test("a deployment of a workflow shares its cause, and a preview of a branch is nobody's trouble", () => {
  const { workflow_run: run, workflow } = workflowRun({}, { workflow: { id: 72, name: "deploy", path: "deploy.yml" } });
  const told = deploymentStatus({ state: "failure" }, {}, { workflow_run: run, workflow });
  expect(first("deployment_status", told)).toMatchObject({ cause: "workflow deploy" });
  const preview = deploymentStatus({ state: "failure", environment: "pr-17" }, { ref: "fix/permit" });
  expect(read("deployment_status", preview)).toMatchObject({
    kind: "ignored",
    reason: expect.stringContaining("pr-17"),
  });
  expect(read("deployment", { action: "created", repository: preview.repository })).toMatchObject({ kind: "ignored" });
});

test("a workflow that deploys, where no deployment tells it", () => {
  const deploys = [{ workflow: "ci", service: "tis-sync", environment: "pre-prod" }];
  const [resolved, deployed] = signalsOf(
    read("workflow_run", workflowRun({ conclusion: "success", head_branch: "v6.3" }), { deploys }),
  );
  expect(deployed).toMatchObject({
    kind: "deployed",
    title: "tis-sync v6.3 was deployed to preprod",
    service: "tis-sync",
    environment: "preprod",
    tags: { "deploy.version": "v6.3", "deploy.id": "9001.1", "deploy.by": "asha-gh" },
  });
  const failed = first("workflow_run", workflowRun({ head_branch: "v6.2" }), { deploys });
  expect(failed).toMatchObject({ kind: "failed", title: "Deployment of tis-sync v6.2 to preprod failed" });
  expect(resolved).toMatchObject({ kind: "resolved", condition: failed?.condition });
});

describe("a workflow that is a job of the catalogue", () => {
  const target = { connector: "github-actions", repository: "acme/esr-gen", token: "token-1" };
  const job = (environments: readonly string[]) => ({
    title: "Applicants",
    environments: Object.fromEntries(environments.map((name) => [name, { target: "actions", name: "ci.yml" }])),
  });
  const withJobs = (jobs: Record<string, unknown>) => catalogueOf({ ...ESTATE, targets: { actions: target }, jobs });
  const run = (over: Record<string, unknown>, action = "completed") =>
    workflowRun({ event: "schedule", display_title: "Sync nd-0123456789abcdef01234567", ...over }, { action });

  test("speaks of it, with the execution's own identity", () => {
    const catalogue = withJobs({ applicants: job(["prod"]) });
    const of = (over: Record<string, unknown>, action?: string) =>
      signalsOf(read("workflow_run", run(over, action), {}, catalogue));
    expect(of({ conclusion: null }, "in_progress")).toMatchObject([
      { kind: "started", title: "Applicants started", job: "applicants", environment: "prod", rid: "9001.1" },
    ]);
    expect(of({ conclusion: "success", head_branch: "v3" })).toMatchObject([{ kind: "finished", job: "applicants" }]);
    expect(of({ conclusion: "timed_out" })).toMatchObject([
      {
        kind: "failed",
        error: "the workflow timed out",
        tags: {
          "execution.scope": "acme/esr-gen",
          "execution.id": "9001",
          "execution.attempt": "1",
          "execution.key": "nd-0123456789abcdef01234567",
        },
      },
    ]);
    expect(of({ conclusion: "cancelled" })).toMatchObject([
      { kind: "progress", tags: { "execution.ended": "cancelled" } },
    ]);
    expect(read("workflow_run", run({}, "requested"), {}, catalogue)).toMatchObject({ kind: "ignored" });
  });

  test("in one of several environments, and of several jobs it is nobody's", () => {
    const catalogue = withJobs({ applicants: job(["prod", "preprod"]) });
    expect(signalsOf(read("workflow_run", run({}), {}, catalogue))).toMatchObject([
      { job: "applicants", environments: ["prod", "preprod"] },
    ]);
    const two = withJobs({ applicants: job(["prod"]), others: job(["prod"]) });
    expect(first("workflow_run", run({}), {}, two)).toMatchObject({
      title: "Workflow CI failed on main of acme/esr-gen",
    });
  });
});

test("one event that two webhooks send is one, and an unknown event is known by its delivery", () => {
  const source = plug(github).bind("github", entry);
  const key = (event: string, body: unknown, guid: string) =>
    source.deliveryKey(githubRequest(event, body, { guid })).key;
  expect(key("workflow_run", workflowRun(), "a")).toBe(key("workflow_run", workflowRun(), "b"));
  expect(key("workflow_run", workflowRun(), "a")).not.toBe(key("workflow_run", workflowRun({ run_attempt: 2 }), "a"));
  expect(key("star", { action: "created" }, "a")).not.toBe(key("star", { action: "created" }, "b"));
});

test.each(["workflow_run", "workflow_job", "check_run", "deployment_status", "deployment", "ping", "star"])(
  "%s never throws, whatever is missing or null",
  (event) => {
    const whole =
      { workflow_run: workflowRun(), workflow_job: workflowJob(), check_run: checkRun() }[event] ?? deploymentStatus();
    for (const body of holed(whole)) {
      for (const settings of [{}, { jobs: true, deploys: [{ workflow: "CI", environment: "prod" }] }]) {
        expect(["signals", "ignored", "refused"]).toContain(read(event, body, settings).kind);
      }
    }
  },
);

/** Every way in which one field, at any depth, is null, missing or of another type. */
function holed(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [null, undefined, 7, "x", []];
  return Object.entries(value).flatMap(([key, inner]) => holed(inner).map((hole) => ({ ...value, [key]: hole })));
}

describe("samples of the vendor", () => {
  const folder = process.env["NIGHTDESK_SAMPLES"];

  test.runIf(folder !== undefined)("every one of NIGHTDESK_SAMPLES is understood or ignored, none refused", () => {
    const inner = join(folder ?? "", "github");
    const files = (existsSync(inner) ? readdirSync(inner) : []).filter((file) => file.endsWith(".json"));
    expect(files.length).toBeGreaterThan(0);
    const refused = files.flatMap((file) => {
      const event = file.split(".")[0] ?? "";
      const body: unknown = JSON.parse(readFileSync(join(inner, file), "utf8"));
      return [{}, { jobs: true, branches: ["*"] }].flatMap((settings) => {
        const parsed = read(event, body, settings);
        return parsed.kind === "refused" ? [`${file}: ${parsed.reason}`] : [];
      });
    });
    expect(refused).toEqual([]);
  });
});
