import type { Http } from "../base/http.ts";
import type { ResultFiles } from "../fanout/fanning.ts";
import type { Db } from "../store/store.ts";
import { type Called, type SlackApi, stringOf } from "./api.ts";
import { readThread, type Thread } from "./threads.store.ts";
import { addressOf } from "./uploads.ts";

const UPLOAD_WITHIN_MS = 60_000;

/**
 * The result of a run as a file in its thread (its incident's, when it has one). Slack takes an upload in two steps: the
 * bytes, which nobody sees, and the word where they are shown. One file has one place, so that asking again shows nothing
 * twice.
 */
export function createResultFiles(parts: { db: Db; api: Pick<SlackApi, "call">; http: Http }): ResultFiles {
  const { db, api, http } = parts;

  async function threadOf(runId: number): Promise<Thread | null> {
    const run = await db.selectFrom("runs").select("incident_id").where("id", "=", runId).executeTakeFirst();
    const incident = run?.incident_id ?? null;
    return incident === null ? readThread(db, "run", runId) : readThread(db, "incident", incident);
  }

  /** What Slack says of a file that may have been shown; null: it does not know it. */
  async function known(id: string): Promise<{ readonly url: string; readonly shown: boolean } | null> {
    const info = await api.call("files.info", { file: id });
    if (info.kind === "ok") return { url: addressOf([info.data["file"]]) ?? "", shown: isShown(info.data["file"]) };
    // Somebody saw it and deleted it: that is not undone.
    if (info.kind === "refused" && info.error === "file_deleted") return { url: "", shown: true };
    if (info.kind === "refused" && info.error === "file_not_found") return null;
    throw untaken("files.info", info);
  }

  return {
    ready: async (runId) => (await threadOf(runId)) !== null,

    keep: async ({ name, text }) => {
      const ticket = await api.call("files.getUploadURLExternal", { filename: name, length: Buffer.byteLength(text) });
      if (ticket.kind !== "ok") throw untaken("files.getUploadURLExternal", ticket);
      const [id, url] = [stringOf(ticket.data, "file_id"), stringOf(ticket.data, "upload_url")];
      if (id === undefined || url === undefined) throw new Error("Slack gave no address for an upload");
      const headers = { "content-type": "application/octet-stream" };
      const sent = await http({ method: "POST", url, headers, body: text, timeoutMs: UPLOAD_WITHIN_MS });
      if (sent.status !== 200) throw new Error(`Slack took no upload: it answers ${sent.status}`);
      return id;
    },

    show: async ({ id, runId, title, before }) => {
      const thread = await threadOf(runId);
      if (thread === null) throw new Error("the thread of a run is not there any more");
      const found = before ? await known(id) : null;
      if (found?.shown === true) return found.url;
      const place = { channel_id: thread.channelId, thread_ts: thread.rootTs };
      const done = await api.call("files.completeUploadExternal", { files: [{ id, title }], ...place });
      if (done.kind === "ok") return addressOf(done.data["files"]) ?? "";
      if (done.kind === "refused" && done.error === "file_not_found") return found?.url ?? null;
      throw untaken("files.completeUploadExternal", done);
    },
  };
}

/** It has a place. Where exactly, Slack may tell a little later. */
function isShown(file: unknown): boolean {
  if (typeof file !== "object" || file === null) return false;
  return Object.entries(file).some(
    ([name, value]) =>
      ["channels", "groups", "ims", "shares"].includes(name) &&
      typeof value === "object" &&
      value !== null &&
      Object.keys(value).length > 0,
  );
}

function untaken(method: string, called: Exclude<Called, { kind: "ok" }>): Error {
  const why = called.kind === "limited" ? `wait ${called.retryAfterMs} ms` : called.detail;
  return new Error(`${method}: ${why}`);
}
