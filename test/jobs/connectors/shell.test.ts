import { describe } from "vitest";
import { connectors } from "../../../src/jobs/connectors/index.ts";
import { connectorConformance } from "../../helpers/conformance/connector.ts";
import { shellBench } from "./shell-bench.ts";

const listed = connectors.find((one) => one.name === "shell");
if (listed === undefined) throw new Error("there is no shell connector");
const shell = listed;

describe("conformance, with a command of this machine", () => {
  connectorConformance(shell, shellBench, { without: ["network", "identity"] });
});
