// `npm run types`: writes src/store/database.ts from a freshly migrated database; `--print` only prints it.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startPostgres } from "../../sandbox/postgres.ts";
import { databaseUrl, prepareTemplate } from "./template.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The text of src/store/database.ts for the migrations as they are, introspected from `server`. */
export async function generateTypes(server: string): Promise<string> {
  const url = databaseUrl(server, await prepareTemplate(server));
  return execFileSync(
    process.execPath,
    [
      `${root}node_modules/kysely-codegen/dist/cli/bin.js`,
      ...["--dialect", "postgres", "--url", url, "--log-level", "error", "--print"],
      ...["--type-mapping", JSON.stringify({ timestamptz: "Temporal.Instant", int8: "number" })],
      ...["--custom-imports", JSON.stringify({ Temporal: "temporal-polyfill#Temporal" })],
    ],
    { cwd: root, encoding: "utf8" },
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const given = process.env["NIGHTDESK_TEST_POSTGRES"];
  const own = given === undefined ? await startPostgres() : null;
  try {
    const text = await generateTypes(given ?? own?.url ?? "");
    if (process.argv.includes("--print")) process.stdout.write(text);
    else writeFileSync(`${root}src/store/database.ts`, text);
  } finally {
    await own?.close();
  }
}
