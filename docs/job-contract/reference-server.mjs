// The whole job contract (README.md), in memory. Try it: TOKEN=secret PORT=8080 node reference-server.mjs
import { createServer } from "node:http";

const IDS = Array.from({ length: 5_000 }, (_, n) => `item-${String(n).padStart(5, "0")}`);
const JOB = { job: "full-sync", version: "11", size: IDS.length, readers: "the list is empty until it has ended" };
const ABLE = { abort: "hard", snapshot: true, restore: true, pause: true, resumeFrom: true, items: 100, compare: true };
const CAN = { ...ABLE, versions: ["10", "11"] };
const NEW = { state: "running", stopping: false, endedAt: null, attempt: null, error: null, evidence: null };
const refuse = (status, code) => {
  throw Object.assign(new Error(code), { status, code });
};

/** `tick` does one step of work: `rate` items. Functions in what is kept (`ids`) are not told: JSON has none. */
export function createTarget({ token, environment = "prod", rate = 100 }) {
  const [executions, snapshots, answered] = [[], [], new Map()];
  let list = IDS;
  const current = () => executions.find((one) => one.endedAt === null);
  const find = (all, id, name = "id") => all.find((one) => one[name] === id) ?? refuse(404, "unknown");
  const once = ({ key = refuse(400, "no_idempotency_key"), path }, make) => {
    const status = answered.has(path + key) ? 200 : 201;
    if (status === 201) answered.set(path + key, make());
    return [status, answered.get(path + key)];
  };
  const begin = ({ key, by, body }, kind, { ids, done = 0 }) => {
    if (current()) refuse(409, "already_running");
    if (body.version && !CAN.versions.includes(body.version)) refuse(422, "unknown_version");
    const about = { job: JOB.job, kind, key, version: body.version ?? JOB.version, startedAt: new Date(), ids };
    const progress = { stage: 1, stages: 1, done, total: IDS.length, unit: "items" };
    executions.push({ id: `ex-${executions.length + 1}`, ...NEW, ...about, progress, log: [`asked for by ${by}`] });
    if (kind === "run") list = [];
    return executions.at(-1);
  };
  const end = (one, state) =>
    Object.assign(one, { state, stopping: false, endedAt: new Date(), evidence: `the list has ${list.length} items` });
  const tick = () => {
    const one = current();
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
  const item = ({ body: { op } }, id) => {
    const there = op === "resync" && IDS.includes(id);
    list = [...list.filter((other) => other !== id), ...(there ? [id] : [])];
    return { id, state: op === "delete" || there ? "done" : "missing", detail: null };
  };
  const told = ({ log, ...one }, after = 0) => {
    const lines = log.slice(after, after + 200);
    return { ...one, log: { lines, cursor: String(after + lines.length), url: null } };
  };
  const run = (call, kind, own) => once(call, () => begin(call, kind, own())).map((it, at) => (at ? told(it) : it));
  const keep = (ids = list) => {
    const about = { ref: `snap-${snapshots.length + 1}`, takenAt: new Date(), items: ids.length, state: "ready" };
    return snapshots[snapshots.push({ ...about, ids: () => ids }) - 1];
  };
  const page = ({ side, after = "", limit = 1_000 }) => {
    const rest = (side === "source" ? IDS : [...list].sort()).filter((id) => id > after);
    return { ids: rest.slice(0, limit), next: rest.length > limit ? rest[limit - 1] : null };
  };
  const resumed = ({ resumeFrom: id }) => ({ ids: () => IDS, done: id ? find(executions, id).progress.done : 0 });
  const routes = {
    "GET identity": () => [200, { environment, service: "reference", version: JOB.version }],
    "GET jobs": () => [200, { ...JOB, can: CAN, state: current()?.state ?? "idle", execution: current()?.id ?? null }],
    "GET jobs ids": ({ query }) => [200, page(query)],
    "POST jobs items": (call) => [200, once(call, () => ({ results: call.body.ids.map((id) => item(call, id)) }))[1]],
    "POST jobs snapshots": (call) => once(call, () => keep()),
    "GET jobs snapshots": () => [200, snapshots.at(-1) ?? refuse(404, "no_snapshot")],
    "POST jobs restores": (call) => run(call, "restore", () => find(snapshots, call.body.snapshot, "ref")),
    "POST jobs executions": (call) => run(call, "run", () => resumed(call.body)),
    "GET executions": ({ query }) => [
      200,
      { executions: executions.filter(({ key }) => key === query.key).map((one) => told(one)) },
    ],
    "GET executions one": ({ id, query }) => [200, told(find(executions, id), Number(query.after ?? 0))],
    "POST executions one": turn,
  };
  const answer = async (request, text = "") => {
    for await (const chunk of request) text += chunk;
    if (request.headers.authorization !== `Bearer ${token}`) refuse(401, "unauthorized");
    const { pathname: path, searchParams } = new URL(request.url, "http://localhost");
    const [root, id, verb] = path.slice(1).split("/").map(decodeURIComponent);
    if (root === "jobs" && id !== JOB.job) refuse(404, "unknown_job");
    const { "idempotency-key": key, "x-nightdesk-requested-by": by } = request.headers;
    const route = [request.method, root, root === "jobs" ? verb : id && "one"].filter(Boolean).join(" ");
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
