import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { root } from "./helpers/source-code.ts";

/** Stops after a while once it is asked to, and says so. */
const SERVICE = `
  import { stopSignal } from "${root}src/stop-signal.ts";
  const asked = stopSignal();
  console.log("up");
  const alive = setInterval(() => {}, 1_000);
  await asked;
  console.log("stopping");
  process.stdin.once("data", () => process.exit(3));
`;

async function serving() {
  const child = spawn(process.execPath, ["--input-type=module", "-e", SERVICE], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
  const says = () =>
    new Promise<string>((resolve) => child.stdout.once("data", (data) => resolve(String(data).trim())));
  expect(await says()).toBe("up");
  return { child, ended, says };
}

test("told twice at once, by the launcher and by systemd, it stops in its own time", async () => {
  const { child, ended, says } = await serving();
  const stopping = says();
  child.kill("SIGTERM");
  child.kill("SIGINT");
  expect(await stopping).toBe("stopping");
  child.kill("SIGTERM");
  child.stdin.write("done");
  expect(await ended).toBe(3);
});

test("told again later, it ends at once", async () => {
  const { child, ended, says } = await serving();
  const stopping = says();
  child.kill("SIGTERM");
  await stopping;
  await sleep(1_500);
  child.kill("SIGTERM");
  expect(await ended).toBe("SIGTERM");
});
