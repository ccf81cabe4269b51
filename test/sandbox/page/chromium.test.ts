import { expect, onTestFinished, test, vi } from "vitest";
import { hasChromium } from "./chromium.ts";

test("without Chromium the browser tests are skipped with a line that says why; in CI that is a failure", () => {
  onTestFinished(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });
  const said = vi.spyOn(console, "log").mockReturnValue();
  vi.stubEnv("CHROMIUM_PATH", "/nowhere/chromium");
  vi.stubEnv("CI", "");
  expect(hasChromium()).toBe(false);
  expect(said).toHaveBeenCalledWith(expect.stringMatching(/^skipped: .*no Chromium at \/nowhere\/chromium/));
  vi.stubEnv("CI", "true");
  expect(() => hasChromium()).toThrow("must run in CI");
});
