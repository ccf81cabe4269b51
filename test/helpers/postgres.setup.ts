import type { TestProject } from "vitest/node";
import { startPostgres } from "../../sandbox/postgres.ts";
import { prepareTemplate } from "./template.ts";

declare module "vitest" {
  interface ProvidedContext {
    postgresUrl: string;
    template: string;
  }
}

/** One Postgres for the whole run (the runner's, when it started one), with one migrated template to clone from. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env["NIGHTDESK_TEST_POSTGRES"];
  const own = given === undefined ? await startPostgres() : null;
  const url = given ?? own?.url ?? "";
  project.provide("postgresUrl", url);
  project.provide("template", await prepareTemplate(url));
  return async () => {
    await own?.close();
  };
}
