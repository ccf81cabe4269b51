import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { watchLeftovers } from "../../sandbox/leftovers.ts";
import { freePort } from "../../sandbox/postgres.ts";

/** The program as Debian calls it. */
const PROGRAM = "prometheus-alertmanager";

/** Whether a real Alertmanager can be started here; under CI it must be. */
export const alertmanagerIsHere = spawnSync(PROGRAM, ["--version"]).status === 0;

export interface Alertmanager {
  /** Its own address. */
  readonly url: string;
  /** As Prometheus tells it: labels and when it started, and its end when it is over. */
  tell(alerts: readonly Record<string, unknown>[]): Promise<void>;
  /** Webhooks that it has sent, and those that failed. */
  sent(): Promise<{ readonly all: number; readonly failed: number }>;
  close(): Promise<void>;
}

/**
 * A real Alertmanager on loopback that sends one group of everything to `url`, again every second. `waits`: how long it
 * keeps the first alerts of a group to itself.
 */
export async function startAlertmanager(to: {
  readonly url: string;
  readonly secret: string;
  readonly waits?: string;
}): Promise<Alertmanager> {
  if (!alertmanagerIsHere) {
    throw new Error(
      `${PROGRAM} is not on this machine: install the package ${PROGRAM} ("apt-get install ${PROGRAM}").`,
    );
  }
  const leftovers = watchLeftovers();
  const folder = await mkdtemp(join(tmpdir(), "nightdesk-alertmanager-"));
  leftovers.folder(folder);
  const configuration = {
    route: { receiver: "nightdesk", group_wait: to.waits ?? "100ms", group_interval: "1s", repeat_interval: "1s" },
    receivers: [
      {
        name: "nightdesk",
        webhook_configs: [{ url: to.url, http_config: { authorization: { credentials: to.secret } } }],
      },
    ],
  };
  // JSON is YAML.
  await writeFile(join(folder, "alertmanager.yml"), JSON.stringify(configuration));
  const port = await freePort();
  const options = [`--config.file=${folder}/alertmanager.yml`, `--storage.path=${folder}/data`];
  const addresses = [`--web.listen-address=127.0.0.1:${port}`, "--cluster.listen-address="];
  const child = spawn(PROGRAM, [...options, ...addresses], { detached: true, stdio: "ignore" });
  const { pid } = child;
  if (pid !== undefined) leftovers.process(pid);
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const base = `http://127.0.0.1:${port}`;
  const close = async () => {
    child.kill("SIGTERM");
    await ended;
    if (pid !== undefined) leftovers.ended(pid);
    await leftovers.close();
  };
  for (let attempt = 0; !(await isReady(base)); attempt++) {
    if (attempt > 400 || child.exitCode !== null) {
      await close();
      throw new Error(`${PROGRAM} did not start`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return {
    url: base,
    tell: async (alerts) => {
      const headers = { "content-type": "application/json" };
      const response = await fetch(`${base}/api/v2/alerts`, { method: "POST", headers, body: JSON.stringify(alerts) });
      if (!response.ok) throw new Error(`${PROGRAM} answers ${response.status}: ${await response.text()}`);
    },
    sent: async () => {
      const text = await (await fetch(`${base}/metrics`)).text();
      const count = (name: string) =>
        Number(new RegExp(`^${name}\\{[^}]*"webhook"[^}]*\\} (\\S+)$`, "m").exec(text)?.[1]);
      return {
        all: count("alertmanager_notifications_total"),
        failed: count("alertmanager_notifications_failed_total"),
      };
    },
    close,
  };
}

async function isReady(base: string): Promise<boolean> {
  try {
    return (await fetch(`${base}/-/ready`)).ok;
  } catch {
    return false;
  }
}
