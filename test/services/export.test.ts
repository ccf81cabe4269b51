import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { asking, ben, incidentDesk } from "./desk.ts";

async function withIncident(upload?: Parameters<typeof incidentDesk>[0]) {
  const desk = await incidentDesk(upload);
  await desk.incidents.open(asking(), { title: "ESR fails", environment: "prod" });
  await desk.incidents.note(asking(), 1, { text: "Root cause: the enumeration became a string" });
  return { ...desk, file: () => readFile(join(desk.folder, "INC-1.md"), "utf8") };
}

test("the same record gives the same bytes, and exporting changes nothing of them", async () => {
  const { incidents, file, clock, timeline, folder } = await withIncident();
  const first = await incidents.export(asking(), 1, "markdown");
  expect(first).toEqual({ url: null, path: join(folder, "INC-1.md"), version: 1, unchanged: false });
  const bytes = await file();
  expect(bytes).toContain("- the enumeration became a string");
  clock.advance({ hours: 30 });
  expect(await incidents.export(asking(), 1, "markdown")).toMatchObject({ version: 1, unchanged: true });
  expect(await file()).toBe(bytes);
  expect((await timeline(1)).filter((line) => line.startsWith("export"))).toEqual([
    "export: Asha Rao exported the postmortem as markdown, version 1",
  ]);
});

test("what was learned since is the next version", async () => {
  const { incidents, file, store } = await withIncident(async ({ name }) => `https://slack.example.org/${name}`);
  await incidents.export(asking(), 1, "markdown");
  await incidents.note(asking(), 1, { text: "Impact: two people could not log in" });
  expect(await incidents.export(asking(), 1, "markdown")).toMatchObject({
    version: 2,
    unchanged: false,
    url: "https://slack.example.org/INC-1.md",
  });
  expect(await file()).toContain("two people could not log in");
  const versions = await store.db.selectFrom("exports").select(["version", "actor"]).orderBy("version").execute();
  expect(versions).toEqual([
    { version: 1, actor: "slack:U012" },
    { version: 2, actor: "slack:U012" },
  ]);
});

test("two exports at once are one version", async () => {
  const { incidents, store } = await withIncident();
  const both = await Promise.all([
    incidents.export(asking(), 1, "markdown"),
    incidents.export(asking(), 1, "markdown"),
  ]);
  expect(both.map(({ version }) => version)).toEqual([1, 1]);
  expect(await store.db.selectFrom("exports").select("version").execute()).toEqual([{ version: 1 }]);
});

test("an address that comes later is kept with the version it belongs to", async () => {
  let url: string | null = null;
  const { incidents, store } = await withIncident(async () => url);
  await incidents.export(asking(), 1, "markdown");
  url = "https://slack.example.org/late";
  expect(await incidents.export(asking(), 1, "markdown")).toMatchObject({ version: 1, unchanged: true, url });
  expect(await store.db.selectFrom("exports").select("url").execute()).toEqual([{ url }]);
});

test("needs the grant, a known format and an incident", async () => {
  const { incidents, audit } = await withIncident();
  await expect(incidents.export(asking({ actor: ben }), 1, "markdown")).rejects.toMatchObject({ kind: "denied" });
  expect((await audit()).at(-1)).toBe("ben incident.export denied");
  await expect(incidents.export(asking(), 1, "markdwon")).rejects.toMatchObject({ wayOut: "Did you mean markdown?" });
  await expect(incidents.export(asking(), 7, "markdown")).rejects.toThrow("There is no INC-7.");
});
