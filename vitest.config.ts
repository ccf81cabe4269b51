import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/helpers/postgres.setup.ts"],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Most tests wait (for Postgres, for a timer) more than they compute, and share nothing but the server.
    maxWorkers: 4,
    isolate: false,
    sequence: { hooks: "stack" },
  },
});
