import { steady } from "./load.ts";
import { median, percentile, progress, report } from "./report.ts";
import { bareServer, benchStage } from "./stage.ts";

const ROUNDS = 3;
const COMMANDS = 150;
const AT_ONCE = 4;

/** `command`: how long a person's client waits for the acknowledgement of a slash command. */
export async function command(): Promise<void> {
  const stage = await benchStage();
  const bare = await bareServer();
  try {
    const p99s: number[] = [];
    const bares: number[] = [];
    for (let n = 1; n <= ROUNDS; n += 1) {
      progress(`command: round ${n} of ${ROUNDS}`);
      const acks: number[] = [];
      const lane = async () => {
        for (let turn = 0; turn < COMMANDS / AT_ONCE; turn += 1) {
          const acted = await stage.workspace.slash({
            user: "asha",
            channel: "desk-0",
            text: "/sync status job-desk-1",
          });
          if (!acted.ok || acted.ackedMs === undefined)
            throw new Error(`a command was not acknowledged: ${acted.error}`);
          acks.push(acted.ackedMs);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, lane));
      p99s.push(percentile(acks, 0.99));
      const hits = await steady(bare.url, {
        perSecond: 50,
        forMs: 2_000,
        next: () => ({ path: "/", headers: {}, body: "" }),
      });
      bares.push(percentile(hits.latenciesMs, 0.99));
    }
    const limit = { name: "bare_http_p99_ms", value: median(bares) };
    report({ bench: "command", metric: "ack_p99_ms", value: median(p99s), unit: "ms", limit });
  } finally {
    await bare.close();
    await stage.close();
  }
}
