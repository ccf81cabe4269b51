import { expect, test } from "vitest";
import { needPlaced } from "../../src/guard/names.ts";
import { ConnectorError } from "../../src/jobs/connectors/contract.ts";
import { resolveVersion } from "../../src/services/versions.ts";
import { asking } from "../jobs/world.ts";
import { control, done, START } from "./control.ts";

type Control = Awaited<ReturnType<typeof control>>;

const ask = ({ parts, catalogue }: Pick<Control, "parts" | "catalogue">, wanted: string, job = "ndw-etl") =>
  resolveVersion(parts, {
    placed: needPlaced(catalogue, { job, environment: "preprod" }),
    wanted,
    requestKey: "r",
    by: { key: "asha", name: "Asha Rao" },
  });

test("a version is what its target says it is, previous too", async () => {
  const here = await control();
  expect(await ask(here, "10")).toEqual({ version: "10", evidence: "10 is registered" });
  expect(await ask(here, "previous")).toMatchObject({ version: "11" });
  await expect(ask(here, "99")).rejects.toMatchObject({
    code: "unknown_version",
    wayOut: expect.stringContaining("/sync history ndw-etl preprod"),
  });
});

test("a target without versions is refused, with the way out", async () => {
  await expect(ask(await control(), "previous", "post-sync")).rejects.toMatchObject({
    kind: "unsupported",
    message: "plain cannot be told which version of post-sync to run.",
    wayOut: expect.stringContaining("Leave `--version` out"),
  });
});

test("where the target knows no previous one, it is the version of the newest success that differs from the last run", async () => {
  const here = await control();
  here.etl.schedule = "10";
  await expect(ask(here, "previous")).rejects.toMatchObject({ code: "no_previous_version" });
  for (const [number, version, end] of [
    [1, "10", "succeed"],
    [2, "11", "succeed"],
    [3, "11", "fail"],
    [4, "12", "fail"],
    [5, "12", "fail"],
  ] as const) {
    done(await here.runs.request(asking(), { job: "ndw-etl", environment: "preprod", parameters: {} }));
    await here.store.db.updateTable("runs").set({ version }).where("number", "=", number).execute();
    await here.move(number, ...START, end);
  }
  expect((await ask(here, "previous")).version).toBe("11");
});

test("a target that does not answer is not taken for one without that version", async () => {
  const here = await control();
  const connections = { of: () => ({ ...here.etl.connection, resolveVersion: silent }) };
  const silent = () => Promise.reject(new ConnectorError("unavailable", "it did not answer."));
  await expect(ask({ ...here, parts: { ...here.parts, connections } }, "11")).rejects.toMatchObject({
    code: "version_not_told",
    message: "etl did not tell about version 11: it did not answer.",
  });
});
