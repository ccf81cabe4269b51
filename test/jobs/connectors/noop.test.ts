import { expect, test } from "vitest";
import { connectors } from "../../../src/jobs/connectors/index.ts";
import { connect, connectorConformance, intentFor } from "../../helpers/conformance/connector.ts";

const noop = connectors.find((one) => one.name === "noop");
if (noop === undefined) throw new Error("there is no noop connector");

const nothing = () => {};
connectorConformance(
  noop,
  async () => ({
    entry: { connector: "noop" },
    secret: "",
    name: "anything",
    starts: () => 0,
    answer: nothing,
    occupy: nothing,
    pretend: nothing,
    cutAfterStart: nothing,
    vanish: async () => {},
  }),
  { offline: true },
);

test("it says that it does nothing", async () => {
  const connection = connect(noop, { connector: "noop" });
  const intent = intentFor("anything");
  expect(connection.plan(intent)).toContain("no effect");
  const seen = await connection.observe(await connection.start(intent), intent, null);
  expect(seen).toMatchObject({ phase: "succeeded", evidence: expect.stringContaining("does nothing") });
});

test("its entry takes no other key", () => {
  expect(noop.settings.safeParse({ connector: "noop", url: "http://example.org" }).success).toBe(false);
});
