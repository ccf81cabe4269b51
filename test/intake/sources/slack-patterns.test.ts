import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { manualClock } from "../../../src/base/clock.ts";
import { parseCatalogue } from "../../../src/config/load.ts";
import { slackMessage } from "../../../src/intake/sources/slack-message.ts";
import { plugins } from "../../../src/plugins.ts";
import { slackCallback } from "../../helpers/hear.ts";
import { filesBelow, root } from "../../helpers/source-code.ts";

/** The patterns of the sample estate, held against texts of the shapes that such senders write. All texts are invented. */

const clock = manualClock("2024-01-31T02:10:00Z");
const env = Object.fromEntries(
  [...readFileSync(`${root}examples/tis/nightdesk.yml`, "utf8").matchAll(/\$\{env\.(\w+)\}/g)].map(([, name]) => [
    name ?? "",
    name?.endsWith("URL") ? "https://example.org" : "some-secret-value",
  ]),
);
const { catalogue } = parseCatalogue(readFileSync(`${root}examples/tis/nightdesk.yml`, "utf8"), {
  file: "nightdesk.yml",
  env,
  plugins,
});

function heard(channel: string, event: Record<string, unknown>) {
  if (catalogue === null) throw new Error("no catalogue");
  const body = JSON.stringify(
    slackCallback({ ts: "1706666940.000100", bot_id: "B9", subtype: "bot_message", ...event }),
  );
  const request = { method: "POST", path: "", query: {} };
  const delivery = { id: 1, source: "slack", resource: "message", request, body, receivedAt: clock.now() };
  const parsed = slackMessage.parse(delivery, { channels: { C1: channel }, self: {} }, catalogue);
  return parsed.kind === "signals" ? parsed.signals[0] : undefined;
}

const notice = (title: string, value: string, over: Record<string, unknown> = {}) => ({
  text: "",
  attachments: [
    {
      id: 1,
      fallback: value,
      color: "2eb886",
      author_name: "asha-gh",
      fields: [
        { title: "Ref", value: "refs/heads/main", short: true },
        {
          title: "Actions URL",
          value:
            "&lt;https://github.example.org/acme/recommendation/commit/3f786850e387550fdab836ed7e6dc881de23001b/checks|Prod&gt;",
        },
        { title, value, short: false },
      ],
      ...over,
    },
  ],
});

test.each([
  ["Sync [Person sync job] started.", "started", { title: "Person search index started" }],
  ["ES Sync [Post Elasticsearch sync job] started.", "started", { title: "Post search index started" }],
  ["Sync [PersonOwnerJob] finished.", "finished", {}],
  ["Sync [RevalCurrentPmSyncJob] completed successfully.", "finished", {}],
  [
    "<!channel> Sync [PostTrainingBodyTrustJob] failed with exception [could not\nread page 7].",
    "failed",
    { error: "could not\nread page 7" },
  ],
  ["Data Sync [Post Elasticsearch sync job] failed with exception [null].", "failed", { error: undefined }],
])("TIS-SYNC: %j", (text, kind, more) => {
  expect(heard("monitoring-prod", { text })).toMatchObject({ kind, service: "tis-sync", ...more });
  expect(heard("monitoring-prod", { text })).toMatchObject({ environments: ["prod", "nimdta"] });
  expect(heard("monitoring-stage", { text })).toMatchObject({ kind, environment: "preprod" });
});

test("RabbitMQ: too many dead letters", () => {
  expect(heard("monitoring-prod", { text: "RabbitMQ PROD too many messages in the DLQ" })).toMatchObject({
    kind: "firing",
    title: "RabbitMQ PROD too many messages in the DLQ",
    service: "rabbitmq",
    environment: "PROD",
    cause: "too many messages in the DLQ",
  });
});

test.each([
  ["NDW ETL started", "started", undefined, undefined],
  [":hourglass: The NDW ETL for prod has started.", "started", "prod", undefined],
  ["NDW ETL (nimdta) has completed in 62 minutes", "finished", "nimdta", undefined],
  ["NDW ETL prod finished successfully: 1,204,331 rows", "finished", "prod", undefined],
  ["NDW ETL for stage failed: Unknown column 'placement.band'", "failed", "stage", "Unknown column 'placement.band'"],
  ["NDW ETL failed with timeout\nafter 3 tries", "failed", undefined, "timeout\nafter 3 tries"],
])("an ETL: %j", (text, kind, environment, error) => {
  expect(heard("monitoring-ndw", { text })).toMatchObject({
    kind,
    service: "ndw-etl",
    job: "NDW ETL",
    ...(environment === undefined ? { environments: ["prod", "nimdta"] } : { environment }),
    ...(error === undefined ? {} : { error }),
  });
});

test("a pipeline's notice that it has deployed, or that a build has failed", () => {
  const deployed = notice("tis-tcs has been deployed through the pipeline", "Merge #12: the permit is text");
  expect(heard("monitoring-prod", deployed)).toMatchObject({
    kind: "deployed",
    title: "tis-tcs has been deployed through the pipeline",
    service: "tis-tcs",
    environment: "prod",
    tags: {
      "deploy.version": "3f78685",
      "deploy.sha": "3f786850e387550fdab836ed7e6dc881de23001b",
      "deploy.status": "succeeded",
      "deploy.by": "asha-gh",
    },
  });
  const failed = notice("tis-tcs build has failed in the pipeline", "See the log", { color: "fc1303" });
  expect(heard("monitoring-prod", failed)).toMatchObject({
    kind: "firing",
    title: "tis-tcs build has failed in the pipeline",
    service: "tis-tcs",
    cause: "build",
  });
});

test("what people chat about in these channels is no signal", () => {
  for (const text of [
    "Has the sync finished?",
    "The DLQ of RabbitMQ is empty",
    "NDW ETL looks fine",
    "who deployed?",
  ]) {
    for (const channel of ["monitoring-prod", "monitoring-ndw"]) expect(heard(channel, { text })).toBeUndefined();
  }
});

test("the block of patterns in docs/sources.md is the one that is tried here", () => {
  if (!filesBelow("docs").some((path) => path.endsWith("docs/sources.md"))) throw new Error("docs/sources.md is gone");
  const block = /<!-- patterns -->\n```yaml\n([\s\S]*?)```/.exec(readFileSync(`${root}docs/sources.md`, "utf8"))?.[1];
  const documented = (block?.match(/pattern: .*/g) ?? []).map((line) => line.trim());
  expect(documented.length).toBeGreaterThanOrEqual(9);
  const sample = readFileSync(`${root}examples/tis/nightdesk.yml`, "utf8");
  expect(documented.filter((line) => !sample.includes(line))).toEqual([]);
});
