// Preloaded into a Nightdesk process (`node --import`): counts what it does to the outside world, one point for each
// statement and two for each outgoing call, and ends it with SIGKILL at the point that KILL_AT gives: its number, or what
// happens there (the first time). The points are written to KILL_POINTS as they are reached. Counting begins with the
// first thing that the process is asked to do.
import { AsyncLocalStorage } from "node:async_hooks";
import { appendFileSync } from "node:fs";
import { Server } from "node:http";
import pg from "pg";

const killAt = process.env.KILL_AT;
const file = process.env.KILL_POINTS;
const onlookers = new AsyncLocalStorage();
let counting = false;
let count = 0;

function point(what) {
  if (!counting || onlookers.getStore() === true) return;
  count++;
  if (file !== undefined) appendFileSync(file, `${what}\n`);
  if (String(count) === killAt || what === killAt) process.kill(process.pid, "SIGKILL");
}

const emit = Server.prototype.emit;
Server.prototype.emit = function (event, request, ...rest) {
  if (event !== "request") return emit.call(this, event, request, ...rest);
  if (request.method === "POST") counting = true;
  // Whoever only asks how things stand is no part of the work.
  const looks = request.method === "GET";
  return looks
    ? onlookers.run(true, () => emit.call(this, event, request, ...rest))
    : emit.call(this, event, request, ...rest);
};

// How often these run depends on the machine's speed, and before them the world is as it was before.
const IDLE = [
  /^select "kind", "ref", "due_at" from "outbox"/,
  /^update "outbox" set "claimed_until" = \$1 where "id"/,
  /^update "inbox" set "body"/,
  /^(begin|start transaction)\b/i,
];
const CLAIM = /^update "outbox" set "claimed_by"/;

const query = pg.Client.prototype.query;
pg.Client.prototype.query = function (...args) {
  const text = typeof args[0] === "string" ? args[0] : (args[0]?.text ?? "");
  if (this.connectionParameters?.application_name === "nightdesk queue" || IDLE.some((idle) => idle.test(text))) {
    return query.apply(this, args);
  }
  const what = text.replace(/\s+/g, " ").slice(0, 90);
  // A claim that found nothing to do is idle too: which it is, its answer tells.
  if (CLAIM.test(text))
    return answered(query.apply(this, args), (result) => result?.rowCount > 0 && point(`after ${what}`));
  point(what);
  const result = query.apply(this, args);
  // Committed, and whoever waits for it does not know yet.
  return /^commit\b/i.test(text) ? answered(result, () => point("after commit")) : result;
};

function answered(result, look) {
  if (typeof result?.then !== "function") return result;
  return result.then((value) => {
    look(value);
    return value;
  });
}

const { fetch } = globalThis;
globalThis.fetch = async (input, init) => {
  const what = `${init?.method ?? "GET"} ${new URL(typeof input === "string" ? input : (input.url ?? input.href)).pathname}`;
  point(what);
  const response = await fetch(input, init);
  point(`after ${what}`);
  return response;
};
