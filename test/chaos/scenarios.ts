import pg from "pg";
import { type Desk, deliver, jobMessage, postKeys, rootsOf, toldTo } from "../journeys/desk.ts";

/** Something that is played against a Nightdesk that may die at any moment, and what must be true in the end. */
export interface Scenario {
  readonly name: string;
  /** Does what the world does, as stubbornly as the world does it, and waits until its consequences are there. */
  play(desk: Desk): Promise<void>;
  /** What is not as it must be, in words; empty when all is well. */
  problems(desk: Desk): Promise<string[]>;
}

/** A busy machine takes its time to start the next process. */
const PATIENCE_MS = 100_000;
const AGAIN_MS = 150;
/** What an answer says that may have been brought before. */
const MARKED = /may have got this answer already/;

/**
 * One alert of a job by webhook, and a second one that joins its incident and is worth a reply; their sender repeats each
 * until it is told that it was kept.
 */
const alert: Scenario = {
  name: "alert",
  play: async (desk) => {
    await sendUntilKept(desk, "person-sync");
    await desk.wait("an incident", async () => (await desk.list("incidents")).length > 0, PATIENCE_MS);
    await sendUntilKept(desk, "post-sync");
    await desk.settle(PATIENCE_MS);
  },
  problems: async (desk) => {
    const incidents = await desk.list("incidents");
    const timeline = incidents.length === 0 ? [] : await desk.timeline(1);
    const roots = rootsOf(desk, "ops");
    const header = roots.map((root) => desk.workspace.plain(root)).join("\n");
    const replies = roots.flatMap((root) => root.replies).map((reply) => desk.workspace.plain(reply));
    const keys = postKeys(desk);
    return [
      ...differs("incidents", incidents.length, 1),
      ...differs("signals counted", incidents[0]?.["signals"], 2),
      ...differs("signals in the timeline", timeline.filter((entry) => entry["kind"] === "signal").length, 2),
      ...differs("refused deliveries", (await desk.list("refused")).length, 0),
      ...differs("threads", roots.length, 1),
      ...differs("the header's job", header.includes("Person search index"), true),
      ...differs("replies", replies.length, 1),
      ...differs("the reply's job", replies.join("\n").includes("Post search index"), true),
      ...differs("messages with a key of their own", new Set(keys).size, 2),
      ...differs("messages", keys.length, 2),
    ];
  },
};

async function sendUntilKept(desk: Desk, job: string): Promise<void> {
  const said = { job, environment: "prod", status: "failed", rid: `night-${job}`, error: "index is read-only" };
  const message = jobMessage(desk.env, said);
  const once = async () => {
    if ((await deliver(desk.url, message)) === 202) return true;
    await new Promise((done) => setTimeout(done, AGAIN_MS));
    return false;
  };
  await desk.wait("a delivery that is kept", once, PATIENCE_MS);
}

const JOB = "person-record-status";
const COMMAND = `/sync run ${JOB} preprod`;
const ENDED = ["succeeded", "failed", "refused", "aborted"];

/** One run by slash command; whoever was told that it did not work looks first, and types again when nothing runs. */
const run: Scenario = {
  name: "run",
  play: async (desk) => {
    const person = { user: "asha", channel: "ops", text: COMMAND };
    const { ok } = await desk.workspace.slash(person);
    await desk.settle(PATIENCE_MS);
    if (!ok && (await desk.list("runs")).length === 0) await desk.workspace.slash(person);
    await desk.wait("an end of the run", () => nearEnd(desk), PATIENCE_MS);
    await desk.settle(PATIENCE_MS);
  },
  problems: async (desk) => {
    const runs = await desk.list("runs");
    const target = desk.targets["tis-sync-preprod"]?.counts() ?? {};
    const state = String(runs[0]?.["state"]);
    const known = state === "succeeded";
    const told = toldTo(desk, "asha").filter((text) => !/failed with the error/.test(text));
    const cards = rootsOf(desk, "ops");
    const card = cards.map((root) => desk.workspace.plain(root)).join("\n");
    const held = await leasesOf(desk);
    return [
      ...differs("runs", runs.length, 1),
      ...(known || state === "unknown" ? [] : [`the run ends as ${state}: ${String(runs[0]?.["because"])}`]),
      ...(known ? differs("starts at the target", target["starts"], 1) : []),
      ...(Number(target["starts"]) > 1 ? [`it was started ${String(target["starts"])} times`] : []),
      ...(known ? differs("proved", runs[0]?.["proved"], true) : []),
      ...(known || card.includes("[Settle]") ? [] : ["nobody is asked what became of the run"]),
      ...differs("leases held", held, known ? 0 : 1),
      ...(told.length === 0 ? ["the command was not answered"] : []),
      ...(told.filter((text) => !MARKED.test(text)).length > 1 ? [`answered more than once: ${told.join(" | ")}`] : []),
      ...differs("messages", postKeys(desk).join(" "), "run:1:card"),
      ...differs("incidents", (await desk.list("incidents")).length, 0),
    ];
  },
};

/** Lets time go on while nothing is left to do before the run ends; true when it will not go further by itself. */
async function nearEnd(desk: Desk): Promise<boolean> {
  const runs = await desk.list("runs").catch(() => []);
  const state = String(runs.at(-1)?.["state"]);
  if (ENDED.includes(state)) return true;
  if (desk.targets["tis-sync-preprod"]?.nextDueAt() !== null) return false;
  await desk.workspace.settled();
  const { settled, nextDueAt } = await desk.api.settled();
  if (!settled) return false;
  if (state === "unknown") return true;
  if (nextDueAt !== null && nextDueAt > desk.now()) await desk.moveTo(nextDueAt);
  return false;
}

async function leasesOf(desk: Desk): Promise<number> {
  const client = new pg.Client({ connectionString: desk.env["DATABASE_URL"] });
  await client.connect();
  const held = await client.query("select 1 from leases where run_id is not null").finally(() => client.end());
  return held.rowCount ?? 0;
}

function differs(what: string, actual: unknown, expected: unknown): string[] {
  return actual === expected ? [] : [`${what}: ${String(actual)} instead of ${String(expected)}`];
}

export const SCENARIOS: readonly Scenario[] = [alert, run];
