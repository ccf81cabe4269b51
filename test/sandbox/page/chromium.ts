import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";

const usual = "/usr/bin/chromium";

/** Where Chromium is: CHROMIUM_PATH, else the distribution's place; null when there is none. */
export function chromiumPath(): string | null {
  const path = process.env["CHROMIUM_PATH"] ?? usual;
  return existsSync(path) ? path : null;
}

/**
 * Whether the tests in a browser can run. Without Chromium they are skipped with a line that says so; with CI=true the
 * absence is an error.
 */
export function hasChromium(): boolean {
  if (chromiumPath() !== null) return true;
  const missing = `no Chromium at ${process.env["CHROMIUM_PATH"] ?? usual} (set CHROMIUM_PATH, or apt install chromium)`;
  if (process.env["CI"] === "true") throw new Error(`The page's browser tests must run in CI: ${missing}.`);
  console.log(`skipped: the page's browser tests: ${missing}`);
  return false;
}

/** A headless browser with a profile of its own, 1280x800; closing it removes the profile. */
export async function openBrowser(): Promise<{ page: Page; context: BrowserContext; close(): Promise<void> }> {
  const executablePath = chromiumPath();
  if (executablePath === null) throw new Error("There is no Chromium here.");
  const profile = await mkdtemp(join(tmpdir(), "nightdesk-page-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    viewport: { width: 1280, height: 800 },
    timezoneId: "Europe/London",
    args: [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  return {
    page: context.pages()[0] ?? (await context.newPage()),
    context,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
