import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { filesBelow, root } from "./source-code.ts";

interface Need {
  readonly what: string;
  /** How a test that needs it can be told. */
  readonly usedBy: RegExp;
  missing(): string | null;
}

const NEEDS: readonly Need[] = [
  {
    what: "the queue and drills on Redis",
    usedBy: /redisIsHere|redis: true/,
    missing: () => program("redis-server", "redis-server"),
  },
  { what: "the page in a browser", usedBy: /chromium/, missing: () => program("chromium", "chromium") },
  {
    what: "a real Prometheus Alertmanager as sender",
    usedBy: /["']prometheus-alertmanager["']/,
    missing: () => program("prometheus-alertmanager", "prometheus-alertmanager"),
  },
  {
    what: "the vendors' sample payloads",
    usedBy: /NIGHTDESK_SAMPLES/,
    missing: () => {
      const folder = process.env["NIGHTDESK_SAMPLES"];
      if (folder === undefined) return "NIGHTDESK_SAMPLES names no folder of samples";
      return existsSync(folder) ? null : "the folder that NIGHTDESK_SAMPLES names is not there";
    },
  },
];

/** `skipped: … because …` for each part of the tests that this machine cannot run. */
export function whatIsMissing(): string[] {
  const texts = filesBelow("test")
    .filter((path) => path.endsWith(".ts") && !path.endsWith("/missing.ts"))
    .map((path) => readFileSync(`${root}${path}`, "utf8"));
  return NEEDS.flatMap((need) => {
    const why = texts.some((text) => need.usedBy.test(text)) ? need.missing() : null;
    return why === null ? [] : [`${need.what} because ${why}`];
  });
}

/** Why this program cannot be used, or null. Asked of the PATH, as the tests do. */
function program(name: string, aptPackage: string): string | null {
  const found = spawnSync(name, ["--version"], { stdio: "ignore" });
  return found.error === undefined ? null : `${name} is not installed (apt-get install ${aptPackage})`;
}
