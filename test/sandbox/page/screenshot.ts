// node test/sandbox/page/screenshot.ts PAGE_URL FILE.png: the newest incident and its thread, 1280x800.
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { ChannelShown, Root, WorkspaceShown } from "../../../sandbox/workspace/contract.ts";
import { openBrowser } from "./chromium.ts";

/** A PNG of the page at `pageUrl` with the newest incident's channel and thread open. Fails when there is no incident. */
export async function photographIncident(pageUrl: string): Promise<Buffer> {
  const { channel, root } = await newestIncident(pageUrl);
  const browser = await openBrowser();
  try {
    const { page } = browser;
    await page.goto(`${pageUrl}/#${channel.name}/${root.ts}`);
    await page.locator(".thread .message").first().waitFor();
    await page.locator(`main .message[data-ts="${root.ts}"]`).scrollIntoViewIfNeeded();
    // Nothing hovered, nothing focused, and the last frame drawn.
    await page.mouse.move(640, 2);
    await page.evaluate(() => document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(done))));
    return await page.screenshot();
  } finally {
    await browser.close();
  }
}

async function newestIncident(pageUrl: string): Promise<{ channel: ChannelShown; root: Root }> {
  const { channels, app }: WorkspaceShown = await (await fetch(`${pageUrl}/_twin/workspace`)).json();
  const found: { channel: ChannelShown; root: Root }[] = [];
  for (const channel of channels) {
    const roots: Root[] = await (await fetch(`${pageUrl}/_twin/messages?channel=${channel.id}`)).json();
    for (const root of roots) {
      if (root.bot_id === app.botId && /\bINC-\d+/.test(root.text)) found.push({ channel, root });
    }
  }
  const newest = found.sort((one, other) => (one.root.ts < other.root.ts ? 1 : -1))[0];
  if (newest === undefined) throw new Error("There is no incident in this workspace yet.");
  return newest;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , pageUrl, file] = process.argv;
  if (pageUrl === undefined || file === undefined) throw new Error("Usage: screenshot.ts PAGE_URL FILE.png");
  await writeFile(file, await photographIncident(pageUrl));
}
