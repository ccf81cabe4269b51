import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { Bench } from "../../helpers/conformance/connector.ts";
import { PRIVATE } from "../../helpers/conformance/connector.ts";
import { type Call, type Reply, targetServer } from "../target-server.ts";

interface Reference {
  readonly createTarget: (options: { token: string; environment?: string; rate?: number }) => {
    readonly server: Server;
    tick(): void;
  };
}

const TOKEN = "s3cr3t-token";
const JOB = "full-sync";

/** The reference server of docs/job-contract behind a front that a test can make as bad as it wants. */
export async function referenceTarget() {
  const file = new URL("../../../docs/job-contract/reference-server.mjs", import.meta.url);
  const { createTarget }: Reference = await import(file.href);
  const { server, tick } = createTarget({ token: TOKEN, rate: 1_000 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const behind = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const state = {
    starts: 0,
    /** Answers instead of the reference server. */
    instead: null as ((call: Call) => Reply | null) | null,
    /** Changes the reference server's answer. */
    change: null as ((call: Call, text: string) => string) | null,
    /** Is told every call that came through, and its answer. */
    heard: null as ((call: Call, status: number, text: string) => void) | null,
    cutAfterStart: false,
    hours: 0,
  };
  const front = await targetServer(async (call) => {
    const other = state.instead?.(call) ?? null;
    if (other !== null) return other;
    const { status, text } = await forward(behind, call);
    state.heard?.(call, status, text);
    const began = status === 201 && call.path.endsWith("/executions");
    if (began) state.starts += 1;
    if (began && state.cutAfterStart) return { hangUp: true };
    return { status, body: moved(state.change?.(call, text) ?? text, state.hours) };
  });
  const finish = () => {
    for (let step = 0; step < 6; step += 1) tick();
  };
  const entry = { connector: "contract", url: front.url, token: TOKEN, timeout: "1s" };
  return { state, front, behind, tick, finish, entry, job: JOB, token: TOKEN };
}

export async function referenceBench(): Promise<Bench> {
  const { state, front, behind, tick, finish, entry } = await referenceTarget();
  const always = (reply: Reply) => {
    state.instead = () => reply;
  };
  let leaked = false;
  return {
    entry,
    secret: TOKEN,
    name: JOB,
    starts: () => state.starts,
    answer: (how) => {
      if (how === null) state.instead = null;
      else if (how === "not json") always({ body: "<html>please sign in</html>" });
      else if (how === "repeats the secret")
        state.instead = (call) => ({
          status: call.method === "POST" ? 400 : 200,
          body: { id: call.authorization, state: call.authorization, error: `you sent ${call.authorization}` },
        });
      else always({ status: Number(how), headers: { "retry-after": "7" }, body: { error: { message: "broken" } } });
    },
    occupy: async () => {
      const headers = { authorization: `Bearer ${TOKEN}`, "idempotency-key": "its own schedule" };
      await fetch(`${behind}/jobs/${JOB}/executions`, { method: "POST", headers, body: '{"parameters":{}}' });
    },
    pretend: () => {
      state.change = (call, text) =>
        call.path === "/identity" ? JSON.stringify({ environment: "prod,nimdta", service: "x", version: "1" }) : text;
    },
    cutAfterStart: () => {
      state.cutAfterStart = true;
    },
    vanish: front.close,
    finish,
    ignoreAborts: () => {
      state.instead = (call) => (call.path.endsWith("/abort") ? { status: 202 } : null);
    },
    obey: tick,
    forget: () => {
      state.instead = (call) => (call.path.startsWith("/executions") ? { status: 404 } : null);
    },
    skew: (hours) => {
      state.hours = hours;
    },
    leak: () => {
      state.change = (_call, text) => {
        if (leaked || !text.includes('"lines":[')) return text;
        leaked = true;
        return text.replace('"lines":[', `"lines":["using ${TOKEN}","for ${PRIVATE}",`);
      };
    },
  };
}

async function forward(behind: string, call: Call): Promise<{ status: number; text: string }> {
  const names = ["authorization", "idempotency-key", "x-nightdesk-requested-by"];
  const headers = Object.fromEntries(
    names.flatMap((name) => [[name, call.headers[name]]]).filter(([, value]) => value),
  );
  const body = call.body === "" ? {} : { body: call.body };
  const response = await fetch(`${behind}${call.path}`, { method: call.method, headers, ...body });
  return { status: response.status, text: await response.text() };
}

/** The same answer by a clock that is so many hours off. */
function moved(text: string, hours: number): string {
  return text.replace(/"\d{4}-\d\d-\d\dT[^"]+Z"/g, (quoted) =>
    JSON.stringify(new Date(Date.parse(quoted.slice(1, -1)) + hours * 3_600_000)),
  );
}
