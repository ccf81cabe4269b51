import { expect, test } from "vitest";
import { parseDrill } from "../../../sandbox/drill/parse.ts";
import { DrillFileError } from "../../../sandbox/drill/yaml.ts";

const head = `drill: A drill
catalogue: { version: 1 }
people: { asha: {}, ben: { timezone: America/New_York } }
channels: [ops, { name: quiet, bot: false }]
estate:
  sync: { kind: tis-sync, profile: [prod], duration: 2s }
  reval: { kind: staged-sync, environment: prod, stages: 4, items: 5000, rate: 2000, fail: { stage: 4, error: "x" } }
  etl: { kind: ecs, revisions: { 11: ok, 12: { fail: "Unknown column" } }, scheduleRevision: 12, stopSeconds: 30 }
  store:
    kind: entity-store
    entities: { placement: 3, site: ["2"] }
    fanOut: { post: 233420, placements: 64000 }
    dlq: [{ body: { table: Placement, id: "1" }, age: 3d }]
  hub: { kind: github, fail: "x", slow: 1m, conclusion: success }
`;

function problems(steps: string, top = head): readonly string[] {
  try {
    parseDrill(`${top}steps:\n${steps}`, "x.yml");
  } catch (error) {
    if (error instanceof DrillFileError) return error.problems;
    throw error;
  }
  return [];
}

test("every verb and form of the language is read", () => {
  const drill = parseDrill(
    `${head}clock: 2023-12-11T14:40:00Z
steps:
  - webhook: { source: sentry, event: event_alert, body: { a: 1 }, repeat: 3, each: [{ path: a, from: 1 }], over: 2s, concurrency: 2 }
  - webhook: { source: jobs, path: /ping, job: ndw-etl, environment: prod, ping: start, rid: a1 }
  - webhook: { source: jobs, path: /ping, job: ndw-etl, environment: prod, ping: 3 }
  - slack: { user: asha, channel: ops, type: "/sync run person-sync prod" }
  - say: { user: asha, in: incident 1, text: "hm" }
  - edit: { user: asha, message: "hm", text: "ah" }
  - delete: { user: asha, message: "ah" }
  - react: { user: asha, message: "x", emoji: pushpin, remove: false }
  - upload: { user: asha, in: incident 1, name: ids.csv, text: "1", comment: "@nightdesk resync placements prod" }
  - press: { user: ben, button: Approve, on: run 1 }
  - submit: { user: asha, values: { confirm: "prod person-sync" } }
  - shortcut: { user: asha, name: Add to timeline, message: "text" }
  - estate: { sync: { fail: { job: personOwnerRebuildJob, error: "x" } } }
  - estate: { reval: { abortable: no, snapshot: fails, vanish: true, identity: preprod, silent: true } }
  - estate: { etl: { revisions: { 13: { fail: "x", retries: forever } }, silent: true, schedule: "0 2 * * *" } }
  - estate: { store: { delete: placement/1, orphan: [placement/9], lost: site/2, retention: 4d, dlq: [{ body: "x" }] } }
  - estate: { hub: { fail: null, conclusion: cancelled, deploy: { environment: prod } } }
  - upload: { user: asha, in: ops, name: ids.csv, ids: { from: 30000001, count: 64000 } }
  - press: { user: ben, button: Reject, on: run 1 }
  - submit: { user: ben, values: { reason: "not tonight" } }
  - nightdesk: { kill: worker }
  - nightdesk: { start: worker }
  - slackApi: { outage: 30s }
  - slackApi: down
  - slackApi: { limit: { method: chat.postMessage, retryAfter: 2 }, slow: 11s, dropAfterSend: 1 }
  - redis: flush
  - clock: { advance: 3h }
  - clock: { to: 2023-12-11T20:00:00Z }
  - http: { method: GET, path: /healthz, expect: { status: 200 } }
  - mark: slackApi
  - wait: 2s
  - expect:
      within: 20s
      holds: 1s
      incidents: 1
      incident 1: { status: resolved, severity: sev2, title: "~ esr", signals: 2800, services: [esr], environment: prod, owner: asha }
      timeline of incident 1: [{ kind: signal, text: "~ failed" }, { kind: message, by: asha, edited: true, at: 2023-12-11T14:45:00Z }]
      runs: 1
      run 1: { state: aborted, job: x, environment: prod, restored: true, proved: true, by: asha, approvedBy: [ben], version: "11", parent: null, items: { pending: 0, done: 64000, failed: 0, missing: 1, superseded: "<= 2", skipped: 0 } }
      items of run 1: { state: missing, ids: ["2568353"] }
      items of run 2: { ids: { none: ["1"] } }
      thread of incident 1: { messages: "<= 12", text: ["~ aborted"], buttons: [Rerun, Resolve] }
      thread of run 1: { text: "~ done" }
      channel ops: { threads: 1, text: ["~ x"] }
      reply to asha: "~ may not run"
      slackApi: { calls: "<= 12", chat.postMessage: 1, refusedBlocks: 0, missingScopes: 0 }
      estate sync: { starts: 1, active: 0 }
      refused: 1
      postmortem of incident 1: { format: markdown, sections: [Summary], contains: ["x"], lacks: ["y"] }
      audit: { none: [{ action: run.request, by: asha, outcome: denied, reason: "~ nimdta" }] }
`,
    "x.yml",
  );
  expect(drill.steps).toHaveLength(32);
  expect(drill.clock).toBe(Date.parse("2023-12-11T14:40:00Z"));
  expect(drill.channels).toEqual([{ name: "ops" }, { name: "quiet", bot: false }]);
  const last = drill.steps.at(-1);
  expect(last?.verb === "expect" ? last.body : null).toMatchObject({ withinMs: 20_000, holdsMs: 1_000 });
  expect(drill.steps[3]?.place).toBe("20:5");
});

test.each([
  ["  - slak: { user: asha }", 'x.yml:16:5: steps[1].slak: unknown verb "slak". Did you mean "slack"?'],
  [
    "  - slack: { usr: asha, user: asha, channel: ops, type: /x }",
    'x.yml:16:14: steps[1].slack.usr: unknown key "usr". Did you mean "user"?',
  ],
  ["  - slack: { user: asha, type: /x }", "x.yml:16:12: steps[1].slack.channel: is missing"],
  ["  - wait: soon", 'x.yml:16:11: steps[1].wait: "soon" is not a duration: write 30s, 5m, 3h or 2d'],
  ["  - wait: 1s\n    mark: slackApi", "x.yml:16:5: steps[1]: a step has one verb, this has wait, mark"],
  [
    "  - slack: { user: ahsa, channel: ops, type: /x }",
    'x.yml:16:20: steps[1].slack.user: there is no person "ahsa" in this drill. Did you mean "asha"?',
  ],
  [
    "  - estate: { sink: { stuck: personOwnerRebuildJob } }",
    'x.yml:16:21: steps[1].estate.sink: there is no target "sink" in this drill. Did you mean "sync"?',
  ],
  [
    "  - estate: { sync: { stuk: personOwnerRebuildJob } }",
    'x.yml:16:23: steps[1].estate.sync.stuk: unknown key "stuk". Did you mean "stuck"?',
  ],
  [
    "  - expect: { incidnts: 1 }",
    'x.yml:16:15: steps[1].expect.incidnts: unknown expectation "incidnts". Did you mean "incidents"?',
  ],
  [
    "  - expect: { thred of incident 3: { messages: 1 } }",
    'x.yml:16:15: steps[1].expect.thred of incident 3: unknown expectation "thred of incident 3". Did you mean "thread of incident 1"?',
  ],
  [
    "  - expect: { monitor ndw-etl-night: { state: lat } }",
    'x.yml:16:47: steps[1].expect.monitor ndw-etl-night.state: "lat" is not known. Did you mean "late"?',
  ],
  ["  - upload: { user: asha, in: ops, name: x.csv }", "x.yml:16:13: steps[1].upload: give one of text: and ids:"],
  [
    "  - expect: { items of run 1: { state: lost } }",
    'x.yml:16:40: steps[1].expect.items of run 1.state: "lost" is not known. Known: pending, done, failed, missing, superseded, skipped.',
  ],
  [
    "  - expect: { items of run 1: { ids: [2568353] } }",
    'x.yml:16:39: steps[1].expect.items of run 1.ids[1]: an id is a text: write "2568353", in quotes',
  ],
  [
    "  - expect: { run 1: { items: { mising: 1 } } }",
    'x.yml:16:33: steps[1].expect.run 1.items.mising: unknown key "mising". Did you mean "missing"?',
  ],
  [
    "  - expect: { item of run 1: { ids: [] } }",
    'x.yml:16:15: steps[1].expect.item of run 1: unknown expectation "item of run 1". Did you mean "items of run 1"?',
  ],
  [
    "  - estate: { reval: { abortabel: no } }",
    'x.yml:16:24: steps[1].estate.reval.abortabel: unknown key "abortabel". Did you mean "abortable"?',
  ],
  [
    "  - estate: { reval: { abortable: ignore } }",
    'x.yml:16:35: steps[1].estate.reval.abortable: "ignore" is not known. Did you mean "ignores"?',
  ],
  [
    '  - estate: { reval: { fail: { stage: 4, error: "x", eror: "x" } } }',
    'x.yml:16:54: steps[1].estate.reval.fail.eror: unknown key "eror". Did you mean "error"?',
  ],
  [
    '  - estate: { etl: { revisions: { 12: { fail: "x", fial: "x" } } } }',
    'x.yml:16:52: steps[1].estate.etl.revisions.12.fial: unknown key "fial". Did you mean "fail"?',
  ],
  [
    "  - estate: { store: { delete: placement } }",
    'x.yml:16:32: steps[1].estate.store.delete[1]: "placement" is no reference: write placement/2568353',
  ],
  [
    "  - estate: { hub: { conclusion: sucess } }",
    'x.yml:16:34: steps[1].estate.hub.conclusion: "sucess" is not known. Did you mean "success"?',
  ],
  [
    "  - expect: { incident 1: { suspects: [{ sevice: tcs }] } }",
    'x.yml:16:42: steps[1].expect.incident 1.suspects[1].sevice: unknown key "sevice". Did you mean "service"?',
  ],
  [
    "  - expect: { incident 1: { statu: open } }",
    'x.yml:16:29: steps[1].expect.incident 1.statu: unknown key "statu". Did you mean "status"?',
  ],
  [
    "  - expect: { incident 1: { status: closed } }",
    'x.yml:16:37: steps[1].expect.incident 1.status: "closed" is not known. Known: open, acknowledged, mitigated, resolved.',
  ],
  [
    '  - expect: { reply to asha: "/[/" }',
    "x.yml:16:30: steps[1].expect.reply to asha: /[/ is not a regular expression that can be read",
  ],
  [
    "  - press: { user: asha, button: Abort, on: thread }",
    "x.yml:16:45: steps[1].press.on: `run 1`, `incident 1`, `channel NAME` or `reply`",
  ],
  ["  - webhook: { source: jobs, ping: start }", "x.yml:16:14: steps[1].webhook: a ping needs job: and environment:"],
])("%s", (step, message) => {
  expect(problems(step)).toEqual([message]);
});

test("everything that is wrong is told at once", () => {
  expect(problems("  - slak: {}\n  - wait: soon\n  - mark: x")).toHaveLength(3);
});

test.each([
  ["drill: x\n", "x.yml:1:1: catalogue: is missing"],
  ["drill: x\ncatalogue: c.yml\nclok: 1\n", 'x.yml:3:1: clok: unknown key "clok". Did you mean "clock"?'],
  [
    "drill: x\ncatalogue: c.yml\nclock: yesterday\n",
    'x.yml:3:8: clock: "yesterday" is not an instant: write one like 2023-12-11T14:40:00Z',
  ],
  [
    "drill: x\ncatalogue: c.yml\nestate: { a: { kind: jira } }\n",
    'x.yml:3:22: estate.a.kind: the estate kind "jira" is not built yet.',
  ],
  [
    "drill: x\ncatalogue: c.yml\nestate: { a: { kind: tis-synk } }\n",
    'x.yml:3:22: estate.a.kind: unknown estate kind "tis-synk". Did you mean "tis-sync"?',
  ],
  ["drill: [\n", "x.yml:"],
])("a wrong head: %j", (top, message) => {
  expect(problems("  - wait: 1s", top)[0]).toContain(message);
});
