// Another Nightdesk as far as a target sees it: starts what its command line says. A test kills it meanwhile.
import { systemClock } from "../../../src/base/clock.ts";
import { http } from "../../../src/base/http.ts";
import { shellConnector } from "../../../src/jobs/connectors/shell.ts";

const { entry, intent } = JSON.parse(process.argv[2] ?? "{}");
const connection = shellConnector.connect(shellConnector.settings.parse(entry), {
  http,
  clock: systemClock,
  target: "the-target",
  redact: (text) => text,
  mayRunCommands: true,
});
console.log("calling");
await connection.start(intent);
