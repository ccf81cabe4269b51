// Nightdesk is TypeScript that Node 24 runs as it is. This file finds a Node 24 and is plain JavaScript,
// because whoever has an older Node must still be able to read its one clear sentence.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const wanted = 24;
const major = Number(process.versions.node.split(".")[0]);

/** The checkout's (or image's) top folder, with a trailing slash. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * How the service runs: with less room for what lives shortly, and with a bound by which Node tidies up in time. That saves
 * a hundred megabytes under load. The sandbox and the image start it with the same.
 */
const flags = require("./node-flags.json");

/** Path of a Node >= 24: this one, else the one that npm installed beside us, else null. */
export function findNode24() {
  if (major >= wanted) return process.execPath;
  try {
    const binary = fileURLToPath(new URL("bin/node", `file://${require.resolve("node/package.json")}`));
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

/** What package.json names and nobody has installed here. */
function notInstalled() {
  const { dependencies = {} } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  return Object.keys(dependencies).filter((name) => !existsSync(`${root}node_modules/${name}`));
}

/** Runs `file` (TypeScript, relative to the root) with Node 24, passes signals on and ends as it ends. */
export function runWithNode24(file, args) {
  const node = findNode24();
  if (node === null) {
    console.error(
      `Nightdesk needs Node ${wanted} and this is Node ${process.versions.node}. Install Node ${wanted}, or run "npm ci" in ${root} to get one beside Nightdesk.`,
    );
    process.exit(1);
  }
  const serves = file === "src/main.ts";
  const missing = serves ? notInstalled() : [];
  if (missing.length > 0) {
    console.error(
      `Nightdesk's packages are not installed (${missing.slice(0, 3).join(", ")}${missing.length > 3 ? ", …" : ""}). Run "npm ci --omit=dev" in ${root} first.`,
    );
    process.exit(1);
  }
  const child = spawn(node, [...(serves ? flags : []), `${root}${file}`, ...args], {
    stdio: "inherit",
    env: { ...process.env, PATH: `${node.replace(/[/\\][^/\\]*$/, "")}:${process.env.PATH ?? ""}` },
  });
  // A Ctrl-C reaches the whole group by itself: the service takes both for one request, the others would not.
  process.on("SIGINT", () => serves && child.kill("SIGINT"));
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 1)));
}
