// First file of the developer's npm scripts: installs what is missing, then runs the TypeScript named with Node 24.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { root, runWithNode24 } from "./node24.mjs";

const [file, ...args] = process.argv.slice(2);
if (!file) {
  console.error("usage: node bin/with-node24.mjs FILE.ts [arguments]");
  process.exit(2);
}
installIfNeeded();
runWithNode24(file, args);

function installIfNeeded() {
  const stamp = `${root}node_modules/.nightdesk-installed`;
  const lock = createHash("sha256")
    .update(readFileSync(`${root}package-lock.json`))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  // Output goes to stderr: some scripts (bench, drill --json) promise that stdout holds their lines only.
  console.error("Installing what package-lock.json names (once; about a minute)…");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (npm.status !== 0) {
    console.error(`"npm ci" failed in ${root}: mend what it says above and run this again.`);
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}
