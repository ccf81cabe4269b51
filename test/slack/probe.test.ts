import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { http } from "../../src/base/http.ts";
import { slackProbe } from "../../src/slack/probe.ts";

type Answer = (form: URLSearchParams, response: ServerResponse, request: IncomingMessage) => unknown;

async function probeOf(methods: Record<string, Answer>, appToken: string | null = null) {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const answer = methods[request.url?.slice("/api/".length) ?? ""];
    const data = answer?.(new URLSearchParams(body), response, request) ?? { ok: false, error: "unknown_method" };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(data));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  return slackProbe({ botToken: "xoxb-1", appToken, apiUrl: `http://127.0.0.1:${port}/api/`, http });
}

test("scopes and Slack's time are read from the headers", async () => {
  const probe = await probeOf({
    "auth.test": (_form, response, request) => {
      response.setHeader("x-oauth-scopes", "chat:write, commands");
      response.setHeader("date", "Fri, 01 Mar 2024 02:00:00 GMT");
      return { ok: request.headers.authorization === "Bearer xoxb-1", team: "Example", user: "nightdesk" };
    },
  });
  const self = await probe.whoAmI();
  expect(self).toMatchObject({ team: "Example", bot: "nightdesk", scopes: ["chat:write", "commands"] });
  expect(self.date?.toString()).toBe("2024-03-01T02:00:00Z");
});

test("channels are read page by page, without private ones where that scope was not granted", async () => {
  const probe = await probeOf({
    "conversations.list": (form) => {
      if (form.get("types")?.includes("private_channel")) return { ok: false, error: "missing_scope" };
      return form.get("cursor") === "two"
        ? {
            ok: true,
            channels: [{ name: "b", is_member: false, is_archived: true }],
            response_metadata: { next_cursor: "" },
          }
        : { ok: true, channels: [{ name: "a", is_member: true }], response_metadata: { next_cursor: "two" } };
    },
  });
  expect([...(await probe.channels())]).toEqual([
    ["a", { member: true, archived: false }],
    ["b", { member: false, archived: true }],
  ]);
});

test("Slack's no is told by its code", async () => {
  const probe = await probeOf({ "auth.test": () => ({ ok: false, error: "invalid_auth" }) }, "xapp-1");
  await expect(probe.whoAmI()).rejects.toThrow("invalid_auth");
  await expect(probe.tryAppToken()).rejects.toThrow("unknown_method");
});
