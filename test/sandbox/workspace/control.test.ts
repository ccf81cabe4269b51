import { expect, onTestFinished, test } from "vitest";
import type { Workspace } from "../../../sandbox/workspace/contract.ts";
import { boltApp, clientOf, workspaceWith } from "./support.ts";

function post(workspace: Workspace, path: string, body: object): Promise<Response> {
  return fetch(`${workspace.url}/_twin/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: "http://localhost:4000" },
    body: JSON.stringify(body),
  });
}

async function get(workspace: Workspace, path: string): Promise<unknown> {
  return (await fetch(`${workspace.url}/_twin/${path}`)).json();
}

test("a browser can act as any person, and read all that a person sees", async () => {
  const workspace = await workspaceWith();
  await boltApp(workspace, (app) => app.command("/sync", async ({ ack }) => ack("No jobs.")));
  const said = await post(workspace, "act/say", { user: "asha", channel: "ops", text: "hello" });
  expect(said.headers.get("access-control-allow-origin")).toBe("http://localhost:4000");
  const { ts } = await said.json();
  await post(workspace, "act/say", { user: "ben", channel: "ops", text: "hi", threadTs: ts });
  expect(await get(workspace, "messages?channel=ops")).toMatchObject([{ text: "hello", replies: [{ text: "hi" }] }]);
  expect(await get(workspace, `thread?channel=ops&ts=${ts}`)).toHaveLength(2);
  const slash = await post(workspace, "act/slash", { user: "asha", channel: "ops", text: "/sync jobs" });
  expect(await slash.json()).toMatchObject({ ok: true, status: 200 });
  expect(await get(workspace, "seen?user=asha")).toMatchObject({ kind: "response", text: "No jobs." });
  expect(await get(workspace, "ephemerals?user=asha&channel=ops")).toHaveLength(1);
  expect(await get(workspace, "ephemerals?user=asha&channel=secret")).toHaveLength(0);
  expect(await get(workspace, "modal?user=asha")).toBeNull();
  expect(await get(workspace, "workspace")).toMatchObject({
    app: { name: "nightdesk", connected: true },
    commands: [{ command: "/sync", usageHint: "run JOB ENV" }, { command: "/incident" }],
    shortcuts: [{ name: "Add to timeline", callbackId: "add_to_timeline", type: "message" }, { type: "global" }],
  });
});

test("switches and counters", async () => {
  const workspace = await workspaceWith();
  await clientOf(workspace).users.list({});
  expect(await get(workspace, "counters")).toMatchObject({ total: 1 });
  expect(await (await post(workspace, "mark", {})).json()).toMatchObject({ total: 0 });
  expect(await (await post(workspace, "switch/outage", { on: true })).json()).toMatchObject({ outage: true });
  expect(await (await post(workspace, "switch/outage", { on: false })).json()).toMatchObject({ outage: false });
  const limited = await post(workspace, "switch/limit", { method: "users.list", retryAfter: 3, times: 1 });
  expect(await limited.json()).toMatchObject({ limits: [{ method: "users.list", retryAfter: 3, times: 1 }] });
});

test.each([
  ["act/say", { user: "asha", channel: "ops" }, 400],
  ["act/say", { user: "nobody", channel: "ops", text: "x" }, 400],
  ["act/press", { user: "asha", button: "x" }, 400],
  ["act/submit", { user: "asha", values: { a: 1 } }, 400],
  ["act/fly", {}, 404],
  ["switch/fly", {}, 404],
])("%s with %j is no request", async (path, body, status) => {
  const workspace = await workspaceWith();
  const answer = await post(workspace, path, body);
  expect(answer.status).toBe(status);
  expect(await answer.json()).toEqual({ error: expect.any(String) });
});

test("pages of other machines are turned away", async () => {
  const workspace = await workspaceWith();
  const answer = await fetch(`${workspace.url}/_twin/workspace`, { headers: { origin: "https://example.org" } });
  expect(answer.status).toBe(403);
});

test("the stream tells every change once, and catches up", async () => {
  const workspace = await workspaceWith();
  await workspace.say({ user: "asha", channel: "ops", text: "before" });
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const response = await fetch(`${workspace.url}/_twin/stream?after=0`, { signal: stop.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const readUntil = async (wanted: string) => {
    while (!text.includes(wanted)) text += (await reader?.read())?.value ?? "";
  };
  await readUntil("before");
  await workspace.say({ user: "asha", channel: "ops", text: "after" });
  await readUntil('"after"');
  const seqs = [...text.matchAll(/^id: (\d+)$/gm)].map(([, seq]) => Number(seq));
  expect(seqs).toEqual([1, 2]);
  expect(workspace.changes().map(({ kind, text: said }) => [kind, said])).toEqual([
    ["message", "before"],
    ["message", "after"],
  ]);
});
