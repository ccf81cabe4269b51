import { expect, onTestFinished, test } from "vitest";
import { startEstate } from "../../../sandbox/estate/index.ts";

const AT = Date.parse("2021-03-16T23:00:00Z");
const minutes = (n: number) => n * 60_000;

async function target(options: Record<string, unknown> = {}) {
  let now = AT;
  const posts: string[] = [];
  const started = await startEstate(
    "tis-sync",
    { token: "token-of-the-test", ...options },
    {
      name: "prod",
      now: () => now,
      post: async ({ channel, text }) => void posts.push(`#${channel} ${text}`),
      people: [{ key: "asha", name: "Asha Rao", email: "asha@example.org" }],
    },
  );
  onTestFinished(() => started.close());
  const call = async (method: string, path: string, more: { body?: string; token?: string } = {}) => {
    const response = await fetch(started.url + path, {
      method,
      headers: { authorization: `Bearer ${more.token ?? started.token}` },
      ...(more.body === undefined ? {} : { body: more.body }),
    });
    const text = await response.text();
    return { status: response.status, body: text.startsWith("{") ? (JSON.parse(text) as unknown) : text };
  };
  return {
    target: started,
    call,
    posts,
    advance: async (ms: number) => {
      for (let due = started.nextDueAt(); due !== null && due <= now + ms; due = started.nextDueAt()) {
        ms -= due - now;
        now = due;
        await started.tick();
      }
      now += ms;
    },
    tick: () => started.tick(),
  };
}

const run = (name: string) => ["PUT", `/sync/api/job/${name}`] as const;

test("a job starts once, says so in Slack, ends by itself and can start again", async () => {
  const { call, posts, advance, tick, target: sync } = await target({ duration: "20m" });
  expect(await call(...run("personElasticSearchSyncJob"))).toEqual({ status: 200, body: { status: "Just started" } });
  expect(await call(...run("personElasticSearchSyncJob"))).toEqual({
    status: 200,
    body: { status: "Already running" },
  });
  await tick();
  expect(posts).toEqual(["#monitoring-prod Sync [Person sync job] started."]);
  expect((await call("GET", "/sync/api/jobs/status")).body).toMatchObject({ personElasticSearchSyncJob: true });
  await advance(minutes(20));
  expect(posts[1]).toBe("#monitoring-prod Sync [Person sync job] finished.");
  expect((await call("GET", "/sync/api/jobs/status")).body).toMatchObject({ personElasticSearchSyncJob: false });
  expect(sync.counts()).toMatchObject({ starts: 1, active: 0, succeeded: 1, alreadyRunning: 1, messages: 2 });
  expect((await call(...run("personElasticSearchSyncJob"))).body).toEqual({ status: "Just started" });
});

test("each family of jobs has its own texts, a failure too", async () => {
  const { call, posts, advance } = await target({ duration: "1m" });
  await call(...run("personRecordStatusJob"));
  await advance(minutes(1));
  const failing = await target({ duration: "1m", fail: [{ job: "*", error: "No enum constant\nat line 2" }] });
  await failing.call(...run("postElasticSearchSyncJob"));
  await failing.advance(minutes(1));
  await failing.target.change({ fail: { job: "personOwnerRebuildJob" } });
  await failing.call(...run("personOwnerRebuildJob"));
  await failing.advance(minutes(1));
  expect([...posts, ...failing.posts]).toEqual([
    "#monitoring-prod Sync [PersonRecordStatusJob] started.",
    "#monitoring-prod Sync [PersonRecordStatusJob] completed successfully.",
    "#monitoring-prod ES Sync [Post Elasticsearch sync job] started.",
    "#monitoring-prod Data Sync [Post Elasticsearch sync job] failed with exception [No enum constant\nat line 2].",
    "#monitoring-prod Sync [PersonOwnerJob] started.",
    "#monitoring-prod <!channel> Sync [PersonOwnerJob] failed with exception [null].",
  ]);
});

test("nobody without the right token or role gets in, and the directory says who may", async () => {
  const { call, target: sync } = await target({ roles: { own: ["Machine User"], asha: ["Machine User"], ben: [] } });
  expect((await call(...run("personOwnerRebuildJob"), { token: "another" })).status).toBe(401);
  expect((await call("GET", "/profile/api/userinfo")).body).toMatchObject({
    permissionPolicies: [{ resource: "tis:sync::jobs:", actions: ["Update", "View"], effect: "Allow" }],
  });
  expect((await call("GET", "/profile/api/hee-users/asha@example.org")).body).toMatchObject({
    roles: [{ name: "Machine User" }],
  });
  expect((await call("GET", "/profile/api/hee-users/ben")).body).toMatchObject({ roles: [] });
  expect((await call("GET", "/profile/api/hee-users/nobody")).status).toBe(404);
  await sync.change({ roles: { own: [] } });
  expect((await call("GET", "/profile/api/userinfo")).body).toMatchObject({ permissionPolicies: [] });
  expect((await call("GET", "/profile/api/hee-users/asha")).status).toBe(403);
  expect((await call(...run("personOwnerRebuildJob"))).status).toBe(403);
  expect((await call("GET", "/sync/api/jobs/status")).status).toBe(403);
  expect((await call("GET", "/sync/api/sys/profile")).body).toBe("prod");
  expect(sync.counts()).toMatchObject({ starts: 0 });
});

test("NIMDTA has no revalidation jobs, and an unknown job is a 400", async () => {
  const { call } = await target({ profile: ["prod", "nimdta"] });
  expect((await call("GET", "/sync/api/sys/profile")).body).toBe("prod,nimdta");
  expect(await call(...run("revalCurrentPmJob"))).toEqual({ status: 400, body: { error: "Job not found" } });
  expect((await call("GET", "/sync/api/jobs/status")).body).not.toHaveProperty("revalCurrentPlacementJob");
});

test.each([
  ['{"dateOverride":"ANY"}', 200, { status: "Just started" }],
  ['{"dateOverride":""}', 200, { status: "Just started" }],
  ['{"dateOverride":"2021-03-16"}', 200, { status: "Just started" }],
  ['{"dateOverride":"2021-02-30"}', 400, { error: "The date is not correct: 2021-02-30" }],
  ["today", 400, { error: "Unable to extract the dateOverride property" }],
  ['{"date":"ANY"}', 500, { error: "java.lang.NullPointerException" }],
])("personRecordStatusJob with %s answers %i", async (body, status, said) => {
  const { call } = await target();
  expect(await call(...run("personRecordStatusJob"), { body })).toEqual({ status, body: said });
});

test("run-all goes through its nine jobs in order and on after a failure, and answers nothing", async () => {
  const { call, posts, advance } = await target({ duration: "1m", fail: { job: "personOwnerRebuildJob", error: "x" } });
  expect(await call("PUT", "/sync/api/jobs")).toEqual({ status: 200, body: "" });
  await advance(minutes(12));
  const started = posts.filter((text) => text.endsWith("started."));
  expect(started).toHaveLength(9);
  expect(started[0]).toContain("PersonOwnerJob");
  expect(started.at(-1)).toContain("PostFundingStatusSyncJob");
  expect(posts.filter((text) => text.includes("failed"))).toHaveLength(1);
});

test("a stuck job stays true until the application is restarted; a silent one says nothing", async () => {
  const { call, posts, advance, target: sync } = await target({ duration: "1m", stuck: "personOwnerRebuildJob" });
  await sync.change({ silent: ["postFundingStatusSyncJob"] });
  await call(...run("personOwnerRebuildJob"));
  await call(...run("postFundingStatusSyncJob"));
  await advance(minutes(600));
  expect(posts).toEqual(["#monitoring-prod Sync [PersonOwnerJob] started."]);
  expect((await call(...run("personOwnerRebuildJob"))).body).toEqual({ status: "Already running" });
  await sync.change({ stuck: null });
  expect((await call(...run("personOwnerRebuildJob"))).body).toEqual({ status: "Just started" });
});

test("it starts by its own cron when told, and a partial run says that it finished", async () => {
  const { posts, advance, target: sync } = await target({ duration: "1m", partial: "personElasticSearchSyncJob" });
  await sync.change({ start: "personElasticSearchSyncJob" });
  await advance(minutes(1));
  expect(posts).toHaveLength(2);
  expect(sync.counts()).toMatchObject({ starts: 1, cronStarts: 1, apiStarts: 0, succeeded: 1, partial: 1, items: 500 });
});

test("a behaviour that it does not know is refused", async () => {
  const { target: sync } = await target();
  await expect(sync.change({ stuk: "personOwnerRebuildJob" })).rejects.toThrow(/stuk/);
  await expect(sync.change({ stuck: "personOwnerRebuild" })).rejects.toThrow(/personOwnerRebuildJob/);
  await expect(target({ kind: "tis-sync" })).rejects.toThrow(/kind/);
});
