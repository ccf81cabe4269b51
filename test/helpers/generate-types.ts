// `npm run types`: writes src/store/database.ts from a freshly migrated database; `--print` only prints it.
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startPostgres } from "../../sandbox/postgres.ts";
import { databaseUrl, prepareTemplate } from "./template.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The text of src/store/database.ts, introspected from the migrated database at `url`. */
export async function generateTypes(url: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      `${root}node_modules/kysely-codegen/dist/cli/bin.js`,
      ...["--dialect", "postgres", "--url", url, "--log-level", "error", "--print"],
      ...["--type-mapping", JSON.stringify({ timestamptz: "Temporal.Instant", int8: "number" })],
      ...["--custom-imports", JSON.stringify({ Temporal: "temporal-polyfill#Temporal" })],
    ],
    { cwd: root, encoding: "utf8" },
  );
  return stdout;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const given = process.env["NIGHTDESK_TEST_POSTGRES"];
  const own = given === undefined ? await startPostgres() : null;
  try {
    const server = given ?? own?.url ?? "";
    const text = await generateTypes(databaseUrl(server, await prepareTemplate(server)));
    if (process.argv.includes("--print")) process.stdout.write(text);
    else writeFileSync(`${root}src/store/database.ts`, text);
  } finally {
    await own?.close();
  }
}
