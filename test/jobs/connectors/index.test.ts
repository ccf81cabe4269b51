import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { connectorSchemas, connectors } from "../../../src/jobs/connectors/index.ts";

/** The type contract has the name that the connector `contract` would have. */
const FILES: Readonly<Record<string, string>> = { contract: "job-contract" };

test("the list is the folder", () => {
  const folder = new URL("../../../src/jobs/connectors/", import.meta.url);
  const members = readdirSync(folder)
    .filter((file) => file.endsWith(".ts") && file !== "index.ts" && file !== "contract.ts")
    .map((file) => file.replace(/\.ts$/, ""));
  expect(connectors.map((one) => FILES[one.name] ?? one.name).sort()).toEqual(members.sort());
  expect(Object.keys(connectorSchemas).sort()).toEqual(connectors.map((one) => one.name).sort());
});
