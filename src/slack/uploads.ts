import type { WebClient } from "@slack/web-api";
import type { UploadToThread } from "../postmortem/exporters/contract.ts";
import type { Db } from "../store/store.ts";
import { readThread, type Thread } from "./threads.store.ts";

/** Puts a text as a file into a thread: its address, or null when Slack does not say. Throws what Slack throws. */
export type UploadFile = (
  thread: Thread,
  file: { readonly name: string; readonly title: string; readonly text: string },
) => Promise<string | null>;

export function createUploadFile(client: WebClient): UploadFile {
  return async (thread, file) => {
    const uploaded = await client.filesUploadV2({
      channel_id: thread.channelId,
      thread_ts: thread.rootTs,
      filename: file.name,
      title: file.title,
      content: file.text,
    });
    return addressOf(uploaded.files);
  };
}

/** Puts a text as a file into an incident's thread. Throws what Slack throws: the caller has the file elsewhere. */
export function createUploadToThread(parts: { db: Db; client: WebClient }): UploadToThread {
  const upload = createUploadFile(parts.client);
  return async (file) => {
    const incident = await parts.db
      .selectFrom("incidents")
      .select("id")
      .where("number", "=", file.incident)
      .executeTakeFirst();
    const thread = incident === undefined ? null : await readThread(parts.db, "incident", incident.id);
    return thread === null ? null : upload(thread, file);
  };
}

/** The address that people open it at, in what Slack says of files. */
export function addressOf(files: unknown): string | null {
  if (!Array.isArray(files)) return null;
  for (const file of files) {
    if (typeof file !== "object" || file === null) continue;
    if ("permalink" in file && typeof file.permalink === "string") return file.permalink;
    const inner = "files" in file ? addressOf(file.files) : null;
    if (inner !== null) return inner;
  }
  return null;
}
