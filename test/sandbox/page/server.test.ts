import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { DrillPanel } from "../../../sandbox/page/drills.ts";
import { startPage } from "../../../sandbox/page/server.ts";

test("the page, its script and its style come from memory", async () => {
  const url = await pageFor({});
  const html = await (await fetch(url)).text();
  expect(html).toContain('src="/page.js"');
  expect(html).not.toContain("<script>");
  expect((await (await fetch(`${url}/page.js`)).text()).length).toBeGreaterThan(100_000);
  expect((await fetch(`${url}/look.css`)).headers.get("content-type")).toContain("text/css");
  expect((await fetch(`${url}/../package.json`)).status).toBe(404);
});

test("an event stream of the workspace passes through as it is written", async () => {
  const url = await pageFor({});
  const response = await fetch(`${url}/_twin/stream?after=1`);
  const reader = response.body?.getReader();
  const first = await reader?.read();
  // The second event is only written after the first was asked for: a buffering proxy would wait for ever.
  expect(new TextDecoder().decode(first?.value)).toContain("event one of /_twin/stream?after=1");
  await reader?.cancel();
});

test("another site in the same browser, and another name for this machine, are refused", async () => {
  const url = await pageFor({});
  const crossed = await fetch(`${url}/_twin/act/say`, { method: "POST", headers: { origin: "http://evil.example" } });
  expect(crossed.status).toBe(403);
  expect(await statusWithHost(url, "evil.example")).toBe(403);
  expect(await statusWithHost(url, "localhost")).toBe(200);
});

test("a workspace that is gone is said, not hung on", async () => {
  const page = await startPage({ workspaceUrl: "http://127.0.0.1:9" });
  onTestFinished(() => page.close());
  const response = await fetch(`${page.url}/_twin/workspace`);
  expect(response.status).toBe(502);
  expect(await response.json()).toEqual({ ok: false, error: "The workspace does not answer." });
});

test("a drill is played by its name in the list, line by line, and only one at a time", async () => {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const drills: DrillPanel = {
    list: async () => [{ file: "a.yml", title: "A", about: "" }],
    async play(_file, onStep) {
      onStep({ step: 1, kind: "wait", ok: true, ms: 5, message: "waited" });
      await ended;
      return { ok: true, failed: 0 };
    },
  };
  const url = await pageFor({ drills });
  const play = (file: string) => fetch(`${url}/_page/drills/play`, { method: "POST", body: JSON.stringify({ file }) });
  expect(await (await fetch(`${url}/_page/drills`)).json()).toEqual({ drills: await drills.list() });
  expect((await play("../../etc/passwd")).status).toBe(404);
  const response = await play("a.yml");
  expect((await play("a.yml")).status).toBe(409);
  end();
  const lines = (await response.text()).trim().split("\n");
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
    { step: { step: 1, kind: "wait", ok: true, ms: 5, message: "waited" } },
    { done: { ok: true, failed: 0 } },
  ]);
});

async function pageFor({ drills }: { drills?: DrillPanel }): Promise<string> {
  const workspace = createServer((incoming, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`data: event one of ${incoming.url}\n\n`);
  });
  await new Promise<void>((resolve) => workspace.listen(0, "127.0.0.1", resolve));
  const { port } = workspace.address() as AddressInfo;
  onTestFinished(() => {
    workspace.closeAllConnections();
    workspace.close();
  });
  const page = await startPage({
    workspaceUrl: `http://127.0.0.1:${port}`,
    ...(drills === undefined ? {} : { drills }),
  });
  onTestFinished(() => page.close());
  return page.url;
}

/** `fetch` does not let a test set Host. */
function statusWithHost(url: string, name: string): Promise<number | undefined> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    request(url, { headers: { host: `${name}:${port}` } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}
