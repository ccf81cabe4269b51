import { targetServer } from "./target-server.ts";
import { drive, queue, world } from "./world.ts";

/** A target with a word for its state and an abort. */
export async function stoppable(mode: "soft" | "hard" = "soft") {
  const target = { word: "IDLE", starts: 0, stops: 0, obeys: true, stopStatus: 202 };
  const server = await targetServer((call) => {
    if (call.path === "/start") {
      target.word = "RUNNING";
      target.starts += 1;
    }
    if (call.path === "/stop") {
      target.stops += 1;
      if (target.obeys) target.word = "STOPPED";
      return { status: target.stopStatus };
    }
    return { body: { state: target.word } };
  });
  const entry = {
    connector: "http",
    url: server.url,
    start: { post: "/start" },
    status: {
      get: "/state",
      path: "state",
      running: ["RUNNING"],
      succeeded: ["OK"],
      failed: ["ERROR"],
      aborted: ["STOPPED"],
    },
    abort: { post: "/stop", mode },
  };
  const here = await world({ targets: { "sync-prod": entry }, job: { abortDeadline: "1m" } });
  /** Another run of ours under way; the one before has ended. */
  const next = async () => {
    Object.assign(target, { word: "IDLE", starts: 0, stops: 0 });
    return drive(here, await queue(here), { state: "running" });
  };
  return { here, target, server, next };
}
