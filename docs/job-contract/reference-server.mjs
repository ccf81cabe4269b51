// The whole job contract (README.md), in memory. Try it: TOKEN=secret PORT=8080 node reference-server.mjs
import { createServer } from "node:http";

const IDS = Array.from({ length: 5_000 }, (_, n) => `item-${String(n).padStart(5, "0")}`);
const JOB = { job: "full-sync", version: "11", size: IDS.length, readers: "the list is empty until it has ended" };
const CAN = { abort: "hard", snapshot: true, restore: true, pause: true, resumeFrom: true, items: 100, compare: true };
const NEW = { state: "running", stopping: false, endedAt: null, attempt: null, error: null, evidence: null };
const refuse = (status, code) => {
  throw Object.assign(new Error(code), { status, code });
};
/** `tick` does one step of work: `rate` items. Functions in what is kept (`ids`) are not told: JSON has none. */
export function createTarget({ token, environment = "prod", rate = 100 }) {
  const [executions, snapshots, answered] = [[], [], new Map()];
  const can = { ...CAN, versions: ["10", "11"] };
  let list = IDS;
  const current = () => executions.find((one) => one.endedAt === null);
  const find = (all, id, name = "id") => all.find((one) => one[name] === id) ?? refuse(404, "unknown");
  const once = ({ key = refuse(400, "no_idempotency_key"), path }, make, known = answered.get(path + key)) => {
    if (known === undefined) answered.set(path + key, make());
    return [known === undefined ? 201 : 200, answered.get(path + key)];
  };
  const begin = ({ key, by, body }, kind, ids) => {
    if (current()) refuse(409, "already_running");
    if (body.version && !can.versions.includes(body.version)) refuse(422, "unknown_version");
    const about = { job: JOB.job, kind, key, version: body.version ?? JOB.version, startedAt: new Date(), ids };
    const progress = { done: body.resumeFrom ? find(executions, body.resumeFrom).progress.done : 0, total: IDS.length };
    executions.push({ id: `ex-${executions.length + 1}`, ...NEW, ...about, progress, log: [`asked for by ${by}`] });
    if (kind === "run") list = [];
    return executions.at(-1);
  };
  const end = (one, state) =>
    Object.assign(one, { state, stopping: false, endedAt: new Date(), evidence: `the list has ${list.length} items` });
  const tick = (one = current()) => {
    if (one?.stopping) end(one, "aborted");
    if (one?.state !== "running") return;
    one.progress.done = Math.min(IDS.length, one.progress.done + rate);
    one.log.push(`${one.progress.done} of ${IDS.length}`);
    if (one.progress.done < IDS.length) return;
    list = one.ids();
    end(one, "succeeded");
  };
  const turn = ({ id, verb, body }, one = find(executions, id)) => {
    if (one.endedAt !== null) refuse(409, "ended");
    if (verb !== "abort") one.state = verb === "pause" ? "paused" : "running";
    else if (body.mode === "hard") end(one, "aborted");
    else one.stopping = true;
    return [202, {}];
  };
  const item = ({ body: { op } }, id, there = op === "resync" && IDS.includes(id)) => {
    list = [...list.filter((other) => other !== id), ...(there ? [id] : [])];
    return { id, state: op === "delete" || there ? "done" : "missing", detail: null };
  };
  const linesOf = (log, after, lines = log.slice(after, after + 200)) => ({
    lines,
    cursor: String(after + lines.length),
  });
  const told = (one, after = 0) => ({ ...one, log: linesOf(one.log, after) });
  const ofKey = (key) => executions.filter((one) => one.key === key).map((one) => told(one));
  const run = (call, kind, ids) => once(call, () => begin(call, kind, ids())).map((it, at) => (at ? told(it) : it));
  const keep = (ids = list, ref = `snap-${snapshots.length + 1}`) =>
    snapshots.push({ ref, takenAt: new Date(), items: ids.length, state: "ready", ids: () => ids }) && snapshots.at(-1);
  const routes = {
    "GET identity": () => [200, { environment, service: "reference", version: JOB.version }],
    "GET jobs": () => [200, { ...JOB, can, state: current()?.state ?? "idle", execution: current()?.id ?? null }],
    "GET jobs ids": ({ query: { side, after = "", limit = 1_000 } }) => {
      const rest = (side === "source" ? IDS : [...list].sort()).filter((id) => id > after);
      return [200, { ids: rest.slice(0, limit), next: rest.length > limit ? rest[limit - 1] : null }];
    },
    "POST jobs items": (call) => [200, once(call, () => ({ results: call.body.ids.map((id) => item(call, id)) }))[1]],
    "POST jobs snapshots": (call) => once(call, () => keep()),
    "GET jobs snapshots": () => [200, snapshots.at(-1) ?? refuse(404, "no_snapshot")],
    "POST jobs restores": (call) => run(call, "restore", () => find(snapshots, call.body.snapshot, "ref").ids),
    "POST jobs executions": (call) => run(call, "run", () => () => IDS),
    "GET executions": ({ query }) => [200, { executions: ofKey(query.key) }],
    "GET executions one": ({ id, query }) => [200, told(find(executions, id), Number(query.after ?? 0))],
    ...{ "POST executions abort": turn, "POST executions pause": turn, "POST executions resume": turn },
  };
  const answer = async (request, text = "") => {
    for await (const chunk of request) text += chunk;
    if (request.headers.authorization !== `Bearer ${token}`) refuse(401, "unauthorized");
    const { pathname: path, searchParams } = new URL(request.url, "http://localhost");
    const [root, id, verb] = path.slice(1).split("/").map(decodeURIComponent);
    if (root === "jobs" && id !== JOB.job) refuse(404, "unknown_job");
    const { "idempotency-key": key, "x-nightdesk-requested-by": by } = request.headers;
    const route = [request.method, root, verb ?? (root === "executions" && id && "one")].filter(Boolean).join(" ");
    const call = { key, by, id, verb, path, query: Object.fromEntries(searchParams), body: JSON.parse(text || "{}") };
    return (routes[route] ?? refuse(404, "no_such_path"))(call);
  };
  const server = createServer(async (request, response) => {
    const failed = ({ status = 400, code = "invalid", message }) => [status, { error: { code, message } }];
    const [status, body] = await answer(request).catch(failed);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  return { server, tick };
}
if (import.meta.main) {
  const { server, tick } = createTarget({ token: process.env.TOKEN ?? "secret" });
  server.listen(Number(process.env.PORT ?? 8080), () => console.log(`http://127.0.0.1:${server.address().port}`));
  setInterval(tick, 1_000);
}
