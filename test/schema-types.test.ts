import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { testDatabase } from "./helpers/database.ts";
import { generateTypes } from "./helpers/generate-types.ts";
import { root } from "./helpers/source-code.ts";

test("src/store/database.ts says what the migrations make; mend it with: npm run types", async () => {
  // Not of the template itself: nobody could clone it meanwhile.
  const { url } = await testDatabase();
  const generated = await generateTypes(url);
  expect(readFileSync(`${root}src/store/database.ts`, "utf8")).toBe(generated);
});
