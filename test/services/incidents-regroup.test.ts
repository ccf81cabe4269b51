import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { incidentByNumber } from "../../src/incidents/incidents.store.ts";
import { addRun } from "../slack/record.ts";
import { asking, ben, incidentDesk } from "./desk.ts";

test("a merge passes the guard, is audited once, takes its runs along, and leaves nothing to be done on what is closed", async () => {
  const { incidents, audit, store, clock } = await incidentDesk();
  await incidents.open(asking(), { title: "List is empty", environment: "prod" });
  await incidents.open(asking(), { title: "Queue is full", environment: "prod" });
  const [one, two] = [await incidentByNumber(store.db, 1), await incidentByNumber(store.db, 2)];
  if (one === null || two === null) throw new Error("not opened");
  await addRun(store, clock.now(), { incident_id: two.id });

  await expect(incidents.merge(asking({ actor: ben }), 2, 1)).rejects.toMatchObject({ kind: "denied" });
  const ask = asking();
  const done = await incidents.merge(ask, 2, 1);
  expect(done).toMatchObject({
    into: { number: 1, status: "open" },
    from: { number: 2, status: "resolved", mergedInto: 1 },
  });
  expect(await incidents.merge(ask, 2, 1)).toEqual(done);
  expect(await store.db.selectFrom("runs").select("incident_id").execute()).toEqual([{ incident_id: one.id }]);
  await expect(incidents.setStatus(asking(), 2, "open")).rejects.toMatchObject({
    code: "merged",
    wayOut: "Say it of INC-1.",
  });
  await expect(incidents.merge(asking(), 2, 1)).rejects.toThrow("INC-2 was merged into another already.");
  expect((await audit()).filter((line) => !line.includes("incident.open"))).toEqual([
    "ben incident.merge denied",
    "asha incident.merge allowed",
    "asha incident.status denied",
    "asha incident.merge denied",
  ]);
});

test("a split of what is not there is refused, kept as an attempt, and says what there is", async () => {
  const { incidents, audit } = await incidentDesk();
  await incidents.open(asking(), { title: "List is empty", environment: "prod", service: "tcs" });
  const nothing = incidents.split(asking(), 1, { service: "profile" });
  await expect(nothing).rejects.toMatchObject({
    message: "INC-1 has no alert with service=profile.",
    wayOut: "It has service=tcs.",
  });
  await expect(incidents.split(asking(), 1, { signal: 7 })).rejects.toThrow("INC-1 has no signal 7.");
  await expect(incidents.split(asking(), 1, { incident: 1 })).rejects.toThrow("INC-1 was not merged into INC-1.");
  expect(await audit()).toContain("asha incident.split denied");
});

test("the postmortem of what was merged is found from where it goes on, which exports the whole", async () => {
  const { incidents, timeline, folder } = await incidentDesk();
  await incidents.open(asking(), { title: "List is empty", environment: "prod" });
  await incidents.open(asking(), { title: "Queue is full", environment: "prod" });
  await incidents.note(asking(), 2, { text: "Root cause: the broker had no disk" });
  await incidents.export(asking(), 2, "markdown");
  await incidents.note(asking(), 2, { text: "Impact: nobody saw the list" });
  await incidents.export(asking(), 2, "markdown");
  const ask = asking();
  await incidents.merge(ask, 2, 1);
  await incidents.merge(ask, 2, 1);
  const where = join(folder, "INC-2.md");
  const said = (number: number) =>
    `export: The postmortem of INC-2 is version 2 (markdown) at ${where}. \`/incident export INC-${number}\` writes the whole.`;
  expect((await timeline(1)).filter((line) => line.startsWith("export: The"))).toEqual([said(1)]);
  expect(await incidents.export(asking(), 1, "markdown")).toMatchObject({ version: 1 });
  const document = await readFile(join(folder, "INC-1.md"), "utf8");
  for (const part of ["List is empty", "the broker had no disk", "nobody saw the list"])
    expect(document).toContain(part);
  expect(await readFile(where, "utf8")).toContain("the broker had no disk");
});
