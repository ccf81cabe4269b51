import { createServer } from "node:http";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { MOST_IDS, readIds } from "../../src/fanout/ids.ts";
import { foldSignal } from "../../src/incidents/fold.ts";
import { saveSignals } from "../../src/incidents/signals.store.ts";
import { nextCursor } from "../../src/intake/sentry-api.ts";
import { idColumn } from "../../src/services/id-lists-file.ts";
import { entityRules } from "../../src/services/id-lists-incident.ts";
import { asking, fanoutWorld, questioned } from "../fanout/world.ts";
import { DEV } from "../guard/fixture.ts";
import { signalAt } from "../incidents/signals.ts";

test("ids are trimmed, in their order, each once", () => {
  const id = fc.string({ minLength: 1, maxLength: 12, unit: "grapheme-ascii" }).filter((text) => text.trim() !== "");
  fc.assert(
    fc.property(fc.array(id, { minLength: 1, maxLength: 50 }), (words) => {
      const read = readIds(words.map((word) => ` ${word}\t`));
      const trimmed = words.map((word) => word.trim());
      expect(read.ids).toEqual([...new Set(trimmed)]);
      expect(read.ids.length + read.duplicates).toBe(words.length);
    }),
  );
});

test.each([
  ["nothing", [" ", ""], "no id"],
  ["one that is too long", ["a".repeat(201)], "longer than 200 characters"],
  ["one with a character that nobody sees", ["a\u200bb"], "position 1 has control characters"],
  ["a whole source", Array.from({ length: MOST_IDS + 1 }, (_, n) => String(n)), "More than 200,000 ids"],
])("refuses %s", (_, words, why) => {
  expect(() => readIds(words)).toThrow(why);
});

test.each([
  ["one id a line", "1\r\n2\n\n3", ["1", "2", "3"]],
  ["a quoted id with a comma", '"a,b"\n"c""d"', ["a,b", 'c"d']],
  ["a header among others", "name,ID,state\nx,7,done\ny,8,failed\n", ["7", "8"]],
  ["what a spreadsheet saves", "\ufeffid;name\r\n7;x\r\n8;y", ["7", "8"]],
  ["a result of an earlier run", 'id,state,detail\r\n7,failed,"said ""no"", twice"\r\n', ["7"]],
])("reads %s", (_, text, ids) => {
  expect(idColumn(text, "ids.csv")).toEqual(ids);
});

test.each([
  ["two columns without names", "1,2\n3,4", "several columns (row 1), and none is called id, ids, ref"],
  ["a quote that never ends", '"1\n2', "is no CSV file"],
  ["a picture", "\u0089PNG\u0000\u0000", "is no text file"],
])("refuses %s", (_, text, why) => {
  expect(() => idColumn(text, "ids.csv")).toThrow(why);
});

test("finds ids in tags and in every match of a message, for the jobs that a rule is for", () => {
  const rules = entityRules(
    {
      entities: [
        { match: {}, entity: "trainee", from: ["tags.traineeId", "message:/trainee (\\d+)/"] },
        { match: {}, entity: "post", from: ["message:/P-\\d+/"], resync: "posts" },
      ],
    },
    "applicants",
  );
  expect(rules.map((rule) => rule.entity)).toEqual(["trainee"]);
  const naming = { tags: { traineeId: "7" }, message: "trainee 8 and trainee 9 at P-1" };
  expect(rules.flatMap((rule) => rule.idsIn(naming))).toEqual(["7", "8", "9"]);
});

test("follows Sentry's cursor to the next page only where there are results", () => {
  const link = (results: boolean) =>
    `<https://elsewhere.example.org/?cursor=0:0:1>; rel="previous"; results="false"; cursor="0:0:1", ` +
    `<https://elsewhere.example.org/?cursor=0:100:0>; rel="next"; results="${results}"; cursor="0:100:0"`;
  expect(nextCursor(link(true))).toBe("0:100:0");
  expect(nextCursor(link(false))).toBeNull();
  expect(nextCursor(null)).toBeNull();
});

/** Sentry's API with 150 events of issue 4001, and who asked for what. */
async function sentry() {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.headers.authorization} ${request.url}`);
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const from = url.searchParams.get("cursor") === "0:100:0" ? 100 : 0;
    const events = Array.from({ length: from === 0 ? 100 : 50 }, (_, n) => ({
      eventID: `e${from + n}`,
      title: "InvalidFormatException",
      message: null,
      tags: [{ key: "traineeId", value: String(90_000 + from + n) }],
    }));
    const more = from === 0;
    response.setHeader(
      "link",
      `<http://elsewhere.example.org/>; rel="next"; results="${more}"; cursor="0:${from + 100}:0"`,
    );
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(events));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`, asked };
}

async function incidentWith(tags: readonly Record<string, string>[], api: string | null = null) {
  const here = await fanoutWorld({
    catalogue: {
      entities: [{ match: { services: ["esr-*"] }, entity: "trainee", from: ["tags.traineeId"] }],
      ...(api === null
        ? {}
        : {
            sources: {
              sentry: { kind: "sentry", secret: "s", api: { url: api, organization: "acme", token: "t0ken" } },
            },
          }),
    },
  });
  for (const one of tags) {
    await here.store.tx(async (tx) => {
      const [signal] = await saveSignals(tx, [
        signalAt(here.clock.now(), { service: "esr-generator", environment: "preprod", tags: one }),
      ]);
      if (signal !== undefined) {
        await foldSignal(
          tx,
          { catalogue: here.catalogue, now: here.clock.now() },
          { signal, run: null, incident: null },
        );
      }
    });
  }
  const ask = (over: object) =>
    here.fanouts.resync(asking(over), { job: "placements", environment: "preprod", incident: 1 });
  return { here, ask };
}

test("takes the ids that an incident's signals name, says how often, and asks", async () => {
  const { ask } = await incidentWith([
    { traineeId: "90211" },
    { traineeId: "90212" },
    { traineeId: "90211" },
    { traineeId: "[redacted]" },
    {},
  ]);
  const question = await questioned(ask);
  expect(question.title).toBe("PREPROD: resync 2 ids of placements?");
  expect(question.lines.join("\n")).toContain("trainee of INC-1");
  expect(question.lines.join("\n")).toContain("Named in 5 signals and events, most often: 90211 (2×), 90212 (1×)");
  expect(question.lines.join("\n")).toContain("1 were redacted");
});

test("asks Sentry for the events that it did not send, page by page, and nobody else", async () => {
  const api = await sentry();
  const { ask } = await incidentWith([{ traineeId: "90000", "sentry.issue": "4001" }], api.url);
  const question = await questioned(ask);
  expect(question.title).toBe("PREPROD: resync 150 ids of placements?");
  expect(api.asked).toEqual([
    "Bearer t0ken /api/0/organizations/acme/issues/4001/events/?per_page=100",
    "Bearer t0ken /api/0/organizations/acme/issues/4001/events/?per_page=100&cursor=0%3A100%3A0",
  ]);
});

test("says when Sentry could not be asked, and goes on with what it has", async () => {
  const { ask } = await incidentWith([{ traineeId: "1", "sentry.issue": "4001" }], "http://127.0.0.1:1");
  const question = await questioned(ask);
  expect(question.lines.join("\n")).toContain("There may be more: Sentry cannot be asked");
});

test("reads the file of a message, and refuses one that is too big", async () => {
  const here = await fanoutWorld();
  here.files.set("F1", "id\n1\n2\n1\n");
  const file = { id: "F1", name: "ids.csv", url: "https://files.slack.com/F1", bytes: 8 };
  const wanted = { job: "placements", environment: "preprod" };
  const question = await questioned((over) => here.fanouts.resync(asking({ ...over, file }), wanted));
  expect(question.lines.join("\n")).toContain("*2 ids* (from ids.csv)");
  const big = asking({ file: { ...file, bytes: 5_000_001 } });
  await expect(here.fanouts.resync(big, wanted)).rejects.toThrow("ids.csv has 5.0 MB");
});

test.each([
  [{}, "Which ids?"],
  [{ ids: "1", incident: 1 }, "one place at a time"],
  [{ ids: "1", job: "whole" }, "nothing takes no ids"],
  [{ incident: 99 }, "There is no INC-99"],
  [{ run: 99, only: "failed" as const }, "There is no run 99"],
])("refuses %j: %s", async (wanted, why) => {
  const here = await fanoutWorld();
  await expect(here.fanouts.resync(asking(), { job: "placements", environment: "preprod", ...wanted })).rejects.toThrow(
    why,
  );
});

test("whoever may not resync is refused before any list is made", async () => {
  const here = await fanoutWorld();
  const ask = here.fanouts.resync(asking({ actor: DEV }), { job: "placements", environment: "prod", ids: "1" });
  await expect(ask).rejects.toThrow("Dev Patel may not resync placements in prod");
  expect(await here.store.db.selectFrom("id_lists").selectAll().execute()).toEqual([]);
  expect(await here.store.db.selectFrom("audit").select(["action", "outcome"]).execute()).toEqual([
    { action: "run.request", outcome: "denied" },
  ]);
});

test("another's answer to the question, and an answer twice, hand nothing over twice", async () => {
  const here = await fanoutWorld();
  const ask = (over: object) =>
    here.fanouts.resync(asking(over), { job: "placements", environment: "preprod", ids: "1" });
  const { id } = await questioned(ask);
  await expect(ask({ actor: DEV, confirmation: { id, values: {} } })).rejects.toThrow("may not");
  const both = await Promise.all([
    ask({ confirmation: { id, values: {} } }),
    ask({ confirmation: { id, values: {} } }),
  ]);
  expect(both.map((one) => one.kind)).toEqual(["done", "done"]);
  expect(await here.store.db.selectFrom("runs").select("number").execute()).toEqual([{ number: 1 }]);
});
