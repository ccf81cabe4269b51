// `npm run -s bench -- NAME… [--option]`: JSON lines on stdout, one a metric; progress on stderr; exit 1 when one could not be taken.
import { abort } from "./abort.ts";
import { command } from "./command.ts";
import { fanout } from "./fanout.ts";
import { folding } from "./folding.ts";
import { growth } from "./growth.ts";
import { intake } from "./intake.ts";
import { recovery } from "./recovery.ts";
import { reportFailure } from "./report.ts";
import { storm } from "./storm.ts";

const BENCHES: Readonly<Record<string, (words?: readonly string[]) => Promise<void>>> = {
  intake,
  command,
  abort,
  fanout,
  recovery,
  folding,
  storm,
  growth,
};

const words = process.argv.slice(2);
const names = words.filter((word) => !word.startsWith("--"));
const options = words.filter((word) => word.startsWith("--"));
const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name));
if (names.length === 0 || unknown.length > 0) {
  console.error(`usage: npm run -s bench -- ${Object.keys(BENCHES).join(" ")}`);
  process.exit(2);
}
for (const name of names) {
  try {
    await BENCHES[name]?.(options);
  } catch (error) {
    reportFailure(name, error);
  }
}
process.exit();
