import { onTestFinished } from "vitest";
import { manualClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { createCounters } from "../../src/http/counters.ts";
import { createHttpServer, type HttpParts } from "../../src/http/server.ts";

export const clock = manualClock("2021-03-17T05:20:00Z");

/** A server on a free port of loopback, closed with the test. */
export async function serve(over: Partial<HttpParts> = {}): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createHttpServer({
    port: 0,
    host: "127.0.0.1",
    clock,
    log: silentLogger,
    receive: null,
    slackListener: null,
    api: null,
    ready: async () => ({ ok: true, problems: [] }),
    metrics: async () => "",
    counters: createCounters(),
    reportFault: () => {},
    ...over,
  });
  const port = await server.listen();
  onTestFinished(() => server.close());
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}
