import { randomBytes } from "node:crypto";
import type { FileShown } from "./contract.ts";
import { type Draft, post } from "./messages.ts";
import { announce, type Channel, clockMs, newId, nextTs, type State, type StoredFile } from "./state.ts";
import type { Twin } from "./twin.ts";

/** A file that waits for its bytes. */
export function newFile(state: State, given: { name: string; user: string; size: number }): StoredFile {
  const id = newId("F");
  const file: StoredFile = {
    id,
    name: given.name,
    title: given.name,
    mimetype: mimetype(given.name),
    size: given.size,
    user: given.user,
    url_private: `${state.url}/files-pri/${id}/${encodeURIComponent(given.name)}`,
    permalink: `${state.url}/files/${given.user}/${id}/${encodeURIComponent(given.name)}`,
    channels: [],
    bytes: Buffer.alloc(0),
    created: Math.floor(clockMs(state) / 1000),
    uploadToken: randomBytes(18).toString("base64url"),
    complete: false,
  };
  state.files.set(id, file);
  return file;
}

/** Shares complete files in a channel as one message, and tells the app. */
export function share(twin: Twin, channel: Channel, given: { files: StoredFile[]; draft: Draft }): void {
  for (const file of given.files) file.channels.push(channel.id);
  const message = post(twin, channel, {
    ...given.draft,
    files: given.files.map((file) => fileShape(twin.state, file)),
    subtype: "file_share",
  });
  for (const file of given.files) {
    announce(twin.state, { kind: "file", channel: channel.id, user: file.user, ts: message.ts, text: file.name });
    twin.events.emit(
      {
        type: "file_shared",
        file_id: file.id,
        user_id: file.user,
        file: { id: file.id },
        channel_id: channel.id,
        event_ts: nextTs(twin.state),
      },
      channel,
    );
  }
}

/** A file as the API gives it. */
export function fileShape(state: State, file: StoredFile): FileShown {
  const { bytes: _, uploadToken: __, complete: ___, created, ...shown } = file;
  const filetype = file.name.includes(".") ? (file.name.split(".").pop() ?? "text") : "text";
  const more = {
    created,
    timestamp: created,
    filetype,
    pretty_type: filetype.toUpperCase(),
    user_team: state.team.id,
    editable: false,
    mode: "hosted",
    is_external: false,
    external_type: "",
    is_public: true,
    public_url_shared: false,
    display_as_bot: false,
    username: "",
    url_private_download: `${file.url_private}?download=1`,
    permalink_public: `${file.permalink}?public=0`,
    media_display_type: "unknown",
    has_rich_preview: false,
    file_access: "visible",
  };
  return { ...shown, channels: [...file.channels], ...more };
}

function mimetype(name: string): string {
  const kinds: Record<string, string> = {
    md: "text/markdown",
    csv: "text/csv",
    json: "application/json",
    html: "text/html",
    png: "image/png",
    pdf: "application/pdf",
  };
  return kinds[name.split(".").pop()?.toLowerCase() ?? ""] ?? "text/plain";
}
