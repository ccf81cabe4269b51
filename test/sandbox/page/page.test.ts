import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startPage } from "../../../sandbox/page/server.ts";
import type { Workspace } from "../../../sandbox/workspace/contract.ts";
import { startWorkspace } from "../../../sandbox/workspace/start.ts";
import { hasChromium, openBrowser } from "./chromium.ts";
import { botToken, manifest, signingSecret, startDemoApp } from "./demo-app.ts";
import { photographIncident } from "./screenshot.ts";

const people = {
  asha: { realName: "Asha Rao" },
  ben: { realName: "Ben Okoro", timezone: "America/New_York" },
};

describe.runIf(hasChromium())("the page in a browser", () => {
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  test("a slash command is completed, and its answer is seen by one person only", async () => {
    const { page } = await openDesk();
    const composer = page.getByPlaceholder("Message #ops");
    await composer.fill("/");
    await expectText(page.getByRole("listbox"), "run JOB ENV | hello");
    await composer.press("Enter");
    await expectValue(composer, "/demo ");
    await expectText(page.locator(".usage"), "run JOB ENV | hello");
    await composer.pressSequentially("good evening");
    await composer.press("Enter");
    const answer = page.locator(".message", { hasText: "you said good evening" });
    await expectText(answer, "Only visible to you");
    await expectText(answer, "@Asha Rao");
    await become(page, "ben");
    await expectCount(answer, 0);
    await become(page, "asha");
    await answer.getByRole("button", { name: "Wave" }).click();
    await expectText(page.getByRole("main"), "@Asha Rao waves");
    await expectCount(answer, 0);
  });

  test("a modal opens, refuses, keeps what was typed, and is submitted; another person approves in its thread", async () => {
    const { page, workspace } = await openDesk();
    await type(page, "/demo run person-sync prod");
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Run" }).click();
    await expectText(dialog, "required field");
    await dialog.getByRole("textbox").fill("preprod");
    await dialog.getByLabel("Tonight").check();
    await dialog.getByRole("button", { name: "Run" }).click();
    await expectText(dialog, "Type prod person-sync, not preprod.");
    await expectValue(dialog.getByRole("textbox"), "preprod");
    expect(await dialog.getByLabel("Tonight").isChecked()).toBe(true);
    await dialog.getByRole("textbox").fill("prod person-sync");
    await dialog.getByRole("button", { name: "Run" }).click();
    await expectCount(dialog, 0);

    const card = page.locator(".message", { hasText: "INC-1" });
    await expectText(card, "by @Asha Rao");
    await expectText(card, "2021-03-16 23:05");
    await become(page, "ben");
    await expectText(card, "2021-03-16 19:05");
    await card.getByRole("button", { name: "Approve" }).click();
    await card.getByRole("button", { name: "1 reply" }).click();
    const thread = page.getByRole("complementary", { name: "Thread" });
    await expectText(thread, "Approved by @Ben Okoro");
    await thread.getByPlaceholder("Reply…").fill("starting at 05:00");
    await thread.getByPlaceholder("Reply…").press("Enter");
    await expectText(thread, "starting at 05:00");
    expect(
      workspace
        .messages("ops")
        .at(-1)
        ?.replies.map((reply) => reply.text),
    ).toEqual([expect.stringContaining("Approved by"), "starting at 05:00"]);
  });

  test("a message is reacted to, edited, kept by a shortcut and deleted; only its author may change it", async () => {
    const { page, workspace } = await openDesk();
    await type(page, "the queue is <full> & slow, @ben");
    const line = page.locator(".message", { hasText: "the queue is" });
    await expectText(line, "the queue is <full> & slow, @Ben Okoro");
    await line.hover();
    await line.getByRole("button", { name: "React with pushpin" }).click();
    await expectText(line.getByRole("button", { name: "pushpin, 1" }), "1");
    expect(workspace.messages("ops")[0]?.reactions).toMatchObject([{ name: "pushpin", count: 1 }]);

    await menu(line, "Add to timeline");
    await expectText(page.getByRole("main"), "Kept a line of @Asha Rao");

    await menu(line, "Edit message");
    const box = page.getByLabel("Edit message");
    await expectValue(box, "the queue is <full> & slow, @ben");
    await box.fill("the queue is empty");
    await box.press("Enter");
    await expectText(line, "(edited)");
    expect(workspace.messages("ops")[0]?.text).toBe("the queue is empty");

    await become(page, "ben");
    await line.hover();
    await line.getByRole("button", { name: "More actions" }).click();
    await expectCount(line.getByRole("menuitem", { name: "Delete message…" }), 0);
    await become(page, "asha");
    await menu(line, "Delete message…");
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
    await expectCount(line, 0);
    expect(workspace.messages("ops")).toEqual([]);
  });

  test("a file is attached and can be read again; what fails is said", async () => {
    const { page, workspace } = await openDesk();
    const [chooser] = await Promise.all([
      page.waitForEvent("filechooser"),
      page.getByRole("button", { name: "Attach a file" }).click(),
    ]);
    await chooser.setFiles({ name: "ids.csv", mimeType: "text/csv", buffer: Buffer.from("1\n2\n") });
    const link = page.getByRole("link", { name: "ids.csv" });
    await link.waitFor();
    expect(
      await (await page.request.get(new URL((await link.getAttribute("href")) ?? "", page.url()).href)).text(),
    ).toBe("1\n2\n");
    expect(workspace.files().map((file) => file.name)).toEqual(["ids.csv"]);
    await type(page, "/nonsense");
    await expectText(page.getByRole("main"), "/nonsense is not a valid command.");
    await expectValue(page.getByPlaceholder("Message #ops"), "/nonsense");
    await workspace.archive({ user: "asha", channel: "monitoring" });
    await page.getByRole("button", { name: "monitoring" }).click();
    await expectText(page.getByRole("main"), "This channel is archived.");
  });

  test("the newest line stays in sight however fast lines come, unless the reader has scrolled up", async () => {
    const { page, workspace } = await openDesk();
    const say = (text: string) => workspace.say({ user: "ben", channel: "ops", text });
    for (let n = 1; n <= 30; n += 1) await say(`line ${n}`);
    const lines = page.locator("main .lines");
    await expectText(lines, "line 30");
    const below = () => lines.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight);
    await expect.poll(below, { timeout: 10_000 }).toBeLessThan(2);
    // The browser tells of the last scroll when there is more below already.
    await lines.evaluate((box) => {
      box.append(Object.assign(document.createElement("div"), { style: "height: 600px" }));
      box.dispatchEvent(new Event("scroll"));
    });
    await say("line 31");
    await expectText(lines, "line 31");
    await expect.poll(below, { timeout: 10_000 }).toBeLessThan(2);
    await lines.evaluate((box) => {
      box.scrollTop = 0;
      return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    });
    await say("line 32");
    await expectText(lines, "line 32");
    expect(await lines.evaluate((box) => box.scrollTop)).toBe(0);
  });

  test("drills are listed and played in the panel", async () => {
    const { page } = await openDesk();
    await page.getByRole("button", { name: "Drills" }).click();
    await page.getByRole("button", { name: "Play" }).click();
    const log = page.getByRole("region", { name: "Drill log" });
    await expectText(log, "1 of 2 steps failed");
    expect(await log.getByRole("listitem").allTextContents()).toEqual([
      "✓webhooksentry 20212 ms",
      "✗expectno thread2.5 s",
    ]);
  });

  test("the picture shows the newest incident and its thread", async () => {
    const { page, workspace, url } = await openDesk();
    await type(page, "/demo run person-sync prod");
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox").fill("prod person-sync");
    await dialog.getByRole("button", { name: "Run" }).click();
    await expectCount(dialog, 0);
    const ts = workspace.messages("ops")[0]?.ts ?? "";
    await workspace.say({ user: "ben", channel: "ops", threadTs: ts, text: "I am looking" });
    const picture = await photographIncident(url);
    expect(picture.readUInt32BE(16)).toBe(1280);
    expect(picture.readUInt32BE(20)).toBe(800);
  });

  async function openDesk(): Promise<{ page: Page; workspace: Workspace; url: string }> {
    const workspace = await startWorkspace({
      signingSecret,
      botToken,
      manifest,
      people,
      channels: [{ name: "ops" }, { name: "monitoring" }],
    });
    onTestFinished(() => workspace.close());
    const app = await startDemoApp(workspace.apiUrl);
    onTestFinished(() => app.close());
    workspace.connectApp(app.url);
    const served = await startPage({ workspaceUrl: workspace.url, drills });
    onTestFinished(() => served.close());
    const page = await browser.context.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    onTestFinished(async () => {
      await page.close();
      expect(faults).toEqual([]);
    });
    page.setDefaultTimeout(5_000);
    await page.goto(`${served.url}/#ops`);
    return { page, workspace, url: served.url };
  }
});

const drills = {
  list: async () => [{ file: "a.yml", title: "Permit to work", about: "Four services fail." }],
  async play(
    _file: string,
    onStep: (step: { step: number; kind: string; ok: boolean; ms: number; message: string }) => void,
  ) {
    onStep({ step: 1, kind: "webhook", ok: true, ms: 12, message: "sentry 202" });
    onStep({ step: 2, kind: "expect", ok: false, ms: 2500, message: "no thread" });
    return { ok: false, failed: 1 };
  },
};

async function type(page: Page, text: string): Promise<void> {
  const composer = page.getByPlaceholder("Message #ops");
  await composer.fill(text);
  await composer.press("Enter");
}

async function become(page: Page, name: string): Promise<void> {
  await page.locator(`[data-person="${name}"]`).click();
}

async function menu(line: Locator, item: string): Promise<void> {
  await line.hover();
  await line.getByRole("button", { name: "More actions" }).click();
  await line.getByRole("menuitem", { name: item }).click();
}

/** The text as it is read: a browser shows any run of spaces as one. */
async function expectText(locator: Locator, text: string): Promise<void> {
  const read = async (): Promise<string> =>
    ((await locator.textContent({ timeout: 1_000 })) ?? "").replace(/\s+/g, " ");
  await expect.poll(() => read().catch(() => ""), { timeout: 5_000 }).toContain(text);
}

async function expectValue(locator: Locator, value: string): Promise<void> {
  await expect.poll(() => locator.inputValue(), { timeout: 5_000 }).toBe(value);
}

async function expectCount(locator: Locator, count: number): Promise<void> {
  await expect.poll(() => locator.count(), { timeout: 5_000 }).toBe(count);
}
