import { readFileSync } from "node:fs";
import { expect, inject, test } from "vitest";
import { generateTypes } from "./helpers/generate-types.ts";
import { root } from "./helpers/source-code.ts";

test("src/store/database.ts says what the migrations make; mend it with: npm run types", async () => {
  const generated = await generateTypes(inject("postgresUrl"));
  expect(readFileSync(`${root}src/store/database.ts`, "utf8")).toBe(generated);
});
