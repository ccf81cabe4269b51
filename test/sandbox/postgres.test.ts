import { spawn } from "node:child_process";
import { chmodSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { startPostgres } from "../../sandbox/postgres.ts";

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: "array" })).rows[0]?.[0];
  } finally {
    await client.end();
  }
}

test("it is a real Postgres 18 on loopback that asks for its password and is gone after close", async () => {
  const postgres = await startPostgres();
  expect(await ask(postgres.url, "show server_version")).toMatch(/^18\./);
  expect(await ask(postgres.url, "show listen_addresses")).toBe("127.0.0.1");
  await expect(ask(`postgres://postgres@127.0.0.1:${postgres.port}/postgres`, "select 1")).rejects.toThrow(/password/i);
  await postgres.close();
  await expect(ask(postgres.url, "select 1")).rejects.toThrow(/ECONNREFUSED/);
});

test("a given data folder is kept and reused", async () => {
  const parent = await mkdtemp(join(tmpdir(), "kept-"));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  chmodSync(parent, 0o755);
  const first = await startPostgres({ dataDir: join(parent, "data") });
  await ask(first.url, "create table kept as select 42 as answer");
  await first.close();
  const second = await startPostgres({ dataDir: join(parent, "data") });
  onTestFinished(() => second.close());
  expect(await ask(second.url, "select answer from kept")).toBe(42);
});

test("a taken port is one clear sentence", async () => {
  const first = await startPostgres();
  onTestFinished(() => first.close());
  await expect(startPostgres({ port: first.port })).rejects.toThrow(`Port ${first.port} is taken`);
});

test("a killed parent leaves neither process nor folder", async () => {
  const module = fileURLToPath(new URL("../../sandbox/postgres.ts", import.meta.url));
  const script = `import { startPostgres } from ${JSON.stringify(module)};
    const { url } = await startPostgres(); console.log(url); setInterval(() => {}, 1000);`;
  const temporary = await mkdtemp(join("/tmp", "parent-"));
  onTestFinished(() => rm(temporary, { recursive: true, force: true }));
  chmodSync(temporary, 0o755);
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise<string>((resolve) =>
    parent.stdout.once("data", (line: Buffer) => resolve(String(line).trim())),
  );
  expect(readdirSync(temporary)).toHaveLength(1);
  parent.kill("SIGKILL");
  await expect.poll(() => readdirSync(temporary), { timeout: 8000 }).toEqual([]);
  await expect(ask(url, "select 1")).rejects.toThrow(/ECONNREFUSED/);
});
