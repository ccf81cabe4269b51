import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { connectorSchemas, connectors } from "../../../src/jobs/connectors/index.ts";

test("the list is the folder", () => {
  const folder = new URL("../../../src/jobs/connectors/", import.meta.url);
  const members = readdirSync(folder)
    .filter((file) => file.endsWith(".ts") && file !== "index.ts" && file !== "contract.ts")
    .map((file) => file.replace(/\.ts$/, ""));
  expect(connectors.map((one) => one.name).sort()).toEqual(members.sort());
  expect(Object.keys(connectorSchemas).sort()).toEqual(members.sort());
});
